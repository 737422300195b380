// What `check` exits with.
#pragma once

#include "core/diagnosis/assessment.h"

namespace xic {

[[nodiscard]] int exit_code_of(const Assessment& assessment, const Verdict& verdict);

}  // namespace xic
