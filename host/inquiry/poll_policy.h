// How soon to look at the console again.
#pragma once

#include <algorithm>
#include <cstdint>

#include "host/inquiry/deadline.h"

namespace xic {

/// 20 ms while faults arrive: a ring of 16 KiB holds about 150 fault lines, and a storm prints
/// them in tens of milliseconds. Then each quiet look doubles the time, up to a second.
class PollPolicy {
 public:
  static constexpr std::uint64_t kFast = 20 * kMillisecond;
  static constexpr std::uint64_t kIdle = kSecond;

  /// Time until the next look, in ns, after one that found `faults` or not.
  [[nodiscard]] std::uint64_t next(bool faults) {
    interval_ = faults ? kFast : std::min(interval_ * 2, kIdle);
    return interval_;
  }

 private:
  std::uint64_t interval_ = kIdle;
};

}  // namespace xic
