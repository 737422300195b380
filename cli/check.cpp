#include <string>
#include <utility>

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

}  // namespace

Expected<int> check(const Options& options) {
  Observer observer;
  if (auto done = observe_inputs(options, &observer); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  const Session session(observer.snapshot());
  auto written = write_report(options, render(session.report(), options));
  if (!written) return tl::unexpected(std::move(written.error()));
  return session.diagnosis().exit_code;
}

}  // namespace xic::cli
