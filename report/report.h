// What is shown, in every format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/diagnosis/diagnosis.h"
#include "report/daemon_status.h"

namespace xic {

struct StoredReport;
struct GrantHistory;

struct Report {
  std::string tool_version;
  std::string knowledge_date;
  std::int64_t generated_at = 0;         ///< Seconds since 1970, UTC; SOURCE_DATE_EPOCH where set.
  const Facts* facts = nullptr;          ///< Not owned.
  const Diagnosis* diagnosis = nullptr;  ///< Not owned.
  const Knowledge* knowledge = nullptr;  ///< Not owned.
  const DaemonStatus* daemon = nullptr;  ///< Not owned; only of the daemon's own reports.
};

struct TextStyle {
  bool color = false;
  bool ascii = false;
  int width = 100;
};

/// One screen: verdict, why, faults, what could not be seen, what to do.
[[nodiscard]] std::string render_text(const Report& report, const TextStyle& style);
/// Schema "xen-iommu-check/1" (docs/schema/report-1.schema.json); ends with a newline.
[[nodiscard]] std::string render_json(const Report& report);
/// Prometheus text exposition for node_exporter's textfile collector.
[[nodiscard]] std::string render_prometheus(const Report& report);
/// What xen-iommud counts, in the same format. `report.daemon` must be set.
[[nodiscard]] std::string render_daemon_metrics(const Report& report);
/// Nagios plugin line with performance data and long output; the exit code is the report's.
[[nodiscard]] std::string render_nagios(const Report& report);
/// One page, complete in itself: no script, nothing to load, light and dark, printable.
[[nodiscard]] std::string render_html(const Report& report);
/// "affected XIC-1001 4.14.1"
[[nodiscard]] std::string render_short(const Report& report);
/// `grants`: a table, or JSON with the same envelope and grants[], backends[].
[[nodiscard]] std::string render_grants_text(const Report& report, const TextStyle& style);
[[nodiscard]] std::string render_grants_json(const Report& report);
/// `grants --history`: the mappings, oldest first; or JSON with the same envelope and history{}.
[[nodiscard]] std::string render_history_text(const Report& report, const GrantHistory& history,
                                              const TextStyle& style);
[[nodiscard]] std::string render_history_json(const Report& report, const GrantHistory& history);
/// `explain`: a cause by id ("" where there is none), and decoded faults: all, with what else there
/// is to explain, or those at one page.
[[nodiscard]] std::string render_cause(const Entry& cause, const TextStyle& style);
[[nodiscard]] std::string render_explained_faults(const Report& report, const TextStyle& style,
                                                  std::optional<Frame> page = {});
/// The same for machines: {schema, tool, explanations[]}.
[[nodiscard]] std::string render_explained_json(const Report& report,
                                                std::optional<Frame> page = {});
/// A cause alone, as JSON.
[[nodiscard]] std::string render_cause_json(const Report& report, const Entry& cause);

/// The daemon's own state, and how it stands now.
struct DaemonView {
  const StoredReport* report = nullptr;  ///< With its daemon status. Not owned.
  std::int64_t age = 0;                  ///< Seconds since it was written.
  bool alive = false;
};
/// `status`: is the daemon alive, what has it seen, what has it missed.
[[nodiscard]] std::string render_status_text(const DaemonView& view, const TextStyle& style);
[[nodiscard]] std::string render_status_json(const DaemonView& view);

/// `text` made safe for a terminal: control bytes and invalid UTF-8 become escapes.
[[nodiscard]] std::string sanitise(std::string_view text);

}  // namespace xic
