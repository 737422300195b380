// How it was found out whose page a fault hit: each question that was asked, its answer, and what
// follows.
#pragma once

#include <string>
#include <vector>

#include "core/diagnosis/diagnosis.h"

namespace xic::render {

/// One line each, in the order in which they count; the last says why the attribution is exact,
/// likely or none. Names are made safe. Empty for a fault without an address, or not Xen's, and
/// where nothing was asked: of a pasted line.
[[nodiscard]] std::vector<std::string> attribution_lines(const Facts& facts,
                                                         const FaultGroup& fault,
                                                         const FaultFinding& finding);

}  // namespace xic::render
