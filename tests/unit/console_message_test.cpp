// One physical line -> messages.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/console/reader.h"

namespace xic {
namespace {

struct Message {
  std::string text;
  std::string raw;
  Speaker speaker = Speaker::unknown;
  Timestamp time;
  bool mid_line = false;
};

std::vector<Message> split(std::string_view line) {
  std::vector<Message> messages;
  split_messages(line, [&](const Line& found) {
    messages.push_back({std::string(found.text), std::string(found.raw), found.speaker, found.time,
                        found.mid_line});
    EXPECT_FALSE(found.repaired);
  });
  return messages;
}

std::size_t count(std::string_view line) {
  std::size_t messages = 0;
  split_messages(line, [&](const Line&) { ++messages; });
  return messages;
}

Message only(std::string_view line) {
  const auto messages = split(line);
  EXPECT_EQ(messages.size(), 1U) << line;
  return messages.empty() ? Message{} : messages.front();
}

constexpr std::string_view kFault =
    "smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x8424cb148, fsynr=0xb0001, "
    "cb=0";

TEST(ConsoleMessage, XenWithoutStamp) {
  const std::string line = "(XEN) " + std::string(kFault);
  const Message message = only(line);
  EXPECT_EQ(message.text, kFault);
  EXPECT_EQ(message.raw, line);
  EXPECT_EQ(message.speaker, Speaker::xen);
  EXPECT_EQ(message.time.clock, Clock::none);
  EXPECT_FALSE(message.mid_line);
}

TEST(ConsoleMessage, XenWithEachStamp) {
  EXPECT_EQ(only("(XEN) [    3.378169] smmu: x").time.clock, Clock::xen_boot);
  EXPECT_EQ(only("(XEN) [2026-11-23 09:15:02] smmu: x").time.clock, Clock::xen_wall);
  EXPECT_EQ(only("(XEN) [2026-11-23 09:15:02.114] smmu: x").time.clock, Clock::xen_wall);
  EXPECT_EQ(only("(XEN) [0000001b1ffedeb8] smmu: x").time.clock, Clock::xen_cycles);
  EXPECT_EQ(only("(XEN) [2026-13-23 09:15:02] smmu: x").text, "[2026-13-23 09:15:02] smmu: x");
}

TEST(ConsoleMessage, KeepsTabsAndIndentationOfXen) {
  EXPECT_EQ(only("(XEN) smmu: /a: \tGFSR 0x00000004").text, "smmu: /a: \tGFSR 0x00000004");
  EXPECT_EQ(only("(XEN)   2 frames (64 max)").text, "  2 frames (64 max)");
}

TEST(ConsoleMessage, GuestTextStaysXens) {
  EXPECT_EQ(only("(XEN) (d1) smmu: forged").text, "(d1) smmu: forged");
  EXPECT_EQ(only("(XEN) DOM1: smmu: forged").text, "DOM1: smmu: forged");
  EXPECT_EQ(only("(XEN) DOM1: smmu: forged").speaker, Speaker::xen);
}

TEST(ConsoleMessage, TagNeedsItsBlank) {
  EXPECT_EQ(only("(XEN)smmu: x").speaker, Speaker::unknown);
  EXPECT_EQ(only("(XEN").speaker, Speaker::unknown);
  EXPECT_TRUE(split("(XEN)").empty());
  EXPECT_TRUE(split("(XEN) ").empty());
  EXPECT_TRUE(split("").empty());
  EXPECT_TRUE(split("   \t").empty());
}

TEST(ConsoleMessage, DropsCarriageReturnsOnlyAtTheEnd) {
  EXPECT_EQ(only("(XEN) smmu: x\r").text, "smmu: x");
  EXPECT_EQ(only("(XEN) smmu: x\r\r").raw, "(XEN) smmu: x");
  const Message inner = only("(XEN) DOM1: a\rsmmu: x");
  EXPECT_EQ(inner.text, "DOM1: a\rsmmu: x");
  // Serial lines that end in LF CR leave the CR to the next line.
  EXPECT_FALSE(only("\r(XEN) smmu: x").mid_line);
}

TEST(ConsoleMessage, KeepsNulBytes) {
  EXPECT_EQ(only(std::string_view("(XEN) a\0b", 9)).text, std::string("a\0b", 3));
}

TEST(ConsoleMessage, TextBeforeTheTagMakesTheAuthorUncertain) {
  const auto messages = split("zcu102:/media/card$ (XEN) [   12.000001] smmu: x");
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].speaker, Speaker::unknown);
  EXPECT_EQ(messages[0].text, "zcu102:/media/card$ ");
  EXPECT_FALSE(messages[0].mid_line);
  EXPECT_EQ(messages[1].speaker, Speaker::xen);
  EXPECT_EQ(messages[1].text, "smmu: x");
  EXPECT_EQ(messages[1].time.value, 12'000'001'000U);
  EXPECT_TRUE(messages[1].mid_line);
  EXPECT_EQ(messages[1].raw, "zcu102:/media/card$ (XEN) [   12.000001] smmu: x");
}

TEST(ConsoleMessage, GluedXenMessages) {
  const auto messages = split("(XEN) [    1.000000] DOM1: log(XEN) [    2.000000] smmu: x(XEN)");
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].text, "DOM1: log");
  EXPECT_FALSE(messages[0].mid_line);
  EXPECT_EQ(messages[1].text, "smmu: x");
  EXPECT_EQ(messages[1].time.value, 2'000'000'000U);
  EXPECT_TRUE(messages[1].mid_line);
}

