// What changed between two JSON reports: before and after a roll-out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"
#include "report/report.h"

namespace xic {

struct ReportChange {
  std::string what;  ///< "verdict.state", "faults: XIC-1001 on /smmu@fd800000", "limits: no_banner"
  std::string before;   ///< "" where there was none.
  std::string after;    ///< "" where there is none any more.
  bool matters = true;  ///< False for what differs between any two readings of one host.
};

/// Of two reports, in the order given.
struct ReportComparison {
  std::string before_made;  ///< generated_at of the first.
  std::string after_made;
  std::vector<ReportChange> changes;  ///< What matters first.
  /// Anything that matters: the verdict, the hypervisor, which causes were seen where, what could
  /// not be seen.
  [[nodiscard]] bool changed() const;
};

/// `before` and `after`: the bytes of two reports of schema xen-iommu-check/1, as `check --json`
/// writes them. Text that is no such report is Error::Code::malformed; the message names it by
/// `before_name` or `after_name`.
[[nodiscard]] Expected<ReportComparison> compare_reports(std::string_view before_name,
                                                         std::string_view before,
                                                         std::string_view after_name,
                                                         std::string_view after);

[[nodiscard]] std::string render_comparison_text(const ReportComparison& comparison,
                                                 const TextStyle& style);
/// {schema, tool, generated_at, comparison{}}; `report` gives the tool and the time.
[[nodiscard]] std::string render_comparison_json(const Report& report,
                                                 const ReportComparison& comparison);

}  // namespace xic
