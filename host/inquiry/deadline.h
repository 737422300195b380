// A moment after which nothing more is begun.
#pragma once

#include <cstdint>

#include "host/ports.h"

namespace xic {

class Deadline {
 public:
  /// `ns` from now on. `clock` must outlive it.
  Deadline(HostClock* clock, std::uint64_t ns) : clock_(clock), end_(clock->uptime() + ns) {}
  [[nodiscard]] bool passed() const { return clock_->uptime() >= end_; }

 private:
  HostClock* clock_;
  std::uint64_t end_;  ///< On HostClock::uptime().
};

/// How long one waits for what is on its way.
class Pause {
 public:
  virtual ~Pause() = default;
  /// Waits for `ns` at most; false where the user wants the program to end.
  [[nodiscard]] virtual bool wait(std::uint64_t ns) = 0;
};

inline constexpr std::uint64_t kMillisecond = 1'000'000;
inline constexpr std::uint64_t kSecond = 1'000 * kMillisecond;

}  // namespace xic
