// What was seen, where, and which way it points.
#pragma once

#include "core/diagnosis/assessment.h"

namespace xic {

/// By rank. Contradicting evidence is listed, never weighed against each other.
[[nodiscard]] std::vector<Evidence> collect_evidence(const Assessment& assessment,
                                                     const Verdict& verdict);

}  // namespace xic
