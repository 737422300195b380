// What could not be seen, and what that means for the answer.
#pragma once

#include "core/diagnosis/assessment.h"

namespace xic {

/// The facts' own limits and those the diagnosis finds; each with its text.
[[nodiscard]] std::vector<Limit> collect_limits(const Assessment& assessment,
                                                const Verdict& verdict);

}  // namespace xic
