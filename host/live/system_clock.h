// This host's clocks.
#pragma once

#include "host/ports.h"

namespace xic {

class SystemClock final : public HostClock {
 public:
  [[nodiscard]] std::int64_t wall() override;
  /// CLOCK_MONOTONIC: it starts with the kernel and stands still in suspend, as the stamps of the
  /// kernel log do (kernel/printk: local_clock()). Those are not corrected by NTP: after days the
  /// two differ by what NTP has slewed, at most 500 ppm.
  [[nodiscard]] std::uint64_t uptime() override;
};

}  // namespace xic
