#include "daemon/storm_control.h"

#include <gtest/gtest.h>

namespace xic::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSecond = 1'000'000'000;

FaultIdentity identity(std::uint64_t frame) {
  return {"/smmu@1", "cb0", Frame{frame}, Access::read};
}

TEST(StormControl, TheFirstIsToldTheRestIsSummedUpEverMoreSeldom) {
  StormControl storm(10s);
  std::vector<std::uint64_t> when;
  std::uint64_t told = 0;
  std::uint64_t counted = 0;
  for (std::uint64_t second = 1; second <= 3600; ++second) {
    const std::uint64_t now = second * kSecond;
    if (storm.admit(identity(1), {second, 0}, now)) ++told;
    for (const FaultSummary& summary : storm.due(now)) {
      when.push_back(second - 1);
      counted += summary.count;
      EXPECT_EQ(summary.identity, identity(1));
      EXPECT_EQ(summary.last.offset, second);
    }
  }
  EXPECT_EQ(told, 1U);
  EXPECT_EQ(std::vector<std::uint64_t>(when.begin(), when.begin() + 7),
            (std::vector<std::uint64_t>{10, 30, 70, 150, 310, 610, 910}));
  EXPECT_EQ(told + counted + storm.waiting(), 3600U);
}

TEST(StormControl, WhatWasQuietForLongIsNewAgain) {
  StormControl storm(10s);
  EXPECT_TRUE(storm.admit(identity(1), {1, 0}, kSecond));
  EXPECT_FALSE(storm.admit(identity(1), {2, 0}, 2 * kSecond));
  EXPECT_EQ(storm.due(20 * kSecond).size(), 1U);
  EXPECT_FALSE(storm.admit(identity(1), {3, 0}, 200 * kSecond));
  EXPECT_EQ(storm.due(220 * kSecond).size(), 1U);
  EXPECT_TRUE(storm.admit(identity(1), {4, 0}, 600 * kSecond));
}

TEST(StormControl, IsBoundedWhateverComes) {
  StormControl storm(10s);
  std::uint64_t told = 0;
  std::uint64_t summaries = 0;
  std::uint64_t counted = 0;
  constexpr std::uint64_t kFaults = 100'000;
  for (std::uint64_t i = 0; i < kFaults; ++i) {
    const std::uint64_t now = i * kSecond / 1000;  // 1000 a second
    if (storm.admit(identity(i), {i, 0}, now)) ++told;
    for (const FaultSummary& summary : storm.due(now)) {
      ++summaries;
      counted += summary.count;
      EXPECT_FALSE(summary.identity.has_value());
    }
  }
  EXPECT_EQ(told, StormControl::kMost);
  EXPECT_LE(summaries, 4U);
  EXPECT_EQ(told + counted + storm.waiting(), kFaults);
}

TEST(StormControl, IdentitiesDifferInEachPart) {
  StormControl storm(10s);
  const FaultIdentity base = identity(1);
  EXPECT_TRUE(storm.admit(base, {}, 0));
  for (const FaultIdentity& other : {FaultIdentity{"/smmu@2", "cb0", Frame{1}, Access::read},
                                     FaultIdentity{"/smmu@1", "cb1", Frame{1}, Access::read},
                                     FaultIdentity{"/smmu@1", "cb0", Frame{2}, Access::read},
                                     FaultIdentity{"/smmu@1", "cb0", std::nullopt, Access::read},
                                     FaultIdentity{"/smmu@1", "cb0", Frame{1}, Access::write}}) {
    EXPECT_TRUE(storm.admit(other, {}, 0));
  }
  EXPECT_FALSE(storm.admit(base, {}, 0));
}

}  // namespace
}  // namespace xic::daemon
