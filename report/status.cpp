// `status`: is the daemon alive, what has it seen, what has it missed.
#include <fmt/format.h>

#include <iterator>
#include <string>

#include "report/describe.h"
#include "report/json_parts.h"
#include "report/layout.h"
#include "report/names.h"
#include "report/report.h"
#include "report/stored_report.h"

namespace xic {
namespace {

std::string span_words(std::int64_t seconds) {
  if (seconds < 0) return "in the future: a clock was set back";
  if (seconds < 120) return fmt::format("{} s ago", seconds);
  if (seconds < 7200) return fmt::format("{} min ago", seconds / 60);
  return fmt::format("{} h ago", seconds / 3600);
}

class Rows {
 public:
  void row(std::string_view label, const std::string& value) {
    fmt::format_to(std::back_inserter(text_), "  {:<10}{}\n", label, value);
  }
  void line(const std::string& text) { text_ += text + '\n'; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string fault_row(const DaemonStatus::Faults& faults) {
  std::string text = render::counted(faults.seen, "fault") + " since its start";
  if (faults.earlier != 0) text += fmt::format(", {} recorded before", faults.earlier);
  if (faults.waiting != 0) text += fmt::format(", {} of them not summed up yet", faults.waiting);
  if (faults.uncertain != 0) {
    text += fmt::format(", {} of them on lines that a guest may have written", faults.uncertain);
  }
  return text;
}

std::string loss_row(const DaemonStatus& daemon) {
  std::string text = fmt::format("{} of {} console bytes lost", daemon.console.lost_bytes,
                                 daemon.console.read_bytes + daemon.console.lost_bytes);
  if (daemon.console.read_errors != 0) {
    text += ", " + render::counted(daemon.console.read_errors, "failed read");
  }
  if (daemon.kernel_records_lost != 0) {
    text += fmt::format(", {} kernel log records lost", daemon.kernel_records_lost);
  }
  if (daemon.history.dropped != 0) {
    text += ", " + render::counted(daemon.history.dropped, "fault") + " not recorded";
  }
  if (daemon.journal.dropped != 0) {
    text += fmt::format(", {} journal entries given up", daemon.journal.dropped);
  }
  return text;
}

}  // namespace

std::string render_status_text(const DaemonView& view, const TextStyle& style) {
  const StoredReport& report = *view.report;
  const DaemonStatus& daemon = *report.daemon;
  Rows out;
  const std::string mark =
      style.ascii ? (view.alive ? "[OK]" : "[FAIL]") : (view.alive ? "✓" : "✗");
  out.line(fmt::format("{} {}   xen-iommud {}, process {}, since {}", mark,
                       view.alive ? "ALIVE" : "NOT RUNNING", sanitise(daemon.version), daemon.pid,
                       render::rfc3339(daemon.started_at)));
  out.row("state", "written " + span_words(view.age));
  out.row("verdict", fmt::format("{} ({}): {}", render::words(report.diagnosis.verdict.state),
                                 sanitise(report.diagnosis.verdict.id),
                                 sanitise(report.diagnosis.verdict.summary)));
  out.row("console", fmt::format("{}, {} bytes read", sanitise(daemon.console.source),
                                 daemon.console.read_bytes));
  out.row("seen", fault_row(daemon.faults));
  if (daemon.faults.last_at != 0) {
    out.row("", fmt::format("the last at {}, {}", render::rfc3339(daemon.faults.last_at),
                            sanitise(daemon.faults.last_id)));
  }
  out.row("missed", loss_row(daemon));
  for (const DaemonStatus::Trouble& trouble : daemon.troubles) {
    out.row("trouble", fmt::format("{} since {}: {}", sanitise(trouble.id),
                                   render::rfc3339(trouble.since), sanitise(trouble.detail)));
  }
  return out.take();
}

std::string render_status_json(const DaemonView& view) {
  const StoredReport& stored = *view.report;
  Report report;
  report.tool_version = stored.tool_version;
  report.knowledge_date = stored.knowledge_date;
  report.generated_at = stored.generated_at;
  render::Json out = render::envelope(report);
  out["verdict"] = render::verdict_json(stored.diagnosis.verdict);
  out["daemon"] = render::daemon_json(*stored.daemon);
  out["daemon"]["alive"] = view.alive;
  out["daemon"]["age_seconds"] = view.age;
  return render::dump(out);
}

}  // namespace xic
