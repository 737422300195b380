// What the flight recorder said of all faults of a group.
#pragma once

#include <optional>

#include "core/fault/fault.h"

namespace xic {

/// Joins one member's sighting to what earlier members gave. The first that was mapped throughout
/// is kept, else the first that had ended, else the first unclear one.
void join_sighting(TraceSighting sighting, std::optional<RecordedGrant>* group);

}  // namespace xic
