#include "host/live/system_clock.h"

#include <ctime>

namespace xic {
namespace {

constexpr std::int64_t kNanoseconds = 1'000'000'000;

/// Neither clock can fail on Linux.
std::int64_t read(clockid_t clock) {
  timespec now{};
  (void)::clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * kNanoseconds + now.tv_nsec;
}

}  // namespace

std::int64_t SystemClock::wall() {
  return read(CLOCK_REALTIME);
}

std::uint64_t SystemClock::uptime() {
  return static_cast<std::uint64_t>(read(CLOCK_MONOTONIC));
}

}  // namespace xic
