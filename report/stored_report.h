// A report read back from its JSON: what the daemon's state file says, for whoever cannot ask the
// host himself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/diagnosis/diagnosis.h"
#include "report/daemon_status.h"

namespace xic {

/// Largest state file that is read.
inline constexpr std::size_t kMaxStoredReport = std::size_t{16} << 20;

/// Everything a report in any format shows. Facts that no format shows are not there: it must not
/// be judged again.
struct StoredReport {
  std::string tool_version;
  std::string knowledge_date;
  std::int64_t generated_at = 0;
  Facts facts;
  Diagnosis diagnosis;
  std::optional<DaemonStatus> daemon;
};

/// The inverse of render_json(): rendering what it gives yields the same text, but for the steps of
/// a probe, which a daemon does not take. An error where
/// `json` is no report of schema "xen-iommu-check/1". Values out of place are left at their
/// defaults: a newer program may have written them.
[[nodiscard]] Expected<StoredReport> read_report(std::string_view json);

}  // namespace xic
