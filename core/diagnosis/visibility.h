// Would faults have been seen?
#pragma once

#include "core/diagnosis/assessment.h"

namespace xic {

/// The log level keeps fault lines of an IOMMU in use from being printed at all (facts A.0).
[[nodiscard]] bool log_level_hides_faults(const Facts& facts);
/// Console text of the hypervisor was among the input.
[[nodiscard]] bool console_was_read(const Facts& facts);
/// Faults can have happened that are not among Facts::faults, as far as losses tell.
[[nodiscard]] bool fault_lines_lost(const Facts& facts);

}  // namespace xic
