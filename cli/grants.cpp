#include <string>
#include <utility>

#include "cli/exit_codes.h"
#include "cli/live.h"
#include "cli/output.h"
#include "cli/running_host.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "core/observer.h"

namespace xic::cli {

namespace {

Expected<void> observe_grants(const Options& options, Observer* observer) {
  auto host = running_host(options.sysroot);
  if (!host) return tl::unexpected(std::move(host.error()));
  if (auto able = need_root_in_dom0((*host)->ports()); !able) return able;
  InquiryOptions inquiry;
  inquiry.dump = InquiryOptions::Dump::if_small;
  inquiry.ask_granted_frames = true;
  return observe_host(options, std::move(inquiry), observer);
}

std::string reason(const Facts& facts) {
  for (const Limit& limit : facts.limits) {
    if (limit.id == "dump_not_taken") return ": " + limit.detail;
  }
  return {};
}

}  // namespace

Expected<int> grants(const Options& options) {
  Observer observer;
  auto done =
      is_live(options) ? observe_grants(options, &observer) : observe_inputs(options, &observer);
  if (!done) return tl::unexpected(std::move(done.error()));
  const Session session(observer.snapshot());
  auto written =
      write_report(options, options.format == Format::json
                                ? render_grants_json(session.report())
                                : render_grants_text(session.report(), text_style(options)));
  if (!written) return tl::unexpected(std::move(written.error()));
  // The table is what was asked for.
  if (is_live(options) && !session.facts().latest_dump) {
    complain("the grant tables were not dumped" + reason(session.facts()));
    return kExitUnavailable;
  }
  return kExitOk;
}

}  // namespace xic::cli
