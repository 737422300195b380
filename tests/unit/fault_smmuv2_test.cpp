#include <gtest/gtest.h>

#include <string>

#include "fault_test_support.h"

namespace xic {
namespace {

using test::Harness;

constexpr std::string_view kSeed =
    "smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x8424cb148, fsynr=0xb0001, "
    "cb=0";

TEST(FaultSmmuv2, ContextFaultOfXen412) {
  Harness h;
  EXPECT_EQ(h.xen(kSeed), Consumed::yes);
  ASSERT_EQ(h.sink.faults.size(), 1U);
  const auto& [fault, iommu, device, reason, raw] = h.sink.faults[0];
  EXPECT_EQ(fault.kind, FaultKind::smmuv2_context);
  EXPECT_EQ(fault.origin, FaultOrigin::xen);
  EXPECT_EQ(iommu, "/smmu@fd800000");
  EXPECT_EQ(fault.iova, Iova{0x8424cb148});
  EXPECT_EQ(fault.registers.get("fsr"), 0x402U);
  EXPECT_EQ(fault.registers.get("fsynr"), 0xb0001U);
  EXPECT_EQ(fault.cb, 0U);
  EXPECT_EQ(fault.access, Access::read);
  EXPECT_EQ(fault.privileged, false);
  EXPECT_EQ(fault.level, 1);
  EXPECT_FALSE(fault.stream_id);
  EXPECT_FALSE(fault.domain);
  EXPECT_FALSE(fault.multiple);
  EXPECT_FALSE(fault.mid_line);
  EXPECT_TRUE(fault.complete);
  ASSERT_EQ(raw.size(), 1U);
  EXPECT_EQ(raw[0], kSeed);
}

TEST(FaultSmmuv2, AccessPrivilegeAndMultiple) {
  Harness h;
  h.xen("smmu: /s: Unhandled context fault: fsr=0x80000402, iova=0x1000, fsynr=0x31, cb=12");
  h.xen("smmu: /s: Unhandled context fault: fsr=0x8, iova=0x00001000, fsynr=0x43, cb=1");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].fault.access, Access::write);
  EXPECT_EQ(h.sink.faults[0].fault.privileged, true);
  EXPECT_TRUE(h.sink.faults[0].fault.multiple);
  EXPECT_EQ(h.sink.faults[0].fault.cb, 12U);
  EXPECT_EQ(h.sink.faults[1].fault.access, Access::instruction);
  EXPECT_EQ(h.sink.faults[1].fault.level, 3);
}

TEST(FaultSmmuv2, ContextFaultOf46HasNoStatus) {
  Harness h;
  h.xen("smmu: /soc/iommu@5000000: Unhandled context fault: iova=0x00001234, fsynr=0x10, cb=3");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  const Fault& fault = h.sink.faults[0].fault;
  EXPECT_FALSE(fault.registers.get("fsr"));
  EXPECT_EQ(fault.access, Access::write);
  EXPECT_EQ(fault.cb, 3U);
  EXPECT_TRUE(fault.complete);
  EXPECT_EQ(classify(fault.kind, fault.registers), FaultClass::other);
}

TEST(FaultSmmuv2, PrecursorOf46LendsItsStatus) {
  Harness h;
  h.xen("smmu: /a: Unexpected context fault (fsr 0x486)");
  h.xen("smmu: /b: Unhandled context fault: iova=0x00009999, fsynr=0x1, cb=1");
  h.xen("smmu: /a: Unhandled context fault: iova=0x00001234, fsynr=0x1, cb=3");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].iommu, "/b");
  EXPECT_FALSE(h.sink.faults[0].fault.registers.get("fsr"));
  EXPECT_EQ(h.sink.faults[1].iommu, "/a");
  EXPECT_EQ(h.sink.faults[1].fault.registers.get("fsr"), 0x486U);
  EXPECT_TRUE(h.sink.faults[1].fault.complete);
  EXPECT_EQ(h.sink.faults[1].raw.size(), 2U);
  EXPECT_EQ(h.sink.faults[1].fault.offset, 0U);
  h.parser.finish();
  EXPECT_EQ(h.sink.faults.size(), 2U);
}

TEST(FaultSmmuv2, LonePrecursorIsHalfAFaultOfUnknownBase) {
  Harness h;
  h.xen("smmu: /a: Unexpected context fault (fsr 0x1026)");
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_FALSE(h.sink.faults[0].fault.registers.get("fsr"));
  EXPECT_FALSE(h.sink.faults[0].fault.iova);
}

