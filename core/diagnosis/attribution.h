// Fault -> frame -> grant -> domain -> backend device.
#pragma once

#include "core/diagnosis/diagnosis.h"
#include "core/diagnosis/dump_view.h"

namespace xic {

/// Whose page the fault's frame is. `exact` where complete dumps on both sides of the fault show
/// the same grant, or where the only complete dump shows it at a ref that is long-lived by role.
[[nodiscard]] Attribution attribute(const Facts& facts, const FaultGroup& fault,
                                    const AddressInfo& address, const DumpView& dump);

}  // namespace xic
