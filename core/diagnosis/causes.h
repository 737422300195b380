// A cause for every fault, and for what Xen and dom0 said besides.
#pragma once

#include "core/diagnosis/assessment.h"

namespace xic {

/// The first rule of the table that applies; XIC-9001 where none does.
[[nodiscard]] CauseFinding explain_fault(const Assessment& assessment, const Verdict& verdict,
                                         std::size_t index);
/// A fault of Linux's own IOMMU driver.
[[nodiscard]] CauseFinding explain_foreign(const FaultGroup& fault);
/// An empty id where the event explains nothing by itself.
[[nodiscard]] CauseFinding explain_event(const Assessment& assessment,
                                         const HypervisorEvent& event);

}  // namespace xic
