#include <gtest/gtest.h>

#include <array>
#include <string>

#include "fault_test_support.h"

namespace xic {
namespace {

using test::Harness;

const std::string kNode = "SMMUv3: /iommu@fc900000: ";

/// Stage 2 translation fault of stream 0x31: RnW, S2, input address class.
constexpr std::array<std::string_view, 4> kWords = {"\t0x0000003100000010", "\t0x0000028800000000",
                                                    "\t0x00000008424cb148", "\t0x00000008424cb000"};

void event(Harness* h, const std::string& prefix, std::size_t words = 4) {
  h->xen(prefix + "event 0x10 received:");
  for (std::size_t i = 0; i < words; ++i) h->xen(prefix + std::string(kWords[i]));
}

TEST(FaultSmmuv3, EventOfFiveLines) {
  Harness h;
  event(&h, kNode, 3);
  EXPECT_TRUE(h.sink.faults.empty());
  h.xen(kNode + std::string(kWords[3]));
  ASSERT_EQ(h.sink.faults.size(), 1U);
  const auto& [fault, iommu, device, reason, raw] = h.sink.faults[0];
  EXPECT_EQ(fault.kind, FaultKind::smmuv3_event);
  EXPECT_EQ(iommu, "/iommu@fc900000");
  EXPECT_EQ(fault.stream_id, 0x31U);
  EXPECT_EQ(fault.iova, Iova{0x8424cb148});
  EXPECT_EQ(fault.access, Access::read);
  EXPECT_EQ(fault.privileged, false);
  EXPECT_TRUE(fault.complete);
  EXPECT_EQ(raw.size(), 5U);
  EXPECT_EQ(fault.registers.get("event"), 0x10U);
  EXPECT_EQ(fault.registers.get("evt2"), 0x8424cb148U);
  EXPECT_EQ(classify(fault.kind, fault.registers), FaultClass::translation);
}

TEST(FaultSmmuv3, AccessSenseAndInstruction) {
  Harness h;
  h.xen(kNode + "event 0x13 received:");
  for (const char* word : {"\t0x0000000700000013", "\t0x0000020200000000", "\t0x0000000000001000",
                           "\t0x0000000000001000"}) {
    h.xen(kNode + word);
  }
  h.xen(kNode + "event 0x10 received:");
  for (const char* word : {"\t0x0000000700000010", "\t0x0000000c00000000", "\t0x0000000000001000",
                           "\t0x0000000000001000"}) {
    h.xen(kNode + word);
  }
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].fault.access, Access::write);
  EXPECT_EQ(h.sink.faults[0].fault.privileged, true);
  EXPECT_EQ(h.sink.faults[1].fault.access, Access::instruction);
}

TEST(FaultSmmuv3, ConfigurationEventsHaveNoAddress) {
  Harness h;
  h.xen(kNode + "event 0x02 received:");
  for (int i = 0; i < 4; ++i)
    h.xen(kNode + (i == 0 ? "\t0x0000090000000002" : "\t0x0000000000001000"));
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_EQ(h.sink.faults[0].fault.stream_id, 0x900U);
  EXPECT_FALSE(h.sink.faults[0].fault.iova);
  EXPECT_EQ(h.sink.faults[0].fault.access, Access::unknown);
}

TEST(FaultSmmuv3, ImplementationDefinedEventsAreNotDecoded) {
  Harness h;
  h.xen(kNode + "event 0xe0 received:");
  for (int i = 0; i < 4; ++i)
    h.xen(kNode + (i == 0 ? "\t0x00000900000000e0" : "\t0x0000000000001000"));
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_FALSE(h.sink.faults[0].fault.stream_id);
  EXPECT_FALSE(h.sink.faults[0].fault.iova);
}

