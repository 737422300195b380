#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string_view>

#include "core/console/timestamp.h"

namespace xic {
namespace {

struct Taken {
  Timestamp stamp;
  std::string_view rest;
};

Taken take_xen(std::string_view text) {
  const Timestamp stamp = take_xen_timestamp(&text);
  return {stamp, text};
}

Taken take_linux(std::string_view text) {
  const Timestamp stamp = take_linux_timestamp(&text);
  return {stamp, text};
}

// console_timestamps=boot: "[%5lu.%06lu] ".
TEST(ConsoleTimestamp, TakesTimeSinceBoot) {
  const Taken taken = take_xen("[    3.378169] smmu: /smmu@fd800000: x");
  EXPECT_EQ(taken.stamp.clock, Clock::xen_boot);
  EXPECT_EQ(taken.stamp.value, 3'378'169'000U);
  EXPECT_EQ(taken.rest, "smmu: /smmu@fd800000: x");
}

TEST(ConsoleTimestamp, TakesSqueezedAndLongSeconds) {
  EXPECT_EQ(take_xen("[ 0.040350] x").stamp.value, 40'350'000U);
  EXPECT_EQ(take_xen("[0.000001] x").stamp.value, 1'000U);
  EXPECT_EQ(take_xen("[8640000.000000] x").stamp.value, 8'640'000'000'000'000U);
}

// console_timestamps=date: "[%04u-%02u-%02u %02u:%02u:%02u] ".
TEST(ConsoleTimestamp, TakesDate) {
  const Taken taken = take_xen("[1970-01-02 00:00:01] x");
  EXPECT_EQ(taken.stamp.clock, Clock::xen_wall);
  EXPECT_EQ(taken.stamp.value, 86'401'000'000'000U);
  EXPECT_EQ(taken.rest, "x");
}

// console_timestamps=datems: with ".%03lu". `date -d 2026-11-23T09:15:02Z +%s` says 1795425302.
TEST(ConsoleTimestamp, TakesDateWithMilliseconds) {
  EXPECT_EQ(take_xen("[2026-11-23 09:15:02.114] x").stamp.value, 1'795'425'302'114'000'000U);
}

TEST(ConsoleTimestamp, KnowsTheCalendar) {
  EXPECT_EQ(take_xen("[2000-02-29 00:00:00] x").stamp.value, 951'782'400'000'000'000U);
  EXPECT_EQ(take_xen("[2000-03-01 00:00:00] x").stamp.value, 951'868'800'000'000'000U);
  EXPECT_EQ(take_xen("[2024-12-31 23:59:59] x").stamp.value, 1'735'689'599'000'000'000U);
  EXPECT_EQ(take_xen("[2100-03-01 00:00:00] x").stamp.value, 4'107'542'400'000'000'000U);
}

TEST(ConsoleTimestamp, RefusesDaysAndTimesThatDoNotExist) {
  for (const std::string_view text :
       {"[2026-13-01 00:00:00] x", "[2026-00-01 00:00:00] x", "[2026-02-29 00:00:00] x",
        "[2100-02-29 00:00:00] x", "[2026-04-31 00:00:00] x", "[2026-04-00 00:00:00] x",
        "[1969-12-31 00:00:00] x", "[2026-01-01 24:00:00] x", "[2026-01-01 00:60:00] x",
        "[2026-01-01 00:00:60] x", "[2026-01-01 00:00:00.11] x", "[2026-01-01 00:00:00.1111] x",
        "[2026-1-01 00:00:00] x", "[2026-01-01T00:00:00] x", "[2026-01-01 00:00:0a] x",
        // Nanoseconds since 1970 end in 2554.
        "[9999-01-01 00:00:00] x"}) {
    const Taken taken = take_xen(text);
    EXPECT_EQ(taken.stamp.clock, Clock::none) << text;
    EXPECT_EQ(taken.rest, text);
  }
}

// console_timestamps=raw: "[%016lx] ".
TEST(ConsoleTimestamp, TakesCycles) {
  const Taken taken = take_xen("[0000001b1ffedeb8] Command line: x");
  EXPECT_EQ(taken.stamp.clock, Clock::xen_cycles);
  EXPECT_EQ(taken.stamp.value, 0x1b1ffedeb8U);
  EXPECT_EQ(taken.rest, "Command line: x");
  EXPECT_EQ(take_xen("[ffffffffffffffff] x").stamp.value,
            std::numeric_limits<std::uint64_t>::max());
}

TEST(ConsoleTimestamp, LeavesOtherTextAlone) {
  for (const std::string_view text : {"",
                                      "[",
                                      "[]",
                                      "[0x000]      0 0xbdf6c 0x00000001",
                                      "[VT-D]DMAR:",
                                      "[ref] localdom mfn",
                                      "[    3.37816] x",
                                      "[    3.3781690] x",
                                      "[    3.378169x",
                                      "[    3.378169]x",
                                      "[3,378169] x",
                                      "[.378169] x",
                                      "[-3.378169] x",
                                      "[0000001b1ffedeb] x",
                                      "[0000001b1ffedeb8f] x",
                                      "[000000-b1ffedeb8] x",
                                      "[0000001b1ffedeg8] x",
                                      " [    3.378169] x",
                                      "[18446744073709551616.000000] x",
                                      "[18446744073709551615.000000] x"}) {
    const Taken taken = take_xen(text);
    EXPECT_EQ(taken.stamp.clock, Clock::none) << text;
    EXPECT_EQ(taken.rest, text);
  }
}

// A mail program trims the blank behind a stamp where nothing follows.
TEST(ConsoleTimestamp, TakesStampAtTheEnd) {
  const Taken taken = take_xen("[    3.378169]");
  EXPECT_EQ(taken.stamp.clock, Clock::xen_boot);
  EXPECT_EQ(taken.rest, "");
  EXPECT_EQ(take_xen("[    3.378169] ").rest, "");
  EXPECT_EQ(take_xen("[    3.378169]   x").rest, "  x");
}

TEST(ConsoleTimestamp, TakesLinuxUptime) {
  const Taken taken = take_linux("[   68.290307] macb ff0e0000.ethernet eth0: x");
  EXPECT_EQ(taken.stamp.clock, Clock::dom0_uptime);
  EXPECT_EQ(taken.stamp.value, 68'290'307'000U);
  EXPECT_EQ(taken.rest, "macb ff0e0000.ethernet eth0: x");
}

// CONFIG_PRINTK_CALLER.
TEST(ConsoleTimestamp, TakesLinuxCallerWithUptime) {
  EXPECT_EQ(take_linux("[    0.000000][    T0] Booting Linux").rest, "Booting Linux");
  EXPECT_EQ(take_linux("[    0.000000][   C12] x").rest, "x");
  for (const std::string_view text : {"[    0.000000][    X0] x", "[    0.000000][    T] x",
                                      "[    0.000000][    T0 x", "[    0.000000][    "}) {
    EXPECT_EQ(take_linux(text).stamp.clock, Clock::none) << text;
  }
}

TEST(ConsoleTimestamp, LinuxHasNoOtherForm) {
  EXPECT_EQ(take_linux("[2026-11-23 09:15:02] x").stamp.clock, Clock::none);
  EXPECT_EQ(take_linux("[0000001b1ffedeb8] x").stamp.clock, Clock::none);
  EXPECT_EQ(take_linux("smmu: x").rest, "smmu: x");
}

TEST(ConsoleTimestamp, ElapsedOnOneLinearClockOnly) {
  const Timestamp early{Clock::xen_boot, 1'000};
  const Timestamp late{Clock::xen_boot, 3'500};
  EXPECT_EQ(elapsed_ns(early, late), 2'500);
  EXPECT_EQ(elapsed_ns(late, early), -2'500);
  EXPECT_EQ(elapsed_ns(early, {Clock::dom0_uptime, 3'500}), std::nullopt);
  EXPECT_EQ(elapsed_ns({Clock::xen_cycles, 1}, {Clock::xen_cycles, 2}), std::nullopt);
  EXPECT_EQ(elapsed_ns({}, {}), std::nullopt);
  EXPECT_EQ(elapsed_ns({Clock::xen_wall, 0},
                       {Clock::xen_wall, std::numeric_limits<std::uint64_t>::max()}),
            std::nullopt);
}

}  // namespace
}  // namespace xic
