#include <unistd.h>

#include <string>
#include <utility>

#include "cli/daemon_state.h"
#include "cli/live.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "core/observer.h"

namespace xic::cli {
namespace {

std::string render(const Report& report, const Options& options) {
  switch (options.format) {
    case Format::text:
      return render_text(report, text_style(options));
    case Format::json:
      return render_json(report);
    case Format::prometheus:
      return render_prometheus(report);
    case Format::nagios:
      return render_nagios(report);
    case Format::short_line:
      return render_short(report);
    case Format::html:
      return render_html(report);
  }
  return {};
}

Expected<int> deliver(const Report& report, const Options& options) {
  auto written = write_report(options, render(report, options));
  if (!written) return tl::unexpected(std::move(written.error()));
  return report.diagnosis->exit_code;
}

/// What the daemon has published, with its age as a limit.
Expected<int> check_published(PublishedState state, const Options& options) {
  StoredReport& stored = state.report;
  stored.diagnosis.limits.push_back(
      {"daemon_state", "told by xen-iommud: without root the host cannot be asked",
       "written " + std::to_string(state.age) + " s ago" +
           (state.alive ? "" : "; the daemon does not run any more")});
  Report report = bare_report();
  report.generated_at = stored.generated_at;
  report.facts = &stored.facts;
  report.diagnosis = &stored.diagnosis;
  report.daemon = &*stored.daemon;
  return deliver(report, options);
}

}  // namespace

Expected<int> check(const Options& options) {
  if (is_live(options) && options.sysroot.empty() && ::geteuid() != 0) {
    if (auto state = read_published_state(kStateFile)) {
      return check_published(std::move(*state), options);
    }
  }
  Observer observer;
  if (auto done = observe_inputs(options, &observer); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  const Session session(observer.snapshot());
  return deliver(session.report(), options);
}

}  // namespace xic::cli