// A guest with console focus gets a prefix for the first byte of its line and can write another.
TEST(ConsoleMessage, SecondTagRightBehindTheFirst) {
  const Message message = only("(XEN) (XEN) smmu: x");
  EXPECT_EQ(message.text, "smmu: x");
  EXPECT_TRUE(message.mid_line);
}

TEST(ConsoleMessage, TagBehindLinuxText) {
  const auto messages = split("[   68.290307] init: foo (XEN) smmu: x");
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].speaker, Speaker::dom0_kernel);
  EXPECT_EQ(messages[0].text, "init: foo ");
  EXPECT_TRUE(messages[1].mid_line);
  EXPECT_EQ(messages[1].time.clock, Clock::none);
  // A program in dom0 can write this through /dev/kmsg.
  EXPECT_TRUE(only("[   68.290307] (XEN) smmu: x").mid_line);
}

// Xen 4.17 and 4.20 print this at boot: the level stands in the text of a continued line.
TEST(ConsoleMessage, LevelInMidLine) {
  const auto messages = split(
      "(XEN) [    0.014525] smmu: /smmu@bff00000: \tmask 0x7fff<2>smmu: /smmu@bff00000: \t2 banks");
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].text, "smmu: /smmu@bff00000: \tmask 0x7fff");
  EXPECT_EQ(messages[1].text, "smmu: /smmu@bff00000: \t2 banks");
  EXPECT_EQ(messages[1].speaker, Speaker::xen);
  EXPECT_EQ(messages[1].time.clock, Clock::none);
  EXPECT_TRUE(messages[1].mid_line);
}

TEST(ConsoleMessage, LevelOfEachDriver) {
  for (const std::string_view name : {"smmu: ", "SMMUv3: ", "ipmmu: ", "AMD-Vi: ", "[VT-D]"}) {
    const std::string line = "(XEN) a<0>" + std::string(name) + "b";
    EXPECT_EQ(split(line).size(), 2U) << line;
  }
  EXPECT_EQ(count("(XEN) a<8>smmu: b"), 1U);
  EXPECT_EQ(split("(XEN) a<2> smmu: b").size(), 1U);
  EXPECT_EQ(split("(XEN) a<<2>macb b").size(), 1U);
  EXPECT_EQ(split("(XEN) a<2").size(), 1U);
}

TEST(ConsoleMessage, LevelAndTagInEitherOrder) {
  auto messages = split("(XEN) a<2>smmu: b(XEN) c<3>smmu: d");
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[1].text, "smmu: b");
  EXPECT_EQ(messages[2].text, "c");
  EXPECT_EQ(messages[3].text, "smmu: d");
  EXPECT_EQ(messages[3].speaker, Speaker::xen);
  messages = split("login: <2>smmu: b");
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[1].speaker, Speaker::unknown);
  EXPECT_TRUE(messages[1].mid_line);
}

