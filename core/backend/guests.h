// Which guests there are, as xenstore tells.
#pragma once

#include <vector>

#include "core/backend/backend.h"

namespace xic {

/// Domains other than dom0 that have a name or a PV device, lowest first, at most kMostGuests.
[[nodiscard]] std::vector<DomId> guests(const Backends& backends);
inline constexpr std::size_t kMostGuests = 16;

}  // namespace xic
