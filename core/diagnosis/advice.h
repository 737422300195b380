// Which releases and commits repair this hypervisor's branch.
#pragma once

#include "core/diagnosis/assessment.h"

namespace xic {

/// Fills Verdict::fixed_in and commits where the regression is there or cannot be ruled out.
void add_fixes(const Assessment& assessment, Verdict* verdict);

/// Was this branch never repaired (4.12)?
[[nodiscard]] bool branch_never_fixed(const Assessment& assessment);

/// What to do, in the order to do it; at most five.
[[nodiscard]] std::vector<Action> advise(const Assessment& assessment, const Verdict& verdict,
                                         const std::vector<FaultFinding>& findings,
                                         const std::vector<Limit>& limits);

}  // namespace xic