TEST(FaultSmmuv2, TwoLinesOf45NameTheDomain) {
  Harness h;
  h.xen("smmu: /smmu@1: Unhandled context fault for domain 3");
  EXPECT_TRUE(h.sink.faults.empty());
  h.xen("smmu: /smmu@1: \tFSR 0x402, IOVA 0x8424cb148, FSYNR 0xb0001,  CB 2");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  const Fault& fault = h.sink.faults[0].fault;
  EXPECT_EQ(fault.domain, DomId{3});
  EXPECT_EQ(fault.iova, Iova{0x8424cb148});
  EXPECT_EQ(fault.cb, 2U);
  EXPECT_EQ(fault.registers.get("fsr"), 0x402U);
  EXPECT_EQ(fault.access, Access::read);
  EXPECT_TRUE(fault.complete);
  EXPECT_EQ(h.sink.faults[0].raw.size(), 2U);
}

TEST(FaultSmmuv2, ThreeLinesOf45AreOneFault) {
  Harness h;
  // 4294967295 as "0x%u": too big to be read as hex.
  h.xen("smmu: /s: Unexpected context fault (fsr 0x4294967295)");
  h.xen("smmu: /s: Unhandled context fault for domain 0");
  h.xen("smmu: /s: \tFSR 0xffffffff, IOVA 0x0, FSYNR 0x0,  CB 0");
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_EQ(h.sink.faults[0].raw.size(), 3U);
  EXPECT_EQ(h.sink.faults[0].fault.registers.get("fsr"), 0xffffffffU);
  EXPECT_EQ(h.sink.faults[0].fault.domain, kDom0);
  EXPECT_EQ(h.parser.damaged_lines(), 0U);
}

TEST(FaultSmmuv2, HalvesOf45WithoutTheirPartner) {
  Harness h;
  h.xen("smmu: /s: \tFSR 0x402, IOVA 0x5000, FSYNR 0x10,  CB 1");
  h.xen("smmu: /s: Unhandled context fault for domain 7");
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_EQ(h.sink.faults[0].fault.iova, Iova{0x5000});
  EXPECT_FALSE(h.sink.faults[0].fault.domain);
  EXPECT_FALSE(h.sink.faults[1].fault.complete);
  EXPECT_EQ(h.sink.faults[1].fault.domain, DomId{7});
  EXPECT_FALSE(h.sink.faults[1].fault.iova);
}

TEST(FaultSmmuv2, GlobalFaultIsOneEventOfTwoLines) {
  Harness h;
  h.xen("smmu: /soc/iommu@5000000: Unexpected global fault, this could be serious");
  h.xen(
      "smmu: /soc/iommu@5000000: \tGFSR 0x80000002, GFSYNR0 0x00000000, GFSYNR1 0x0001042a, "
      "GFSYNR2 0x00000000");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  const Fault& fault = h.sink.faults[0].fault;
  EXPECT_EQ(fault.kind, FaultKind::smmuv2_global);
  EXPECT_EQ(fault.stream_id, 0x42aU);
  EXPECT_EQ(fault.access, Access::read);
  EXPECT_TRUE(fault.multiple);
  EXPECT_TRUE(fault.complete);
  EXPECT_FALSE(fault.iova);
  EXPECT_EQ(classify(fault.kind, fault.registers), FaultClass::stream_unknown);
}

TEST(FaultSmmuv2, GlobalFaultAccessBits) {
  Harness h;
  h.xen("smmu: /s: \tGFSR 0x00000004, GFSYNR0 0x00000006, GFSYNR1 0x00000000, GFSYNR2 0x00000000");
  h.xen("smmu: /s: \tGFSR 0x00000001, GFSYNR0 0x00000008, GFSYNR1 0x00000001, GFSYNR2 0x00000000");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].fault.access, Access::write);
  EXPECT_EQ(h.sink.faults[0].fault.privileged, true);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);  // Its first line was not seen.
  EXPECT_EQ(h.sink.faults[1].fault.access, Access::instruction);
}

TEST(FaultSmmuv2, GlobalFaultsOfTwoNodesInterleaved) {
  Harness h;
  h.xen("smmu: /a: Unexpected global fault, this could be serious");
  h.xen("smmu: /b: Unexpected global fault, this could be serious");
  h.xen(kSeed);
  h.xen("smmu: /b: \tGFSR 0x00000002, GFSYNR0 0x00000002, GFSYNR1 0x0000000b, GFSYNR2 0x00000000");
  h.dom0("macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK");
  h.xen("smmu: /a: \tGFSR 0x00000002, GFSYNR0 0x00000000, GFSYNR1 0x0000000a, GFSYNR2 0x00000000");
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 3U);
  EXPECT_EQ(h.sink.faults[1].iommu, "/b");
  EXPECT_EQ(h.sink.faults[1].fault.stream_id, 0xbU);
  EXPECT_TRUE(h.sink.faults[1].fault.complete);
  EXPECT_EQ(h.sink.faults[2].iommu, "/a");
  EXPECT_EQ(h.sink.faults[2].fault.stream_id, 0xaU);
  EXPECT_TRUE(h.sink.faults[2].fault.complete);
}

