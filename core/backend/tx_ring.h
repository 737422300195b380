// A copy of a vif's transmit ring: which grants its guest has handed out and not got back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/types.h"

namespace xic {

/// One request in flight. By the guest's own word.
struct TxRequest {
  GrantRef ref;
  std::uint16_t offset = 0;  ///< Of the data within its page.
  std::uint16_t size = 0;    ///< Bytes of it in this page; offset + size is at most 4096.
  /// The data takes in this place of a page, 0 .. 4095.
  [[nodiscard]] bool covers(std::uint64_t place) const {
    return place >= offset && place < std::uint64_t{offset} + size;
  }
};

struct TxRingView {
  std::uint32_t in_flight = 0;      ///< Slots between the response and the request producer.
  std::vector<TxRequest> requests;  ///< Of these, the ones that name a page.
};

/// Reads a page of netif_tx_sring (public/io/netif.h, io/ring.h): producer indices at 0 and 8, 256
/// slots of 12 bytes from 64 on. The guest can have written anything: indices further apart than
/// the ring is long give nothing, a slot that reaches over its page is left out. Slots of extra
/// information (GSO, hash) follow a request that says so and are no requests. A packet that was
/// partly answered may be read from its middle. Its answers need not come in the order of the
/// requests, so what is named is likely, never certain.
[[nodiscard]] TxRingView parse_tx_ring(std::span<const std::byte> page);

}  // namespace xic