TEST(ConsoleMessage, LostPrefix) {
  const Message message = only("smmu: /smmu@fd800000: x");
  EXPECT_EQ(message.speaker, Speaker::unknown);
  EXPECT_FALSE(message.mid_line);
  EXPECT_EQ(only("<2>smmu: /smmu@fd800000: x").text, "smmu: /smmu@fd800000: x");
  EXPECT_EQ(only("<2>smmu: /smmu@fd800000: x").speaker, Speaker::unknown);
}

TEST(ConsoleMessage, LinuxUptime) {
  const Message message = only("[   68.290307] macb ff0e0000.ethernet eth0: x");
  EXPECT_EQ(message.speaker, Speaker::dom0_kernel);
  EXPECT_EQ(message.time.clock, Clock::dom0_uptime);
  EXPECT_EQ(message.time.value, 68'290'307'000U);
  EXPECT_EQ(message.text, "macb ff0e0000.ethernet eth0: x");
  EXPECT_EQ(only("[   18.101625]   ESR = 0x96000004").text, "  ESR = 0x96000004");
}

TEST(ConsoleMessage, DmesgOptions) {
  EXPECT_EQ(only("<6>[    1.000000] a").speaker, Speaker::dom0_kernel);
  EXPECT_EQ(only("<6>[    1.000000] a").text, "a");
  EXPECT_EQ(only("kern  :err   : [    1.000000] a").text, "a");
  EXPECT_EQ(only("kernel: a").speaker, Speaker::dom0_kernel);
  EXPECT_EQ(only("[    1.000000] zcu102 kernel: a").text, "a");
  EXPECT_EQ(only("[    1.000000] not a kernel: a").text, "not a kernel: a");
  EXPECT_EQ(only("[Thu Nov 23 09:15:02 2026] a b: c").text, "a b: c");
  EXPECT_EQ(only("<6> a").text, "<6> a");
  EXPECT_EQ(only("<1234>[    1.000000] a").speaker, Speaker::unknown);
  EXPECT_EQ(only("kernel a").text, "kernel a");
  EXPECT_EQ(only("kern a").text, "kern a");
}

TEST(ConsoleMessage, LogDaemonsInFrontOfLinux) {
  for (const std::string_view prefix :
       {"Aug 26 09:19:28 host kernel: ", "Nov  3 09:15:02 host kernel: ",
        "Nov 23 09:15:02.123456 host kernel: ", "2026-11-23T09:15:02.123456+00:00 host kernel: ",
        "2026-11-23T09:15:02+0000 host kernel: ", "2026-11-23T09:15:02Z host kernel: ",
        "2026-11-23 09:15:02,123 host kernel: ", "Mon 2026-11-23 09:15:02 UTC host kernel: ",
        "Nov 23 09:15:02 kernel: "}) {
    const std::string start(prefix);
    const Message stamped = only(start + "[   68.290307] macb x: DMA bus error");
    EXPECT_EQ(stamped.speaker, Speaker::dom0_kernel) << prefix;
    EXPECT_EQ(stamped.time.value, 68'290'307'000U) << prefix;
    EXPECT_EQ(stamped.text, "macb x: DMA bus error") << prefix;
    const Message bare = only(start + "macb x: DMA bus error");
    EXPECT_EQ(bare.speaker, Speaker::dom0_kernel) << prefix;
    EXPECT_EQ(bare.time.clock, Clock::none) << prefix;
    EXPECT_EQ(bare.text, "macb x: DMA bus error") << prefix;
  }
}

TEST(ConsoleMessage, LogDaemonsInFrontOfXen) {
  for (const std::string_view prefix :
       {"Oct 14 09:19:28 VM hypervisor: ", "Oct 14 09:19:28 host xenconsoled[412]: ",
        "Oct 14 09:19:28 host kernel: ", "Oct 14 09:19:28 host ", "Oct 14 09:19:28 ",
        "[2026-11-23 09:15:02] ", "[09:15:02.123] ", "09:15:02 ", "2026-11-23T09:15:02 ", "  ",
        "\t", "> Oct 14 09:19:28 VM hypervisor: "}) {
    const Message message = only(std::string(prefix) + "(XEN) [    3.378169] smmu: x");
    EXPECT_EQ(message.speaker, Speaker::xen) << prefix;
    EXPECT_EQ(message.text, "smmu: x") << prefix;
    EXPECT_EQ(message.time.clock, Clock::xen_boot) << prefix;
    EXPECT_FALSE(message.mid_line) << prefix;
  }
}

TEST(ConsoleMessage, RawKeepsTheLogDaemonsPrefix) {
  EXPECT_EQ(only("Oct 14 09:19:28 VM hypervisor: (XEN) a").raw,
            "Oct 14 09:19:28 VM hypervisor: (XEN) a");
}

TEST(ConsoleMessage, WhatLooksLikeALogDaemonButIsNone) {
  // Driver and device are no host and program.
  EXPECT_EQ(only("Oct 14 09:19:28 arm-smmu 5000000.iommu: x").text, "arm-smmu 5000000.iommu: x");
  EXPECT_EQ(only("Oct 14 09:19:28 (XEN) xenstored: x").text, "xenstored: x");
  for (const std::string_view line :
       {"Okt 14 09:19:28 host kernel: x", "Oct 14 25:19:28 host kernel: x",
        "Oct 14 09:19 host kernel: x", "Oct 140 09:19:28 host kernel: x",
        "Oct 14 09:19:28x host kernel: x", "Oct", "0x12", "0x12 |", "0x12 |  12.", "0x12 | a",
        "[2026-11-23 09:15:02 x", "2026-11-23", "Mon "}) {
    const Message message = only(line);
    EXPECT_EQ(message.speaker, Speaker::unknown) << line;
  }
  EXPECT_EQ(only("Oct 14 09:19:28 host prog[x]: y").text, "host prog[x]: y");
  EXPECT_EQ(only("Oct 14 09:19:28 host prog[12]: y").text, "y");
}

TEST(ConsoleMessage, VendorToolsPrefix) {
  EXPECT_EQ(only("0x000000000277BBFA |   1263.468579:   arm-smmu 15000000.iommu: x").text,
            "arm-smmu 15000000.iommu: x");
}

TEST(ConsoleMessage, MailQuoting) {
  for (const std::string_view quote : {"> ", ">", ">> ", "> > ", " > > > ", "  > "}) {
    const Message message = only(std::string(quote) + "(XEN) smmu: x");
    EXPECT_EQ(message.speaker, Speaker::xen) << quote;
    EXPECT_EQ(message.raw, "(XEN) smmu: x") << quote;
    EXPECT_FALSE(message.mid_line) << quote;
  }
}

TEST(ConsoleMessage, QuotingLeavesTheIndentationOfTreesInRaw) {
  const Message plain = only("    vif = \"\"");
  EXPECT_EQ(plain.raw, "    vif = \"\"");
  EXPECT_EQ(plain.text, "vif = \"\"");
  EXPECT_EQ(only(">     vif = \"\"").raw, plain.raw);
  EXPECT_EQ(only("> >     vif = \"\"\r").raw, plain.raw);
}

TEST(ConsoleMessage, HostileLinesStayLinear) {
  // Each of these would take minutes if any search began anew for every message.
  std::string tags;
  std::string levels = "(XEN) ";
  for (int i = 0; i < 200'000; ++i) tags += "(XEN) a";
  for (int i = 0; i < 200'000; ++i) levels += "<2>smmu: ";
  EXPECT_EQ(count(tags), 200'000U);
  EXPECT_EQ(count(levels), 200'000U);
  EXPECT_EQ(count(std::string(1'000'000, '(')), 1U);
  EXPECT_EQ(count(std::string(1'000'000, '<')), 1U);
  EXPECT_EQ(count(std::string(1'000'000, '>')), 0U);
  EXPECT_EQ(count(std::string(1'000'000, ' ')), 0U);
}

}  // namespace
}  // namespace xic
