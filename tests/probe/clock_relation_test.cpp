// Xen's clock against the recorder's: narrowed by every line, never by a contradiction.
#include "core/grant/clock_relation.h"

#include <gtest/gtest.h>

namespace xic {
namespace {

constexpr std::uint64_t kMs = 1'000'000;
constexpr std::uint64_t kOffset = 12'000 * kMs;  ///< Recorder time = Xen time - this.

Timestamp xen(std::uint64_t ns) {
  return {Clock::xen_boot, ns};
}
/// A line of Xen's time `at` that was seen by a poll from `before` ahead of it to `behind` it.
void see(ClockRelation* clocks, std::uint64_t at, std::uint64_t before, std::uint64_t behind) {
  clocks->observe(xen(at), {at - kOffset - before, at - kOffset + behind});
}
void expect_holds(const ClockRelation& clocks, std::uint64_t at) {
  const auto host = clocks.host_time(xen(at));
  ASSERT_TRUE(host);
  EXPECT_LE(host->begin, at - kOffset);
  EXPECT_GE(host->end, at - kOffset);
}

TEST(ClockRelation, UnknownBeforeTheFirstLine) {
  const ClockRelation clocks;
  EXPECT_FALSE(clocks.host_time(xen(1)));
  EXPECT_FALSE(clocks.uncertainty());
}

TEST(ClockRelation, EveryLineNarrowsIt) {
  ClockRelation clocks;
  see(&clocks, 20'000 * kMs, 900 * kMs, 100 * kMs);
  EXPECT_NEAR(static_cast<double>(*clocks.uncertainty()), 1000.0 * kMs, kMs);
  see(&clocks, 20'500 * kMs, 50 * kMs, 950 * kMs);
  EXPECT_NEAR(static_cast<double>(*clocks.uncertainty()), 150.0 * kMs, kMs);
  see(&clocks, 20'700 * kMs, 0, 2 * kMs);
  EXPECT_LT(*clocks.uncertainty(), 3 * kMs);
  expect_holds(clocks, 20'800 * kMs);
}

TEST(ClockRelation, ItWidensWithTime) {
  ClockRelation clocks;
  see(&clocks, 20'000 * kMs, kMs, kMs);
  const auto soon = clocks.host_time(xen(20'001 * kMs));
  const auto late = clocks.host_time(xen(20'000 * kMs + 3'600'000 * kMs));
  EXPECT_GT(late->end - late->begin, soon->end - soon->begin + 2 * kMs);
  expect_holds(clocks, 20'000 * kMs + 3'600'000 * kMs);
}

TEST(ClockRelation, XenCountsWholeKilohertz) {
  EXPECT_EQ(drift_of_counter(62'500'000), 1U);
  EXPECT_EQ(drift_of_counter(100'000'000), 1U);
  EXPECT_EQ(drift_of_counter(33'333'333), 11U);  // 33333 kHz
  EXPECT_EQ(drift_of_counter(99'999'001), 2U);
  EXPECT_EQ(drift_of_counter(0), kUnknownDriftPpm);
  // 40 s of Xen's clock at 33333 of 33333.333 kHz.
  ClockRelation clocks;
  clocks.set_drift(drift_of_counter(33'333'333));
  see(&clocks, 20'000 * kMs, 0, 0);
  const std::uint64_t later = 40'000 * kMs;
  const auto host = clocks.host_time(xen(20'000 * kMs + later));
  ASSERT_TRUE(host);
  const std::uint64_t true_time = 20'000 * kMs - kOffset + later * 33'333'000 / 33'333'333;
  EXPECT_LE(host->begin, true_time);
}

TEST(ClockRelation, AContradictionIsLeftOutUntilThreeAgree) {
  ClockRelation clocks;
  see(&clocks, 20'000 * kMs, kMs, kMs);
  const auto forged = [&](std::uint64_t at) {
    clocks.observe(xen(at), {at + 5'000 * kMs, at + 5'001 * kMs});
  };
  forged(20'001 * kMs);
  forged(20'002 * kMs);
  expect_holds(clocks, 20'003 * kMs);
  see(&clocks, 20'004 * kMs, kMs, kMs);
  forged(20'005 * kMs);
  forged(20'006 * kMs);
  expect_holds(clocks, 20'007 * kMs);
  forged(20'008 * kMs);
  EXPECT_GT(clocks.host_time(xen(20'009 * kMs))->begin, 25'000 * kMs);
}

TEST(ClockRelation, OtherClocksAndNonsenseAreOfNoUse) {
  ClockRelation clocks;
  clocks.observe({Clock::xen_wall, 5}, {1, 2});
  clocks.observe({Clock::none, 5}, {1, 2});
  clocks.observe(xen(UINT64_MAX), {1, 2});
  clocks.observe(xen(5), {1, UINT64_MAX});
  clocks.observe(xen(5), {2, 1});
  EXPECT_FALSE(clocks.uncertainty());
}

}  // namespace
}  // namespace xic
