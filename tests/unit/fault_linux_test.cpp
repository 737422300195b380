#include <gtest/gtest.h>

#include <string>

#include "fault_test_support.h"

namespace xic {
namespace {

using test::Harness;

TEST(FaultLinux, ContextFaultIsForeign) {
  Harness h;
  const std::string text =
      "arm-smmu fd800000.smmu: Unhandled context fault: fsr=0x402, iova=0x3165687460, "
      "fsynr=0x20001, cbfrsynra=0x10877, cb=1";
  h.dom0(text);
  h.unknown(text);
  h.unknown("0x000000000277BBFA |   1263.468579:   " + text);
  EXPECT_EQ(h.xen(text), Consumed::no);
  ASSERT_EQ(h.sink.faults.size(), 3U);
  for (const auto& [fault, iommu, device, reason, raw] : h.sink.faults) {
    EXPECT_EQ(fault.origin, FaultOrigin::linux_kernel);
    EXPECT_EQ(fault.kind, FaultKind::smmuv2_context);
    EXPECT_EQ(iommu, "fd800000.smmu");
    EXPECT_EQ(fault.stream_id, 0x877U);
    EXPECT_EQ(fault.cb, 1U);
    EXPECT_FALSE(fault.mid_line);
  }
}

TEST(FaultLinux, DownstreamOrder) {
  Harness h;
  h.dom0(
      "arm-smmu 15000000.apps-smmu: Unhandled context fault: iova=0x00001000, cb=0, "
      "fsr=0x40000402, fsynr0=0x200001, fsynr1=0x7");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  const Fault& fault = h.sink.faults[0].fault;
  EXPECT_TRUE(fault.complete);
  EXPECT_EQ(fault.registers.get("fsr"), 0x40000402U);
  EXPECT_EQ(fault.registers.get("fsynr"), 0x200001U);
  EXPECT_EQ(fault.registers.get("fsynr1"), 7U);
  EXPECT_EQ(fault.iova, Iova{0x1000});
}

TEST(FaultLinux, ExplanationsAreNotFaults) {
  Harness h;
  for (const char* text :
       {"arm-smmu 15000000.iommu: FSR    = 00000402 [Format=2 TF], SID=0x800",
        "arm-smmu 15000000.iommu: FSYNR0 = 007c0020 [S1CBNDX=124 PNU PLVL=0]",
        "arm-smmu 15000000.iommu: Stack trace:", "arm_smmu_context_fault: 83 callbacks suppressed",
        "DMAR: DRHD: handling fault status reg 2", "DMAR: IOMMU enabled",
        "my-arm-smmu x: Unhandled context fault: fsr=0x1",
        "arm-smmu a b: Unhandled context fault: fsr=0x1", "arm-smmu without a colon"}) {
    EXPECT_EQ(h.dom0(text), Consumed::no) << text;
  }
  h.parser.finish();
  EXPECT_TRUE(h.sink.faults.empty());
  EXPECT_EQ(h.parser.damaged_lines(), 0U);
}

TEST(FaultLinux, DamagedLinesOfLinuxAreNotOurs) {
  Harness h;
  h.dom0("arm-smmu s: Unhandled context fault: fsr=0xq");
  h.dom0("arm-smmu s: GFSR 0xq");
  h.dom0("arm-smmu-v3 s: 0x00000010");
  h.dom0("arm-smmu-v3 s: 0x0000000000000010");
  h.parser.finish();
  EXPECT_EQ(h.parser.damaged_lines(), 0U);
  EXPECT_TRUE(h.sink.faults.empty());
}

TEST(FaultLinux, GlobalFaultInBothForms) {
  Harness h;
  h.dom0("arm-smmu s: Unexpected global fault, this could be serious");
  h.dom0(
      "arm-smmu s: \tGFSR 0x00000002, GFSYNR0 0x00000000, GFSYNR1 0x00000014, GFSYNR2 0x00000000");
  h.dom0(
      "arm-smmu s: Blocked unknown Stream ID 0x429; boot with \"arm-smmu.disable_bypass=0\" to "
      "allow, but this may have security implications");
  h.dom0(
      "arm-smmu s:         GFSR 0x00000002, GFSYNR0 0x00000000, GFSYNR1 0x00000429, GFSYNR2 "
      "0x00000000");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].fault.stream_id, 0x14U);
  EXPECT_EQ(h.sink.faults[1].fault.stream_id, 0x429U);
  EXPECT_TRUE(h.sink.faults[1].fault.complete);
  EXPECT_EQ(h.sink.faults[1].raw.size(), 2U);
}

TEST(FaultLinux, XenAndLinuxOnOneNodeNameStayApart) {
  Harness h;
  h.xen("smmu: s: Unexpected global fault, this could be serious");
  h.dom0(
      "arm-smmu s: \tGFSR 0x00000002, GFSYNR0 0x00000000, GFSYNR1 0x00000014, GFSYNR2 0x00000000");
  h.xen("smmu: s: \tGFSR 0x00000002, GFSYNR0 0x00000000, GFSYNR1 0x00000015, GFSYNR2 0x00000000");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].fault.origin, FaultOrigin::linux_kernel);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_TRUE(h.sink.faults[1].fault.complete);
  EXPECT_EQ(h.sink.faults[1].fault.stream_id, 0x15U);
}

