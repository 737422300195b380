#include "host/live/system_clock.h"

#include <gtest/gtest.h>

namespace xic {
namespace {

TEST(SystemClock, NanosecondsThatNeverGoBack) {
  SystemClock clock;
  EXPECT_GT(clock.wall(), 1'600'000'000'000'000'000) << "later than 2020, in nanoseconds";
  const std::uint64_t before = clock.uptime();
  EXPECT_GE(clock.uptime(), before);
  EXPECT_LT(before, static_cast<std::uint64_t>(clock.wall()));
}

}  // namespace
}  // namespace xic
