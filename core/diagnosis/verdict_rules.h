// The ordered table of docs/verdict.md.
#pragma once

#include "core/diagnosis/assessment.h"

namespace xic {

/// The first row that matches decides. Always one does.
[[nodiscard]] Verdict decide(const Assessment& assessment);

}  // namespace xic
