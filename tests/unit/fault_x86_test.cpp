#include <gtest/gtest.h>

#include <string>

#include "fault_test_support.h"

namespace xic {
namespace {

using test::Harness;

TEST(FaultVtd, EveryFormOfTheFirstLine) {
  const std::string_view firsts[] = {
      // 4.4, through dprintk; 4.8 to 4.13; 4.14; 4.17 onwards.
      "[VT-D]iommu.c:880: DMAR:[DMA Write] Request device [0000:65:00.0] fault addr 1200001000, "
      "iommu reg = ffff82c3ffd54000",
      "DMAR:[DMA Write] Request device [0000:65:00.0] fault addr 1200001000, iommu reg = "
      "ffff82c3ffd54000",
      "[VT-D]DMAR:[DMA Write] Request device [0000:65:00.0] fault addr 1200001000, iommu reg = "
      "ffff82c3ffd54000",
      "[VT-D]DMAR:[DMA Write] Request device [0000:65:00.0] fault addr 1200001000",
  };
  const std::string_view seconds[] = {
      "DMAR:[fault reason 05h] PTE Write access is not set",
      "[VT-D]DMAR: reason 05 - PTE Write access is not set",
      "[VT-D]DMAR: reason 05 - PTE Write access is not set on iommu:3",
  };
  for (const auto first : firsts) {
    for (const auto second : seconds) {
      Harness h;
      EXPECT_EQ(h.xen(first), Consumed::yes) << first;
      EXPECT_TRUE(h.sink.faults.empty());
      EXPECT_EQ(h.xen(second), Consumed::yes) << second;
      ASSERT_EQ(h.sink.faults.size(), 1U) << first;
      const auto& [fault, iommu, device, reason, raw] = h.sink.faults[0];
      EXPECT_EQ(fault.kind, FaultKind::vtd);
      EXPECT_EQ(fault.origin, FaultOrigin::xen);
      EXPECT_EQ(device, "0000:65:00.0");
      EXPECT_EQ(fault.iova, Iova{0x1200001000});
      EXPECT_EQ(fault.access, Access::write);
      EXPECT_EQ(reason, "05 - PTE Write access is not set");
      EXPECT_EQ(fault.registers.get("reason"), 5U);
      EXPECT_EQ(iommu, second.ends_with("3") ? "iommu:3" : "");
      EXPECT_TRUE(fault.complete);
      EXPECT_EQ(raw.size(), 2U);
      EXPECT_EQ(classify(fault.kind, fault.registers), FaultClass::permission);
    }
  }
}

TEST(FaultVtd, InterruptRemappingAndUnknown) {
  Harness h;
  h.xen("[VT-D]INTR-REMAP: Request device [0000:00:1f.2] fault index 1c");
  h.xen("[VT-D]INTR-REMAP: reason 22 - Present field in the IRTE entry is clear");
  h.xen("[VT-D]UNKNOWN: Request device [0000:00:1f.2] fault addr abc000");
  h.xen("[VT-D]UNKNOWN: reason ff - Unknown");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_FALSE(h.sink.faults[0].fault.iova);
  EXPECT_EQ(h.sink.faults[0].fault.registers.get("index"), 0x1cU);
  EXPECT_EQ(h.sink.faults[0].reason, "22 - Present field in the IRTE entry is clear");
  EXPECT_EQ(h.sink.faults[0].fault.access, Access::unknown);
  EXPECT_EQ(h.sink.faults[1].fault.iova, Iova{0xabc000});
  EXPECT_EQ(h.sink.faults[1].reason, "ff - Unknown");
}

TEST(FaultVtd, HalvesWithoutTheirPartner) {
  Harness h;
  h.xen("[VT-D]DMAR:[DMA Read] Request device [0000:65:00.0] fault addr 1000");
  h.xen("[VT-D]DMAR:[DMA Read] Request device [0000:65:00.0] fault addr 2000");
  h.xen("[VT-D]INTR-REMAP: reason 22 - Present field in the IRTE entry is clear");
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 3U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_EQ(h.sink.faults[0].fault.access, Access::read);
  EXPECT_FALSE(h.sink.faults[1].fault.complete);
  EXPECT_EQ(h.sink.faults[1].fault.iova, Iova{0x2000});
  EXPECT_FALSE(h.sink.faults[2].fault.complete);
  EXPECT_TRUE(h.sink.faults[2].device.empty());
  EXPECT_EQ(h.sink.faults[2].fault.registers.get("reason"), 0x22U);
}

TEST(FaultVtd, EveryBlankIsAPlaceToWrap) {
  const std::string first =
      "[VT-D]DMAR:[DMA Write] Request device [0000:65:00.0] fault addr 1200001000";
  const std::string second = "[VT-D]DMAR: reason 05 - PTE Write access is not set";
  for (const std::string& text : {first, second}) {
    for (std::size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at + 1)) {
      Harness h;
      EXPECT_EQ(h.xen(text.substr(0, at), false), Consumed::needs_more) << text.substr(0, at);
      EXPECT_EQ(h.xen(text, false), Consumed::yes);
      h.parser.finish();
      EXPECT_EQ(h.sink.faults.size(), 1U) << text.substr(0, at);
    }
  }
}

TEST(FaultVtd, CutAndDamaged) {
  Harness h;
  h.xen("[VT-D]DMAR:[DMA Write] Request device [0000:65:00.0] fault ad");
  h.xen("[VT-D]DMAR: reason 05 - PTE Write acc");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_FALSE(h.sink.faults[0].fault.iova);
  EXPECT_EQ(h.sink.faults[0].reason, "05 - PTE Write acc");
  h.xen("[VT-D]DMAR:[DMA Write] Req");
  h.xen("[VT-D]DMAR: reason zz");
  h.xen("DMAR:[fault reason zz");
  EXPECT_EQ(h.parser.damaged_lines(), 3U);
  EXPECT_EQ(h.xen("[VT-D]DMAR:"), Consumed::no);
  EXPECT_EQ(h.xen("[VT-D]DMAR: something else"), Consumed::no);
  EXPECT_EQ(h.xen("[VT-D]iommu.c:861: iommu_fault_status: Primary Pending Fault"), Consumed::no);
  EXPECT_EQ(h.xen("[VT-D]d0:PCIe: map 0000:00:1f.2"), Consumed::no);
}

TEST(FaultAmdvi, OldFormNamesADeviceNumber) {
  Harness h;
  h.xen(
      "AMD-Vi: IO_PAGE_FAULT: domain = 1, device id = 0xa0, fault address = 0xfdf8000140, flags = "
      "0x30");
  h.xen("AMD-Vi: IO_PAGE_FAULT: domain = 0, device id = 0, fault address = 0, flags = 0");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  const auto& [fault, iommu, device, reason, raw] = h.sink.faults[0];
  EXPECT_EQ(fault.kind, FaultKind::amdvi);
  EXPECT_EQ(device, "00:14.0");
  EXPECT_EQ(fault.domain, DomId{1});
  EXPECT_EQ(fault.iova, Iova{0xfdf8000140});
  EXPECT_EQ(fault.registers.get("flags"), 0x30U);
  EXPECT_EQ(fault.access, Access::write);
  EXPECT_TRUE(fault.complete);
  EXPECT_EQ(h.sink.faults[1].device, "00:00.0");
  EXPECT_EQ(h.sink.faults[1].fault.iova, Iova{0});
  EXPECT_EQ(h.sink.faults[1].fault.access, Access::unknown);
}

TEST(FaultAmdvi, NewFormWithFlagNames) {
  Harness h;
  h.xen("AMD-Vi: IO_PAGE_FAULT: 0000:00:14.0 d0 addr 000000fdf8000140 flags 0x8 I");
  h.xen("AMD-Vi: IO_PAGE_FAULT: DDDD:bb:dd.f d32767 addr fffffffdf8000000 flags 0x50 PE PR");
  h.xen("AMD-Vi: IO_PAGE_FAULT: 0000:00:14.0 d0 addr 0000000000000000 flags 0");
  ASSERT_EQ(h.sink.faults.size(), 3U);
  EXPECT_EQ(h.sink.faults[0].device, "0000:00:14.0");
  EXPECT_EQ(h.sink.faults[0].fault.domain, kDom0);
  EXPECT_EQ(h.sink.faults[0].reason, "I");
  EXPECT_EQ(h.sink.faults[0].fault.access, Access::unknown);
  EXPECT_EQ(h.sink.faults[1].device, "DDDD:bb:dd.f");
  EXPECT_FALSE(h.sink.faults[1].fault.domain);
  EXPECT_EQ(h.sink.faults[1].fault.iova, Iova{0xfffffffdf8000000});
  EXPECT_EQ(h.sink.faults[1].fault.access, Access::read);
  EXPECT_EQ(h.sink.faults[2].fault.registers.get("flags"), 0U);
}

TEST(FaultAmdvi, EveryBlankIsAPlaceToWrap) {
  const std::string texts[] = {
      "AMD-Vi: IO_PAGE_FAULT: 0000:00:14.0 d0 addr 000000fdf8000140 flags 0x8",
      "AMD-Vi: IO_PAGE_FAULT: domain = 1, device id = 0xa0, fault address = 0xfd, flags = 0x8"};
  for (const std::string& text : texts) {
    for (std::size_t at = text.find(' ', 8); at != std::string::npos; at = text.find(' ', at + 1)) {
      Harness h;
      EXPECT_EQ(h.xen(text.substr(0, at), false), Consumed::needs_more) << text.substr(0, at);
      EXPECT_EQ(h.xen(text, false), Consumed::yes);
      EXPECT_EQ(h.sink.faults.size(), 1U) << text.substr(0, at);
    }
  }
}

TEST(FaultAmdvi, CutAndDamaged) {
  Harness h;
  h.xen("AMD-Vi: IO_PAGE_FAULT: 0000:00:14.0 d0 addr 000000fdf8000140 flags");
  h.xen("AMD-Vi: IO_PAGE_FAULT: domain = 1, device id = 0xa0, fault address = 0xfd, fl");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_FALSE(h.sink.faults[1].fault.complete);
  h.xen("AMD-Vi: IO_PAGE_FAULT: 0000:00:14.0 d0 ad");
  h.xen("AMD-Vi: IO_PAGE_FAULT: domain = x");
  h.xen("AMD-Vi: IO_PAGE_FAULT");
  EXPECT_EQ(h.parser.damaged_lines(), 3U);
  EXPECT_EQ(h.sink.faults.size(), 2U);
}

TEST(FaultAmdvi, OtherEventsAreWords) {
  Harness h;
  h.xen("ILLEGAL_DEV_TABLE_ENTRY 00000a00 10000000 fee00000 00000000");
  h.xen("AMD-Vi: PAGE_TABLE_HW_ERROR 000000a0 40000000 00001000 00000000");
  h.xen("IOTLB_INV_TIMEOUT 000000a0 7000");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].reason, "ILLEGAL_DEV_TABLE_ENTRY");
  EXPECT_EQ(h.sink.faults[0].fault.registers.get("evt0"), 0xa00U);
  EXPECT_EQ(h.sink.faults[1].reason, "PAGE_TABLE_HW_ERROR");
  EXPECT_EQ(h.parser.damaged_lines(), 1U);
  EXPECT_EQ(h.xen("AMD-Vi: IOMMU 0 Enabled."), Consumed::no);
  EXPECT_EQ(h.unknown("ILLEGAL_DEV_TABLE_ENTRY 00000a00 10000000 fee00000 00000000"), Consumed::no);
}

}  // namespace
}  // namespace xic
