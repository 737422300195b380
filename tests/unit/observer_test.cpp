#include "core/observer.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/pipeline_test_support.h"

namespace xic {
namespace {

using testing::arm_boot;
using testing::judge;

constexpr std::string_view kFault =
    "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x8424cb148, "
    "fsynr=0xb0001, cb=0\n";

std::string dump_with(const char* frame, const char* ref = "0x01a", bool end = true) {
  std::string text =
      "(XEN) gnttab_usage_print_all [ key 'g' pressed\n"
      "(XEN)       -------- active --------       -------- shared --------\n"
      "(XEN) [ref] localdom mfn      pin          localdom gmfn     flags\n"
      "(XEN) grant-table for remote d1 (v1)\n"
      "(XEN)   2 frames (64 max), 0 maptrack frames (1024 max)\n";
  text +=
      "(XEN) [" + std::string(ref) + "]      0 " + frame + " 0x00000100          0 0x048175 0x19\n";
  if (end) text += "(XEN) gnttab_usage_print_all ] done\n";
  return text;
}

TEST(Observer, AFaultIsSeenInWhateverPortionsItsBytesCome) {
  const std::string text = arm_boot("4.14.1", "") + std::string(kFault);
  for (std::size_t size : {1U, 2U, 7U, 64U, 4096U}) {
    Observer observer;
    observer.begin_input({.name = "x"});
    for (std::size_t at = 0; at < text.size(); at += size) {
      observer.feed(std::string_view(text).substr(at, size));
    }
    observer.end_input();
    const Facts facts = observer.snapshot();
    ASSERT_EQ(facts.faults.size(), 1U) << size;
    EXPECT_EQ(facts.faults[0].iova, Iova{0x8424cb148});
    EXPECT_EQ(facts.hypervisor.version->value.text(), "4.14.1");
    EXPECT_EQ(facts.sources.at(0).bytes, text.size());
  }
}

TEST(Observer, AttributionIsFrozenWhenTheFaultArrives) {
  const std::string text =
      arm_boot("4.14.1", "") + dump_with("0x8424cb") + std::string(kFault) + dump_with("0x8424cc");
  const Facts facts = judge(text).facts;
  ASSERT_EQ(facts.faults.size(), 1U);
  EXPECT_TRUE(facts.faults[0].before.found);
  EXPECT_EQ(facts.faults[0].before.ref, GrantRef{0x1a});
  EXPECT_TRUE(facts.faults[0].after.asked);
  EXPECT_FALSE(facts.faults[0].after.found);
}

TEST(Observer, ALaterMemberMakesTheDumpAfterwardsStale) {
  const std::string text =
      arm_boot("4.14.1", "") + std::string(kFault) + dump_with("0x8424cb") + std::string(kFault);
  const Facts facts = judge(text).facts;
  ASSERT_EQ(facts.faults.size(), 1U);
  EXPECT_EQ(facts.faults[0].count, 2U);
  EXPECT_FALSE(facts.faults[0].before.asked) << "frozen at the first member";
  EXPECT_FALSE(facts.faults[0].after.asked);
  EXPECT_FALSE(facts.faults[0].sightings_differ) << "both saw the same grant";
}

TEST(Observer, AMemberUnderAnotherGrantThanTheDumpBetweenIsNoted) {
  const std::string text = arm_boot("4.14.1", "") + std::string(kFault) + dump_with("0x8424cb") +
                           dump_with("0x8424cb", "0x01b") + std::string(kFault);
  EXPECT_TRUE(judge(text).facts.faults.at(0).sightings_differ);
}

TEST(Observer, AMemberUnderAnotherGrantIsNoted) {
  const std::string text = arm_boot("4.14.1", "") + dump_with("0x8424cb") + std::string(kFault) +
                           dump_with("0x8424cb", "0x01b") + std::string(kFault);
  EXPECT_TRUE(judge(text).facts.faults.at(0).sightings_differ);
}

TEST(Observer, AMemberAfterTheGrantIsGoneIsNoted) {
  const std::string text = arm_boot("4.14.1", "") + dump_with("0x8424cb") + std::string(kFault) +
                           dump_with("0x8424cc") + std::string(kFault);
  EXPECT_TRUE(judge(text).facts.faults.at(0).sightings_differ);
}

TEST(Observer, ATruncatedDumpAnswersNothing) {
  const std::string text =
      arm_boot("4.14.1", "") + dump_with("0x8424cb", "0x01a", false) + std::string(kFault);
  const Facts facts = judge(text).facts;
  EXPECT_FALSE(facts.faults.at(0).before.asked);
  EXPECT_EQ(facts.damaged_dumps, 1U);
  ASSERT_TRUE(facts.latest_dump.has_value());
  EXPECT_FALSE(facts.latest_dump->complete());
}

TEST(Observer, LostBytesDamageADumpUnderWay) {
  Observer observer;
  observer.set_mode(InputMode::live, true);
  observer.begin_input({.name = "ring", .repair_pastes = false});
  const std::string dump = dump_with("0x8424cb");
  observer.feed(std::string_view(dump).substr(0, 260));
  observer.note_lost_bytes(4096);
  observer.feed(std::string_view(dump).substr(260));
  observer.feed(kFault);
  observer.end_input();
  const Facts facts = observer.snapshot();
  EXPECT_EQ(facts.lost_console_bytes, 4096U);
  EXPECT_FALSE(facts.faults.at(0).before.asked);
}

TEST(Observer, ANewBootForgetsTheOldOnesGrantsAndNumbersItsFaults) {
  const std::string first = arm_boot("4.14.1", "") + dump_with("0x8424cb") + std::string(kFault);
  const std::string second = arm_boot("4.17.0", "") + std::string(kFault);
  const Facts facts = judge(first + second).facts;
  ASSERT_EQ(facts.faults.size(), 2U);
  EXPECT_EQ(facts.faults[0].boot, 0U);
  EXPECT_EQ(facts.faults[1].boot, 1U);
  EXPECT_FALSE(facts.faults[1].before.asked);
  EXPECT_EQ(facts.hypervisor.version->value.text(), "4.17.0");
}

TEST(Observer, LinuxFaultsAreKeptApart) {
  const Facts facts =
      judge(
          "[    7.830005] arm-smmu d00000.iommu: Unhandled context fault: fsr=0x402, "
          "iova=0x834e0d00, fsynr=0x21, cbfrsynra=0x0, cb=0\n")
          .facts;
  EXPECT_TRUE(facts.faults.empty());
  EXPECT_EQ(facts.foreign_faults.size(), 1U);
  EXPECT_FALSE(facts.hypervisor.seen);
}

TEST(Observer, ALineJoinedToACutFaultInVainIsReadByItself) {
  const Facts facts = judge(
                          "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402,\n"
                          "macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK\n")
                          .facts;
  ASSERT_EQ(facts.faults.size(), 1U);
  EXPECT_FALSE(facts.faults[0].complete);
  EXPECT_EQ(facts.dom0_errors.size(), 1U);
}

TEST(Observer, EveryLineOfADumpIsReadWhateverItHolds) {
  std::string text =
      "(XEN) gnttab_usage_print_all [ key 'g' pressed\n"
      "(XEN) grant-table for remote d12 (v1)\n"
      "(XEN)   2 frames (64 max), 0 maptrack frames (1024 max)\n"
      "(XEN) [0x208]  12345 0x97f75 0x00000001      12345 0x048175 0x19\n"
      "(XEN) gnttab_usage_print_all ] done\n";
  const Facts facts = judge(text).facts;
  ASSERT_TRUE(facts.latest_dump.has_value());
  ASSERT_EQ(facts.latest_dump->grants.size(), 1U);
  EXPECT_EQ(facts.latest_dump->grants[0].grantee, DomId{12345});
}

TEST(Observer, XenLinesCanBeSkippedWhereAnotherTextDeliveredThem) {
  Observer observer;
  observer.begin_input({.name = "serial", .skip_xen_lines = true});
  observer.feed(kFault);
  observer.feed("[   68.290307] macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK\n");
  observer.end_input();
  const Facts facts = observer.snapshot();
  EXPECT_TRUE(facts.faults.empty());
  EXPECT_EQ(facts.dom0_errors.size(), 1U);
}

TEST(Observer, AnyXenPrefixIsATraceOfXen) {
  EXPECT_TRUE(judge("(XEN) hello\n").facts.hypervisor.seen);
  EXPECT_FALSE(judge("hello\n").facts.hypervisor.seen);
}

TEST(Observer, IdentitiesOverTheBoundAreCountedAndNamed) {
  std::string text = arm_boot("4.14.1", "");
  for (int i = 0; i < 1030; ++i) {
    char line[160];
    std::snprintf(line, sizeof line,
                  "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x%x000, "
                  "fsynr=0x1, cb=0\n",
                  0x80000 + i);
    text += line;
  }
  const Facts facts = judge(text).facts;
  EXPECT_EQ(facts.faults.size(), 1024U);
  ASSERT_FALSE(facts.limits.empty());
  EXPECT_EQ(facts.limits[0].id, "groups_overflow");
}

TEST(Observer, EventsAreFoldedAndBounded) {
  std::string text;
  for (int i = 0; i < 3; ++i) text += "(XEN) SMMUv3: /soc/iommu@fa000000: CMD_SYNC timeout\n";
  const Facts facts = judge(text).facts;
  ASSERT_EQ(facts.events.size(), 1U);
  EXPECT_EQ(facts.events[0].count, 3U);
}

TEST(Observer, TextsThatGrowSideBySideAreKeptApart) {
  Observer observer;
  observer.set_mode(InputMode::live, true);
  const auto console = observer.open_input({.name = "console"});
  const auto kernel = observer.open_input({.name = "kernel log"});
  const std::size_t middle = kFault.size() / 2;
  observer.feed(console, kFault.substr(0, middle));
  observer.feed(kernel,
                "[   68.290307] macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK\n");
  observer.feed(console, kFault.substr(middle));
  const Facts facts = observer.snapshot();
  ASSERT_EQ(facts.faults.size(), 1U);
  EXPECT_EQ(facts.faults[0].count, 1U);
  ASSERT_EQ(facts.dom0_errors.size(), 1U);
  ASSERT_EQ(facts.sources.size(), 2U);
  EXPECT_EQ(facts.sources[0].bytes, kFault.size());
}

TEST(Observer, AClosedInputTakesNothingAndItsNumberServesAgain) {
  Observer observer;
  const auto first = observer.open_input({.name = "one"});
  observer.feed(first, kFault.substr(0, kFault.size() - 1));  // Its last line has no end.
  observer.close_input(first);
  observer.feed(first, kFault);
  EXPECT_EQ(observer.snapshot().faults.at(0).count, 1U);
  EXPECT_EQ(observer.open_input({.name = "two"}), first);
}

struct Heard final : FaultListener {
  std::vector<std::pair<std::optional<std::size_t>, bool>> calls;
  std::vector<Iova> addresses;
  void on_fault(const Fault& fault, std::optional<std::size_t> group, bool first) override {
    calls.emplace_back(group, first);
    addresses.push_back(fault.iova.value_or(Iova{}));
  }
};

TEST(Observer, AListenerHearsEachFaultOfXensAtOnce) {
  Observer observer;
  Heard heard;
  observer.set_listener(&heard);
  observer.begin_input({.name = "x"});
  observer.feed(kFault);
  ASSERT_EQ(heard.calls.size(), 1U) << "before anything else is read";
  observer.feed(kFault);
  observer.feed(
      "[    1.0] arm-smmu fd800000.smmu: Unhandled context fault: fsr=0x402, iova=0x1000, "
      "fsynr=0x1, cbfrsynra=0x877, cb=0\n");
  using Call = std::pair<std::optional<std::size_t>, bool>;
  EXPECT_EQ(heard.calls, (std::vector<Call>{{0, true}, {0, false}})) << "Linux's own are foreign";
  EXPECT_EQ(heard.addresses[0], Iova{0x8424cb148});
}

TEST(Observer, SettlingTakesHalfAnEventAsItIs) {
  Observer observer;
  observer.set_mode(InputMode::live, true);
  const auto console = observer.open_input({.name = "console", .repair_pastes = false});
  observer.feed(console,
                "(XEN) smmu: /smmu@fd800000: Unexpected global fault, this could be serious\n");
  EXPECT_TRUE(observer.snapshot().faults.empty()) << "its registers may be on their way";
  observer.settle();
  const Facts facts = observer.snapshot();
  ASSERT_EQ(facts.faults.size(), 1U);
  EXPECT_FALSE(facts.faults[0].complete);
}

}  // namespace
}  // namespace xic