TEST(FaultSmmuv2, SecondHeaderEndsTheWaitOfTheFirst) {
  Harness h;
  h.xen("smmu: /a: Unexpected global fault, this could be serious");
  h.xen("smmu: /a: Unexpected global fault, this could be serious");
  h.xen("smmu: /a: \tGFSR 0x00000002, GFSYNR0 0x00000000, GFSYNR1 0x0000000a, GFSYNR2 0x00000000");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_TRUE(h.sink.faults[1].fault.complete);
}

TEST(FaultSmmuv2, AHalfIsDeliveredAfterManyLines) {
  Harness h;
  h.xen("smmu: /a: Unexpected global fault, this could be serious");
  for (std::size_t i = 0; i < FaultParser::kPendingLines; ++i) h.xen("nothing of interest");
  EXPECT_TRUE(h.sink.faults.empty());
  h.xen("nothing of interest");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
}

TEST(FaultSmmuv2, TooManyPendingDeliversTheOldest) {
  Harness h;
  for (std::size_t i = 0; i <= FaultParser::kMaxPending; ++i) {
    h.xen("smmu: /n" + std::to_string(i) + ": Unexpected global fault, this could be serious");
  }
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_EQ(h.sink.faults[0].iommu, "/n0");
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), FaultParser::kMaxPending + 1);
  EXPECT_EQ(h.sink.faults.back().iommu, "/n" + std::to_string(FaultParser::kMaxPending));
}

TEST(FaultSmmuv2, WrappedLineAsksForMoreAndIsJoined) {
  Harness h;
  h.read(
      "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402,\n"
      "iova=0x8424cb148, fsynr=0xb0001, cb=0\n"
      "[   68.290307] macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK\n");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_TRUE(h.sink.faults[0].fault.complete);
  EXPECT_TRUE(h.sink.faults[0].fault.repaired);
  EXPECT_EQ(h.sink.faults[0].fault.iova, Iova{0x8424cb148});
  EXPECT_EQ(h.sink.dom0_errors.size(), 1U);
  EXPECT_EQ(h.parser.damaged_lines(), 0U);
}

TEST(FaultSmmuv2, EveryBlankIsAPlaceToWrap) {
  const std::string_view texts[] = {
      kSeed,
      "smmu: /s: Unexpected context fault (fsr 0x402)",
      "smmu: /s: Unhandled context fault for domain 3",
      "smmu: /s: FSR 0x402, IOVA 0x8424cb148, FSYNR 0xb0001,  CB 2",
      "smmu: /s: Unexpected global fault, this could be serious",
      "smmu: /s: GFSR 0x80000002, GFSYNR0 0x00000000, GFSYNR1 0x0000042a, GFSYNR2 0x00000000",
  };
  for (const std::string_view text : texts) {
    for (std::size_t at = text.find(' '); at != std::string_view::npos;
         at = text.find(' ', at + 1)) {
      Harness h;
      EXPECT_EQ(h.xen(text.substr(0, at), false), Consumed::needs_more) << text.substr(0, at);
      EXPECT_TRUE(h.sink.faults.empty());
      h.repaired = true;
      EXPECT_EQ(h.xen(text, false), Consumed::yes) << text;
      h.parser.finish();
      EXPECT_EQ(h.sink.faults.size(), 1U) << text.substr(0, at);
      EXPECT_EQ(h.parser.damaged_lines(), 0U);
    }
  }
}

TEST(FaultSmmuv2, AnUnrelatedLineIsNotEaten) {
  Harness h;
  h.read(
      "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x8424cb148,\n"
      "[   68.290307] macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK\n");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_EQ(h.sink.faults[0].fault.iova, Iova{0x8424cb148});
  EXPECT_EQ(h.sink.faults[0].fault.access, Access::unknown);
  EXPECT_EQ(h.sink.dom0_errors.size(), 1U);
}

TEST(FaultSmmuv2, TornNumbersAreNotBelieved) {
  Harness h;
  // Cut within digits: more may have followed.
  h.xen("smmu: /s: Unhandled context fault: fsr=0x402, iova=0x8424");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_FALSE(h.sink.faults[0].fault.iova);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_EQ(h.sink.faults[0].fault.registers.get("fsr"), 0x402U);
  // Other text runs into the last number.
  h.xen("smmu: /s: Unhandled context fault: fsr=0x402, iova=0x8424cb148, fsynr=0x1, cb=0ERROR");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_FALSE(h.sink.faults[1].fault.cb);
  EXPECT_FALSE(h.sink.faults[1].fault.complete);
  h.xen("smmu: /s: GFSR 0x80000002, GFSYNR0 0x0000");
  ASSERT_EQ(h.sink.faults.size(), 3U);
  EXPECT_FALSE(h.sink.faults[2].fault.registers.get("gfsynr0"));
  EXPECT_EQ(h.sink.faults[2].fault.access, Access::unknown);
}

