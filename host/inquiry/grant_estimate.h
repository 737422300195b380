// How long a dump of the grant tables would be, before it is asked for.
#pragma once

#include <cstdint>

#include "core/backend/backend.h"
#include "host/ports.h"

namespace xic {

/// A dump prints one line per active grant while the granter's table is locked, at the speed of
/// the serial console: about 6 ms a line at 115200 baud.
struct GrantEstimate {
  /// Above this a dump is taken only where the user asked for it.
  static constexpr std::uint64_t kMost = 200;
  static constexpr std::uint64_t kMsPerLine = 6;

  std::uint64_t entries = 0;
  bool known = false;  ///< xenstore could be listed: without it anything is possible.

  [[nodiscard]] bool small() const { return known && entries <= kMost; }
  [[nodiscard]] std::uint64_t serial_ms() const { return entries * kMsPerLine; }
};

/// Adds up, for each guest, its console and xenstore pages, the rings in xenstore, the requests in
/// flight in the transmit rings of its vifs (looked at once each) and what its disks can keep
/// mapped; no more than its grant table has room for.
[[nodiscard]] GrantEstimate estimate_grants(const Backends& backends, Store* store,
                                            GrantTables* grants);

}  // namespace xic