TEST(FaultSmmuv3, TwoNodesInterleaved) {
  Harness h;
  const std::string other = "SMMUv3: /iommu@2: ";
  h.xen(kNode + "event 0x10 received:");
  h.xen(other + "event 0x10 received:");
  for (std::size_t i = 0; i < 4; ++i) {
    h.xen(other + std::string(kWords[i]));
    h.xen("smmu: /s: Unhandled context fault: iova=0x1, fsynr=0x1, cb=0");
    h.xen(kNode + std::string(kWords[i]));
  }
  ASSERT_EQ(h.sink.faults.size(), 6U);
  EXPECT_EQ(h.sink.faults[3].iommu, "/iommu@2");
  EXPECT_EQ(h.sink.faults[5].iommu, "/iommu@fc900000");
  EXPECT_TRUE(h.sink.faults[5].fault.complete);
}

TEST(FaultSmmuv3, MissingWords) {
  Harness h;
  event(&h, kNode, 2);
  event(&h, kNode);  // The next record ends the wait.
  event(&h, kNode, 0);
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 3U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_EQ(h.sink.faults[0].fault.stream_id, 0x31U);
  EXPECT_EQ(h.sink.faults[0].fault.access, Access::read);
  EXPECT_FALSE(h.sink.faults[0].fault.iova);
  EXPECT_TRUE(h.sink.faults[1].fault.complete);
  EXPECT_FALSE(h.sink.faults[2].fault.complete);
  EXPECT_EQ(classify(FaultKind::smmuv3_event, h.sink.faults[2].fault.registers),
            FaultClass::translation);
}

TEST(FaultSmmuv3, FirstWordLost) {
  Harness h;
  h.xen(kNode + "event 0x10 received:");
  for (std::size_t i = 1; i < 4; ++i) h.xen(kNode + std::string(kWords[i]));
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_FALSE(h.sink.faults[0].fault.stream_id);
  EXPECT_FALSE(h.sink.faults[0].fault.iova);
}

TEST(FaultSmmuv3, WordsWithoutHeader) {
  Harness h;
  for (const auto word : kWords) h.xen(kNode + std::string(word));
  ASSERT_EQ(h.sink.faults.size(), 1U);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_EQ(h.sink.faults[0].fault.iova, Iova{0x8424cb148});
  EXPECT_EQ(h.parser.damaged_lines(), 0U);
  // The tail of a record whose beginning the ring has lost, then a whole one.
  h.xen(kNode + std::string(kWords[2]));
  h.xen(kNode + std::string(kWords[3]));
  event(&h, kNode);
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_TRUE(h.sink.faults[1].fault.complete);
  EXPECT_EQ(h.parser.damaged_lines(), 1U);
}

TEST(FaultSmmuv3, BrokenWords) {
  Harness h;
  h.xen(kNode + "\t0x00000031");
  EXPECT_EQ(h.parser.damaged_lines(), 1U);
  EXPECT_EQ(h.xen(kNode + "0x10 things were done"), Consumed::no);
  h.xen(kNode + "event 0xzz received:");
  EXPECT_EQ(h.parser.damaged_lines(), 2U);
  EXPECT_TRUE(h.sink.faults.empty());
}

TEST(FaultSmmuv3, SkippedCommandIsNoEvent) {
  Harness h;
  h.xen(kNode + "event 0x10 received:");
  h.xen(kNode + std::string(kWords[0]));
  h.xen(kNode + "unexpected global error reported (0x00000001), this could be serious");
  h.xen(kNode + "CMDQ error (cons 0x01000042): Illegal command");
  h.xen(kNode + "skipping command in error state:");
  h.xen(kNode + "\t0x0000000000000046");
  h.xen(kNode + "\t0x0000000000000000");
  for (std::size_t i = 1; i < 4; ++i) h.xen(kNode + std::string(kWords[i]));
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 2U);
  EXPECT_EQ(h.sink.faults[0].fault.kind, FaultKind::smmuv3_gerror);
  EXPECT_EQ(h.sink.faults[0].fault.registers.get("gerror"), 1U);
  EXPECT_EQ(h.sink.faults[1].fault.iova, Iova{0x8424cb148});
  EXPECT_TRUE(h.sink.faults[1].fault.complete);
  h.xen(kNode + "skipping command in error state:");
  h.parser.finish();
  EXPECT_EQ(h.sink.faults.size(), 2U);
}