TEST(FaultLinux, Smmuv3EventWithAndWithoutTabsAndInWords) {
  Harness h;
  for (const std::string tab : {"", "\t"}) {
    h.unknown("   arm-smmu-v3 v.0.auto: event 0x02 received:");
    h.unknown("   arm-smmu-v3 v.0.auto: " + tab + "0x0000090000000002");
    for (int i = 0; i < 3; ++i) h.unknown("   arm-smmu-v3 v.0.auto: " + tab + "0x0000000000000000");
    EXPECT_EQ(h.unknown("   arm-smmu-v3 v.0.auto: event: C_BAD_STREAMID client: (unassigned sid) "
                        "sid: 0x900 ssid: 0x0"),
              Consumed::yes);
  }
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].fault.origin, FaultOrigin::linux_kernel);
  EXPECT_EQ(h.sink.faults[1].fault.stream_id, 0x900U);
}

TEST(FaultLinux, Ipmmu) {
  Harness h;
  h.unknown("  ipmmu-vmsa eed40000.iommu: Unhandled fault: status 0x00001502 iova 0xfe000000");
  h.dom0("ipmmu-vmsa eed40000.iommu: Multiple TLB hits @0x1000");
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].iommu, "eed40000.iommu");
  EXPECT_EQ(h.sink.faults[0].fault.registers.get("status"), 0x1502U);
  EXPECT_FALSE(h.sink.faults[0].fault.domain);
}

TEST(FaultLinux, DmarOfAllTimes) {
  Harness h;
  const std::string_view texts[] = {
      "DMAR: [DMA Write NO_PASID] Request device [0x04:0x00.0] fault addr 0x69974000 [fault reason "
      "0x05] PTE Write access is not set",
      "DMAR: [DMA Write] Request device [04:00.0] PASID ffffffff fault addr 69974000 [fault reason "
      "05] PTE Write access is not set",
      "DMAR: [DMA Write] Request device [04:00.0] fault addr 69974000 [fault reason 05] PTE Write "
      "access is not set",
  };
  for (const auto text : texts) h.dom0(text);
  h.dom0("dmar: DMAR:[DMA Write] Request device [04:00.0] fault addr 69974000 ");
  h.dom0("DMAR:[fault reason 05] PTE Write access is not set");
  ASSERT_EQ(h.sink.faults.size(), 4U);
  for (const auto& [fault, iommu, device, reason, raw] : h.sink.faults) {
    EXPECT_EQ(fault.origin, FaultOrigin::linux_kernel);
    EXPECT_EQ(fault.kind, FaultKind::vtd);
    EXPECT_EQ(device, "04:00.0");
    EXPECT_EQ(fault.iova, Iova{0x69974000});
    EXPECT_EQ(fault.access, Access::write);
    EXPECT_EQ(reason, "05 - PTE Write access is not set");
    EXPECT_TRUE(fault.complete);
  }
  h.dom0("DMAR: INTR-REMAP: Request device [f0:1f.7] fault index 0x1c [fault reason 0x25] Blocked");
  ASSERT_EQ(h.sink.faults.size(), 5U);
  EXPECT_FALSE(h.sink.faults[4].fault.iova);
  h.dom0("DMAR: [DMA Write] Request device [04:00.0] fault addr 69974000 [fault");
  ASSERT_EQ(h.sink.faults.size(), 6U);
  EXPECT_FALSE(h.sink.faults[5].fault.complete);
  EXPECT_EQ(h.dom0("DMAR: [DMA Write] Req"), Consumed::no);
}

TEST(FaultLinux, DmarWrapped) {
  Harness h;
  h.read(
      "[    3.148561] DMAR: [DMA Write NO_PASID] Request device [0x04:0x00.0] fault\n"
      "addr 0x69974000 [fault reason 0x05] PTE Write access is not set\n");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_TRUE(h.sink.faults[0].fault.complete);
  EXPECT_EQ(h.sink.faults[0].fault.iova, Iova{0x69974000});
}

TEST(FaultLinux, AmdviDomainIsNotXens) {
  Harness h;
  h.unknown(
      "mpt3sas 0000:41:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0021 address=0xfff9b200 "
      "flags=0x0050]");
  h.dom0(
      "AMD-Vi: Event logged [IO_PAGE_FAULT device=41:00.0 domain=0x0021 address=0xfff9b200 "
      "flags=0x0070]");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].device, "0000:41:00.0");
  EXPECT_EQ(h.sink.faults[1].device, "41:00.0");
  EXPECT_EQ(h.sink.faults[1].fault.access, Access::write);
  for (const auto& f : h.sink.faults) {
    EXPECT_EQ(f.fault.origin, FaultOrigin::linux_kernel);
    EXPECT_FALSE(f.fault.domain);
    EXPECT_EQ(f.fault.iova, Iova{0xfff9b200});
  }
  h.dom0("AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0021 address=0xfff9b200 fl");
  ASSERT_EQ(h.sink.faults.size(), 3U);
  EXPECT_FALSE(h.sink.faults[2].fault.complete);
  EXPECT_EQ(h.dom0("AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0021 add"), Consumed::no);
}

}  // namespace
}  // namespace xic