TEST(FaultSmmuv2, UnreadableFaultsAreCounted) {
  const std::string_view damaged[] = {
      "smmu: /s: Unhandled context fault: ",
      "smmu: /s: Unhandled context fault: fsr=0xzz, iova=0x1, fsynr=0x1, cb=0",
      "smmu: /s: Unhandled context fault: fsr=0x100000000, iova=0x1, fsynr=0x1, cb=0",
      "smmu: /s: Unhandled context fault: what=0x1",
      "smmu: /s: Unhandled context fault: fsr=",
      "smmu: /s: Unhandled context fa",
      "smmu: /s: Unhandled context trouble",
      "smmu: /s: Unexpected context fault (fsr ",
      "smmu: /s: \tFSR 0x, IOVA",
      "smmu: /s: \tGFSR 0xg",
  };
  std::uint64_t expected = 0;
  Harness h;
  for (const std::string_view text : damaged) {
    EXPECT_EQ(h.xen(text), Consumed::yes) << text;
    EXPECT_EQ(h.parser.damaged_lines(), ++expected) << text;
  }
  h.parser.finish();
  EXPECT_TRUE(h.sink.faults.empty());
}

TEST(FaultSmmuv2, RepeatedFieldIsNotAFormat) {
  Harness h;
  h.xen("smmu: /s: Unhandled context fault: fsr=0x402, fsr=0x8, iova=0x1, fsynr=0x1, cb=0");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_EQ(h.sink.faults[0].fault.registers.get("fsr"), 0x402U);
}

TEST(FaultSmmuv2, GuestTextIsNeverAFault) {
  Harness h;
  EXPECT_EQ(h.xen("(d1) " + std::string(kSeed)), Consumed::no);
  EXPECT_EQ(h.xen("DOM1: " + std::string(kSeed)), Consumed::no);
  EXPECT_EQ(h.dom0(kSeed), Consumed::no);
  EXPECT_TRUE(h.sink.faults.empty());
  EXPECT_EQ(h.parser.damaged_lines(), 0U);
}

TEST(FaultSmmuv2, LostPrefixIsAcceptedAsUncertain) {
  Harness h;
  EXPECT_EQ(h.unknown("  " + std::string(kSeed)), Consumed::yes);
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_EQ(h.sink.faults[0].fault.origin, FaultOrigin::xen);
  EXPECT_TRUE(h.sink.faults[0].fault.mid_line);
  h.mid_line = true;
  h.xen(kSeed);
  EXPECT_TRUE(h.sink.faults[1].fault.mid_line);
}

TEST(FaultSmmuv2, OneUncertainHalfMakesTheFaultUncertain) {
  Harness h;
  h.xen("smmu: /a: Unexpected global fault, this could be serious");
  h.mid_line = true;
  h.xen("smmu: /a: \tGFSR 0x00000002, GFSYNR0 0x00000000, GFSYNR1 0x0000000a, GFSYNR2 0x00000000");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_TRUE(h.sink.faults[0].fault.mid_line);
}

TEST(FaultSmmuv2, BootLinesAreNotFaults) {
  Harness h;
  for (const std::string_view text :
       {"smmu: /smmu@bff00000: probing hardware configuration...",
        "smmu: /smmu@bff00000: \tstage 2 translation",
        "smmu: /smmu@bff00000: \t2 context banks (0 stage-2 only)",
        "smmu: ", "smmu:", "smmu: no node here", "smmu: a b: Unhandled context fault: ", "", " "}) {
    EXPECT_EQ(h.xen(text), Consumed::no) << text;
  }
  EXPECT_TRUE(h.sink.faults.empty());
  EXPECT_TRUE(h.sink.events.empty());
}

TEST(FaultSmmuv2, VeryLongLinesAreKeptInPart) {
  Harness h;
  const std::string node = "/" + std::string(5000, 'n');
  h.xen("smmu: " + node + ": Unexpected global fault, this could be serious");
  h.xen("smmu: " + node +
        ": \tGFSR 0x00000002, GFSYNR0 0x00000000, GFSYNR1 0x0000000a, GFSYNR2 0x00000000");
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_TRUE(h.sink.faults[0].fault.complete);
  EXPECT_LE(h.sink.faults[0].iommu.size(), 256U);
  EXPECT_LE(h.sink.faults[0].raw[1].size(), 512U);
}

}  // namespace
}  // namespace xic