TEST(FaultSmmuv3, PageRequest) {
  Harness h;
  h.xen(kNode + "unexpected PRI request received:");
  h.xen(kNode + "\tsid 0x00000031.0x00002: [5L] unprivileged RW access at iova 0x00000008424cb000");
  h.xen(kNode + "unexpected PRI request received:");
  h.xen(kNode + "\tsid 0x00000032.0x00000: [5] privileged X access at iova 0x0000000000001000");
  ASSERT_EQ(h.sink.faults.size(), 2U);
  const Fault& fault = h.sink.faults[0].fault;
  EXPECT_EQ(h.sink.faults[0].reason, "unexpected PRI request");
  EXPECT_EQ(fault.stream_id, 0x31U);
  EXPECT_EQ(fault.registers.get("ssid"), 2U);
  EXPECT_EQ(fault.access, Access::write);
  EXPECT_EQ(fault.privileged, false);
  EXPECT_EQ(fault.iova, Iova{0x8424cb000});
  EXPECT_TRUE(fault.complete);
  EXPECT_EQ(classify(fault.kind, fault.registers), FaultClass::other);
  EXPECT_EQ(h.sink.faults[1].fault.access, Access::instruction);
  EXPECT_EQ(h.sink.faults[1].fault.privileged, true);
}

TEST(FaultSmmuv3, PageRequestHalves) {
  Harness h;
  h.xen(kNode + "\tsid 0x00000031.0x00000: [0] unprivileged R access at iova 0x0000000000001000");
  h.xen(kNode + "\tsid 0x00000031.0x00000: [0] unprivileged R acc");
  h.xen(kNode + "\tsid 0x");
  h.xen(kNode + "unexpected PRI request received:");
  h.parser.finish();
  ASSERT_EQ(h.sink.faults.size(), 3U);
  EXPECT_EQ(h.sink.faults[0].fault.access, Access::read);
  EXPECT_FALSE(h.sink.faults[0].fault.complete);
  EXPECT_FALSE(h.sink.faults[1].fault.iova);
  EXPECT_FALSE(h.sink.faults[2].fault.stream_id);
  EXPECT_FALSE(h.sink.faults[2].fault.complete);
  EXPECT_EQ(h.parser.damaged_lines(), 1U);
}

TEST(FaultSmmuv3, EveryBlankIsAPlaceToWrap) {
  const std::string texts[] = {
      kNode + "event 0x10 received:",
      kNode + "unexpected global error reported (0x00000001), this could be serious",
      kNode + "unexpected PRI request received:",
      kNode + "sid 0x00000031.0x00002: [5L] unprivileged RW access at iova 0x00000008424cb000",
      kNode + "CMD_SYNC timeout",
  };
  for (const std::string& text : texts) {
    for (std::size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at + 1)) {
      // All that is needed of a global error stands before its comma.
      if (at > text.find("),")) break;
      Harness h;
      EXPECT_EQ(h.xen(text.substr(0, at), false), Consumed::needs_more) << text.substr(0, at);
      EXPECT_EQ(h.xen(text, false), Consumed::yes) << text;
      h.parser.finish();
      EXPECT_EQ(h.sink.faults.size() + h.sink.events.size(), 1U) << text.substr(0, at);
    }
  }
}

TEST(FaultSmmuv3, DetailsOfAGlobalErrorAreNotFaults) {
  Harness h;
  for (const char* text :
       {"device has entered Service Failure Mode!", "EVTQ MSI write aborted",
        "GERROR MSI write aborted", "ias 48-bit, oas 48-bit (features 0x00001c0f)",
        "allocated 524288 entries for cmdq"}) {
    h.xen(kNode + text);
  }
  h.parser.finish();
  EXPECT_TRUE(h.sink.faults.empty());
  EXPECT_TRUE(h.sink.events.empty());
  EXPECT_EQ(h.parser.damaged_lines(), 0U);
}

}  // namespace
}  // namespace xic
