// Copies a vif's transmit ring, after making sure that its grant still is one.
#pragma once

#include <cstdint>
#include <optional>

#include "core/backend/backend.h"
#include "host/ports.h"

namespace xic {

/// The page, or nothing where `queue` of `device` has no transmit ring any more. Asks xenstore
/// again right before the page is mapped: the backend must still say that it is connected, and the
/// frontend must still name the ref that `device` has. Else the guest may have closed the ring
/// since it was listed, and may use the ref for data.
[[nodiscard]] std::optional<RingPage> copy_tx_ring(const Backend& device, std::uint32_t queue,
                                                   Store* store, GrantTables* grants);

}  // namespace xic
