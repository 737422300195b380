#include <optional>
#include <string>
#include <utility>

#include "cli/exit_codes.h"
#include "cli/live.h"
#include "cli/output.h"
#include "cli/running_host.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "core/grant/grant_history.h"
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

constexpr std::size_t kMostShown = 10'000;

std::optional<HistorySubject> subject_of(const Facts& facts, const std::string& text) {
  for (const auto& [domain, name] : facts.backends.domain_names) {
    if (name == text) return domain;
  }
  return parse_history_subject(text);
}

Expected<GrantTrace> recorded_grants(GrantRecorder* recorder) {
  const auto state = recorder->state();
  if (!state) return tl::unexpected(state.error());
  if (!state->recording) {
    return tl::unexpected(Error{Error::Code::not_found, 0, "the flight recorder does not run",
                                "xen-iommu-recorder start, or xen-iommu-check watch --recorder "
                                "always, and ask again later"});
  }
  const std::uint64_t now = recorder->now();
  const auto text = recorder->read();
  if (!text) return tl::unexpected(text.error());
  return GrantTrace(*text, now, state->missed);
}

Expected<int> history(const Options& options) {
  auto host = running_host(options.sysroot);
  if (!host) return tl::unexpected(std::move(host.error()));
  if (auto able = need_root_in_dom0((*host)->ports()); !able) {
    return tl::unexpected(std::move(able.error()));
  }
  const auto trace = recorded_grants((*host)->recorder());
  if (!trace) return tl::unexpected(trace.error());
  Observer observer;
  if (auto done = observe_host(options, {}, &observer); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  const Session session(observer.snapshot());
  const auto subject = subject_of(session.facts(), options.history);
  if (!subject) {
    return tl::unexpected(Error{Error::Code::malformed, 0,
                                options.history + " is neither a frame nor a domain",
                                "a frame is written 0x62cb1, a domain 2, d2 or by its name"});
  }
  const GrantHistory shown = history_of(*trace, *subject, kMostShown);
  const auto written = write_report(
      options, options.format == Format::json
                   ? render_history_json(session.report(), shown)
                   : render_history_text(session.report(), shown, text_style(options)));
  if (!written) return tl::unexpected(written.error());
  return kExitOk;
}

}  // namespace

Expected<int> grants(const Options& options) {
  if (!options.history.empty()) return history(options);
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
