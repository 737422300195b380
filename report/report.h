// What is shown, in every format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/diagnosis/diagnosis.h"

namespace xic {

struct Report {
  std::string tool_version;
  std::string knowledge_date;
  std::int64_t generated_at = 0;         ///< Seconds since 1970, UTC; SOURCE_DATE_EPOCH where set.
  const Facts* facts = nullptr;          ///< Not owned.
  const Diagnosis* diagnosis = nullptr;  ///< Not owned.
  const Knowledge* knowledge = nullptr;  ///< Not owned.
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
/// Nagios plugin line with performance data and long output; the exit code is the report's.
[[nodiscard]] std::string render_nagios(const Report& report);
/// One page, complete in itself: no script, nothing to load, light and dark, printable.
[[nodiscard]] std::string render_html(const Report& report);
/// "affected XIC-1001 4.14.1"
[[nodiscard]] std::string render_short(const Report& report);
/// `grants`: a table, or JSON with the same envelope and grants[], backends[].
[[nodiscard]] std::string render_grants_text(const Report& report, const TextStyle& style);
[[nodiscard]] std::string render_grants_json(const Report& report);
/// `explain`: a cause by id ("" where there is none), and one decoded fault.
[[nodiscard]] std::string render_cause(const Entry& cause, const TextStyle& style);
[[nodiscard]] std::string render_explained_faults(const Report& report, const TextStyle& style);
/// The same for machines: {schema, tool, explanations[]}.
[[nodiscard]] std::string render_explained_json(const Report& report);
/// A cause alone, as JSON.
[[nodiscard]] std::string render_cause_json(const Report& report, const Entry& cause);

/// `text` made safe for a terminal: control bytes and invalid UTF-8 become escapes.
[[nodiscard]] std::string sanitise(std::string_view text);

}  // namespace xic
