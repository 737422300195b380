// Fault -> frame -> grant -> domain -> backend device.
#pragma once

#include "core/diagnosis/diagnosis.h"
#include "core/diagnosis/dump_view.h"

namespace xic {

/// Whose page the fault's frame is. `exact` where complete dumps on both sides of the fault show
/// the same grant, or where the only complete dump shows it at a ref that is long-lived by role.
[[nodiscard]] Attribution attribute(const Facts& facts, const FaultGroup& fault,
                                    const AddressInfo& address, const DumpView& dump);

/// What was found at the fault stays true when the guest, its device or the grant has gone since:
/// `*now` gives way to `earlier`, unless it says more, or the evidence contradicts itself now.
void keep_attribution(const Attribution& earlier, Attribution* now);

}  // namespace xic
