#include <gtest/gtest.h>

#include <string>

#include "fault_test_support.h"

namespace xic {
namespace {

using test::Harness;

TEST(FaultIpmmu, StatusLineNamesTheDomain) {
  Harness h;
  h.xen("ipmmu: /soc/mmu@fd800000: d0: Unhandled fault: status 0x00000101 iova 0x8424cb148");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  const auto& [fault, iommu, device, reason, raw] = h.sink.faults[0];
  EXPECT_EQ(fault.kind, FaultKind::ipmmu);
  EXPECT_EQ(iommu, "/soc/mmu@fd800000");
  EXPECT_EQ(fault.domain, kDom0);
  EXPECT_EQ(fault.iova, Iova{0x8424cb148});
  EXPECT_EQ(fault.registers.get("status"), 0x101U);
  EXPECT_EQ(fault.access, Access::unknown);
  EXPECT_TRUE(fault.complete);
  EXPECT_EQ(classify(fault.kind, fault.registers), FaultClass::translation);
}

TEST(FaultIpmmu, DomainsThatAreNone) {
  Harness h;
  h.xen("ipmmu: /m: d[IO]: Unhandled fault: status 0x00000002 iova 0x1000");
  h.xen("ipmmu: /m: d32752: Unhandled fault: status 0x00000002 iova 0x1000");
  h.xen("ipmmu: 0000:01:00.0: d3: Unhandled fault: status 0x00000002 iova 0x1000");
  ASSERT_EQ(h.sink.faults.size(), 3U);
  EXPECT_FALSE(h.sink.faults[0].fault.domain);
  EXPECT_FALSE(h.sink.faults[1].fault.domain);
  EXPECT_EQ(h.sink.faults[2].fault.domain, DomId{3});
  EXPECT_EQ(h.sink.faults[2].iommu, "0000:01:00.0");
  EXPECT_EQ(classify(FaultKind::ipmmu, h.sink.faults[0].fault.registers), FaultClass::permission);
}

TEST(FaultIpmmu, LinesOfOneInterruptAreOneFault) {
  Harness h;
  h.xen("ipmmu: /m: d1: Multiple TLB hits @0x5000");
  h.xen("ipmmu: /n: d1: Page Table Walk Abort @0x5000");
  h.xen("ipmmu: /m: d1: Page Table Walk Abort @0x5000");
  h.xen("ipmmu: /m: d1: Unhandled fault: status 0x00000015 iova 0x5000");
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].raw.size(), 3U);
  EXPECT_EQ(h.sink.faults[0].fault.registers.get("status"), 0x15U);
  EXPECT_EQ(classify(FaultKind::ipmmu, h.sink.faults[0].fault.registers), FaultClass::mixed);
  EXPECT_EQ(h.sink.faults[1].iommu, "/n");
  EXPECT_TRUE(h.sink.faults[1].fault.complete);
  EXPECT_EQ(classify(FaultKind::ipmmu, h.sink.faults[1].fault.registers),
            FaultClass::external_abort);
}

TEST(FaultIpmmu, AnotherAddressOrTheSameConditionIsAnotherFault) {
  Harness h;
  h.xen("ipmmu: /m: d1: Multiple TLB hits @0x5000");
  h.xen("ipmmu: /m: d1: Multiple TLB hits @0x5000");
  h.xen("ipmmu: /m: d1: Multiple TLB hits @0x6000");
  h.xen("ipmmu: /m: d2: Unhandled fault: status 0x00000001 iova 0x6000");
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 4U);
  EXPECT_EQ(h.sink.faults[0].fault.iova, Iova{0x5000});
  EXPECT_EQ(h.sink.faults[2].fault.iova, Iova{0x6000});
  EXPECT_EQ(h.sink.faults[3].fault.domain, DomId{2});
  EXPECT_EQ(classify(FaultKind::ipmmu, h.sink.faults[0].fault.registers), FaultClass::tlb_conflict);
}

TEST(FaultIpmmu, CutAndDamaged) {
  const std::string text = "ipmmu: /m: d0: Unhandled fault: status 0x00000101 iova 0x8424cb148";
  for (std::size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at + 1)) {
    Harness h;
    EXPECT_EQ(h.xen(text.substr(0, at), false), Consumed::needs_more) << text.substr(0, at);
    EXPECT_EQ(h.xen(text, false), Consumed::yes);
    EXPECT_EQ(h.sink.faults.size(), 1U);
  }
  Harness h;
  h.xen("ipmmu: /m: d0: Unhandled fault: status 0x00000101 iova");
  h.xen("ipmmu: /m: d0: Unhandled fault: stat");
  h.xen("ipmmu: /m: d0: Multiple TLB hits @");
  h.xen("ipmmu: /m: Page Table Walk Abort @0xq");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_EQ(h.parser.damaged_lines(), 3U);
}

TEST(FaultIpmmu, ContextSetUpIsAnAssignment) {
  Harness h;
  h.xen("ipmmu: /soc/iommu@e67b0000: d1: Set IPMMU context 1 (pgd 0x77fe90000)");
  h.xen("ipmmu: /soc/iommu@e67b0000: Using IPMMU context 1");
  h.xen("ipmmu: /soc/iommu@e67b0000: TLB sync timed out -- MMU may be deadlocked");
  EXPECT_TRUE(h.sink.faults.empty());
  ASSERT_EQ(h.sink.events.size(), 2U);
  EXPECT_EQ(h.sink.events[0].kind, HypervisorEvent::Kind::assigned);
  EXPECT_EQ(h.sink.events[0].domain, DomId{1});
  EXPECT_EQ(h.sink.events[0].iommu, "/soc/iommu@e67b0000");
  EXPECT_EQ(h.sink.events[1].kind, HypervisorEvent::Kind::tlb_sync_timeout);
}

}  // namespace
}  // namespace xic
