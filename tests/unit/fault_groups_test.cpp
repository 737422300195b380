#include <gtest/gtest.h>

#include <string>

#include "core/fault/groups.h"

namespace xic {
namespace {

Fault context_fault(std::uint64_t iova) {
  Fault fault;
  fault.iommu = "/smmu@fd800000";
  fault.iova = Iova{iova};
  fault.cb = 0;
  fault.access = Access::read;
  fault.level = 1;
  fault.registers.add("fsr", 0x402);
  fault.registers.add("fsynr", 0xb0001);
  fault.raw[0] = "the line";
  fault.raw_count = 1;
  return fault;
}

TEST(FaultGroups, SameFrameIsOneGroup) {
  FaultGroups groups;
  bool is_new = false;
  Fault fault = context_fault(0x8424cb148);
  fault.time = {Clock::xen_boot, 5};
  fault.offset = 100;
  EXPECT_EQ(groups.add(fault, 0, &is_new), 0U);
  EXPECT_TRUE(is_new);
  Fault later = context_fault(0x8424cb188);
  later.time = {Clock::xen_boot, 9};
  later.offset = 300;
  later.multiple = true;
  later.repaired = true;
  EXPECT_EQ(groups.add(later, 0, &is_new), 0U);
  EXPECT_FALSE(is_new);
  ASSERT_EQ(groups.groups().size(), 1U);
  const FaultGroup& group = groups.groups()[0];
  EXPECT_EQ(group.count, 2U);
  EXPECT_EQ(group.iova, Iova{0x8424cb148});
  EXPECT_EQ(group.first.value, 5U);
  EXPECT_EQ(group.last.value, 9U);
  EXPECT_EQ(group.first_at.offset, 100U);
  EXPECT_EQ(group.last_at.offset, 300U);
  EXPECT_EQ(group.iommu, "/smmu@fd800000");
  EXPECT_EQ(group.fault_class, FaultClass::translation);
  EXPECT_EQ(group.level, 1);
  EXPECT_TRUE(group.multiple);
  EXPECT_TRUE(group.repaired);
  ASSERT_EQ(group.raw.size(), 1U);
  EXPECT_EQ(group.raw[0], "the line");
}

TEST(FaultGroups, EveryPartOfTheIdentityCounts) {
  FaultGroups groups;
  bool is_new = false;
  groups.add(context_fault(0x1000), 0, &is_new);
  const auto expect_new = [&](const Fault& fault, std::uint32_t boot = 0) {
    EXPECT_TRUE(groups.add(fault, boot, &is_new));
    EXPECT_TRUE(is_new);
    groups.add(fault, boot, &is_new);
    EXPECT_FALSE(is_new);
  };
  expect_new(context_fault(0x1000), 1);
  expect_new(context_fault(0x2000));
  Fault fault = context_fault(0x1000);
  fault.iova.reset();
  expect_new(fault);
  fault = context_fault(0x1000);
  fault.kind = FaultKind::ipmmu;
  expect_new(fault);
  fault = context_fault(0x1000);
  fault.origin = FaultOrigin::linux_kernel;
  expect_new(fault);
  fault = context_fault(0x1000);
  fault.iommu = "/smmu@fd800001";
  expect_new(fault);
  fault = context_fault(0x1000);
  fault.iommu = "";
  expect_new(fault);
  fault = context_fault(0x1000);
  fault.cb = 1;
  expect_new(fault);
  fault = context_fault(0x1000);
  fault.stream_id = 0;
  expect_new(fault);
  fault = context_fault(0x1000);
  fault.device = "0000:00:14.0";
  expect_new(fault);
  fault = context_fault(0x1000);
  fault.access = Access::write;
  expect_new(fault);
  fault = context_fault(0x1000);
  fault.domain = kDom0;
  expect_new(fault);
  fault = context_fault(0x1000);
  fault.registers = {};
  fault.registers.add("fsr", 0x8);
  expect_new(fault);
  EXPECT_EQ(groups.groups().size(), 14U);
}

TEST(FaultGroups, OneCertainMemberMakesTheGroupCertain) {
  FaultGroups groups;
  bool is_new = false;
  Fault fault = context_fault(0x1000);
  fault.mid_line = true;
  fault.complete = false;
  groups.add(fault, 0, &is_new);
  EXPECT_TRUE(groups.at(0).mid_line);
  EXPECT_FALSE(groups.at(0).complete);
  groups.add(context_fault(0x1000), 0, &is_new);
  EXPECT_FALSE(groups.at(0).mid_line);
  EXPECT_TRUE(groups.at(0).complete);
}

TEST(FaultGroups, FullTableCountsWhatItCannotKeep) {
  FaultGroups groups;
  bool is_new = false;
  for (std::uint64_t i = 0; i < FaultGroups::kMaxGroups; ++i) {
    ASSERT_EQ(groups.add(context_fault(i << 12), 0, &is_new), i);
  }
  for (std::uint64_t i = 0; i < 10; ++i) {
    EXPECT_FALSE(groups.add(context_fault((i + FaultGroups::kMaxGroups) << 12), 0, &is_new));
    EXPECT_FALSE(is_new);
  }
  EXPECT_EQ(groups.overflow(), 10U);
  EXPECT_EQ(groups.groups().size(), FaultGroups::kMaxGroups);
  // What is known is still found.
  EXPECT_EQ(groups.add(context_fault(5U << 12), 0, &is_new), 5U);
  EXPECT_EQ(groups.at(5).count, 2U);
}

TEST(FaultGroups, ClosedGroupsTakeNobodyAndLeaveRoomForAsManyMore) {
  FaultGroups groups;
  bool is_new = false;
  for (std::uint64_t i = 0; i <= FaultGroups::kMaxGroups; ++i) {
    (void)groups.add(context_fault(i << 12), 0, &is_new);
  }
  ASSERT_EQ(groups.overflow(), 1U);
  groups.close_all();
  for (std::uint64_t i = 0; i < FaultGroups::kMaxGroups; ++i) {
    EXPECT_EQ(groups.add(context_fault(i << 12), 0, &is_new), FaultGroups::kMaxGroups + i);
    EXPECT_TRUE(is_new);
  }
  EXPECT_EQ(groups.add(context_fault(5 << 12), 0, &is_new), FaultGroups::kMaxGroups + 5);
  EXPECT_FALSE(is_new);
  EXPECT_EQ(groups.add(context_fault(FaultGroups::kMaxGroups << 12), 0, &is_new), std::nullopt);
  EXPECT_EQ(groups.groups()[5].count, 1U);
  EXPECT_EQ(groups.overflow(), 2U);
}

TEST(FaultGroups, LongTextsAreKeptInPart) {
  FaultGroups groups;
  bool is_new = false;
  const std::string node(10000, 'n');
  const std::string line(100000, 'l');
  Fault fault = context_fault(0x1000);
  fault.iommu = node;
  fault.raw[0] = line;
  groups.add(fault, 0, &is_new);
  groups.add(fault, 0, &is_new);
  ASSERT_EQ(groups.groups().size(), 1U);
  EXPECT_LE(groups.at(0).iommu.size(), 256U);
  EXPECT_LE(groups.at(0).raw[0].size(), 1024U);
  EXPECT_EQ(groups.at(0).count, 2U);
}

}  // namespace
}  // namespace xic
