#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault/fault.h"

namespace xic {
namespace {

RegisterSet one(std::string_view name, std::uint64_t value, std::uint8_t digits = 0) {
  RegisterSet set;
  set.add(name, value, digits);
  return set;
}

std::vector<std::string_view> names(std::initializer_list<std::string_view> list) {
  return list;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(FaultRegisters, ClassOfAContextFault) {
  const struct {
    std::uint64_t fsr;
    FaultClass expected;
  } cases[] = {
      {0x2, FaultClass::translation},
      {0x402, FaultClass::translation},
      {0x80000402, FaultClass::translation},  // MULTI does not matter,
      {0xc0000602, FaultClass::translation},  // nor do SS and FORMAT.
      {0x8, FaultClass::permission},
      {0x4, FaultClass::access_flag},
      {0x80, FaultClass::address_size},
      {0x10, FaultClass::external_abort},
      {0x20, FaultClass::tlb_conflict},
      {0x60, FaultClass::tlb_conflict},
      {0x100, FaultClass::unsupported},
      {0xa, FaultClass::mixed},
      {0x12, FaultClass::mixed},
      {0x6, FaultClass::mixed},
      {0x402 | 0x100, FaultClass::mixed},
      {0x80000400, FaultClass::other},
      {0, FaultClass::other},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(classify(FaultKind::smmuv2_context, one("fsr", c.fsr)), c.expected) << c.fsr;
  }
  EXPECT_EQ(classify(FaultKind::smmuv2_context, one("fsynr", 2)), FaultClass::other);
}

TEST(FaultRegisters, ClassOfAGlobalFault) {
  const struct {
    std::uint64_t gfsr;
    FaultClass expected;
  } cases[] = {
      {0x1, FaultClass::stream_disabled}, {0x80000002, FaultClass::stream_unknown},
      {0x4, FaultClass::stream_conflict}, {0x8, FaultClass::configuration},
      {0x30, FaultClass::configuration},  {0x40, FaultClass::external_abort},
      {0x80, FaultClass::permission},     {0x100, FaultClass::unsupported},
      {0x3, FaultClass::mixed},           {0x80000000, FaultClass::other},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(classify(FaultKind::smmuv2_global, one("gfsr", c.gfsr)), c.expected) << c.gfsr;
  }
}

TEST(FaultRegisters, ClassOfAnEvent) {
  const struct {
    std::uint64_t number;
    FaultClass expected;
  } cases[] = {
      {0x01, FaultClass::unsupported},     {0x02, FaultClass::stream_unknown},
      {0x03, FaultClass::configuration},   {0x04, FaultClass::stream_disabled},
      {0x05, FaultClass::other},           {0x06, FaultClass::stream_disabled},
      {0x07, FaultClass::stream_disabled}, {0x08, FaultClass::configuration},
      {0x09, FaultClass::configuration},   {0x0a, FaultClass::configuration},
      {0x0b, FaultClass::external_abort},  {0x10, FaultClass::translation},
      {0x11, FaultClass::address_size},    {0x12, FaultClass::access_flag},
      {0x13, FaultClass::permission},      {0x20, FaultClass::tlb_conflict},
      {0x21, FaultClass::configuration},   {0x24, FaultClass::other},
      {0xe0, FaultClass::other},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(classify(FaultKind::smmuv3_event, one("event", c.number)), c.expected) << c.number;
    EXPECT_EQ(classify(FaultKind::smmuv3_event, one("evt0", 0x3100000000 | c.number)), c.expected);
  }
  EXPECT_EQ(classify(FaultKind::smmuv3_event, {}), FaultClass::other);
  EXPECT_EQ(classify(FaultKind::smmuv3_gerror, one("gerror", 1)), FaultClass::other);
}

TEST(FaultRegisters, ClassOfTheOthers) {
  EXPECT_EQ(classify(FaultKind::ipmmu, one("status", 0x1)), FaultClass::translation);
  EXPECT_EQ(classify(FaultKind::ipmmu, one("status", 0x1502)), FaultClass::permission);
  EXPECT_EQ(classify(FaultKind::ipmmu, one("status", 0x4)), FaultClass::external_abort);
  EXPECT_EQ(classify(FaultKind::ipmmu, one("mhit", 1)), FaultClass::tlb_conflict);
  EXPECT_EQ(classify(FaultKind::ipmmu, one("abort", 1)), FaultClass::external_abort);
  for (const std::uint64_t reason : {1U, 2U}) {
    EXPECT_EQ(classify(FaultKind::vtd, one("reason", reason)), FaultClass::translation);
  }
  for (const std::uint64_t reason : {5U, 6U}) {
    EXPECT_EQ(classify(FaultKind::vtd, one("reason", reason)), FaultClass::permission);
  }
  EXPECT_EQ(classify(FaultKind::vtd, one("reason", 4)), FaultClass::address_size);
  EXPECT_EQ(classify(FaultKind::vtd, one("reason", 0xa)), FaultClass::configuration);
  EXPECT_EQ(classify(FaultKind::vtd, one("reason", 0xd)), FaultClass::unsupported);
  EXPECT_EQ(classify(FaultKind::vtd, one("reason", 0x22)), FaultClass::other);
  EXPECT_EQ(classify(FaultKind::vtd, {}), FaultClass::other);
  EXPECT_EQ(classify(FaultKind::amdvi, one("flags", 0x20)), FaultClass::translation);
  EXPECT_EQ(classify(FaultKind::amdvi, one("flags", 0x50)), FaultClass::permission);
  EXPECT_EQ(classify(FaultKind::amdvi, one("flags", 0x80)), FaultClass::configuration);
  EXPECT_EQ(classify(FaultKind::amdvi, one("flags", 0x8)), FaultClass::other);
  EXPECT_EQ(classify(FaultKind::amdvi, {}), FaultClass::other);
}

TEST(FaultRegisters, FlagNames) {
  EXPECT_EQ(flag_names(FaultKind::smmuv2_context, one("fsr", 0x80000402)), names({"TF", "MULTI"}));
  EXPECT_EQ(flag_names(FaultKind::smmuv2_context, one("fsr", 0xc00001fe)),
            names({"TF", "PF", "AFF", "ASF", "EF", "TLBMCF", "TLBLKF", "UUT", "SS", "MULTI"}));
  EXPECT_EQ(flag_names(FaultKind::smmuv2_global, one("gfsr", 0x80000002)), names({"USF", "MULTI"}));
  EXPECT_EQ(flag_names(FaultKind::smmuv3_event, one("event", 0x10)), names({"F_TRANSLATION"}));
  EXPECT_EQ(flag_names(FaultKind::smmuv3_event, one("sid", 0x10)), names({"PRI"}));
  EXPECT_TRUE(flag_names(FaultKind::smmuv3_event, one("event", 0xe0)).empty());
  EXPECT_TRUE(flag_names(FaultKind::smmuv3_event, {}).empty());
  EXPECT_EQ(flag_names(FaultKind::smmuv3_gerror, one("gerror", 0x101)),
            names({"SFM_ERR", "CMDQ_ERR"}));
  EXPECT_EQ(flag_names(FaultKind::ipmmu, one("status", 0x17)),
            names({"TF", "PF", "ABORT", "MHIT"}));
  EXPECT_EQ(flag_names(FaultKind::ipmmu, one("mhit", 1)), names({"MHIT"}));
  EXPECT_EQ(flag_names(FaultKind::amdvi, one("flags", 0x50)), names({"PE", "PR"}));
  EXPECT_TRUE(flag_names(FaultKind::vtd, one("reason", 5)).empty());
}

TEST(FaultRegisters, TheSeedInWords) {
  RegisterSet set;
  set.add("fsr", 0x402);
  set.add("fsynr", 0xb0001);
  const auto lines = describe_registers(FaultKind::smmuv2_context, set);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "FSR 0x402: TF (translation fault: no entry), FORMAT 2 (AArch64)");
  EXPECT_TRUE(contains(lines[1], "FSYNR 0xb0001: WNR 0 (read), PLVL 1")) << lines[1];
  EXPECT_TRUE(contains(lines[1], "unprivileged, data")) << lines[1];
  EXPECT_TRUE(contains(lines[1], "S1CBNDX 0x0b (meaningless on a stage-2 bank")) << lines[1];
}

TEST(FaultRegisters, EveryFamilyInWords) {
  EXPECT_TRUE(contains(describe_registers(FaultKind::smmuv2_context, one("fsynr", 0xd73))[0],
                       "WNR 1 (write), PLVL 3"));
  const std::string rare = describe_registers(FaultKind::smmuv2_context, one("fsynr", 0xd60))[0];
  for (const std::string_view part : {"PNU", "IND", "NSATTR", "PTWF", "AFR"}) {
    EXPECT_TRUE(contains(rare, part)) << part;
  }
  EXPECT_TRUE(contains(describe_registers(FaultKind::smmuv2_context, one("cbfrsynra", 0x10877))[0],
                       "StreamID 0x877"));
  EXPECT_EQ(describe_registers(FaultKind::smmuv2_context, one("fsynr1", 0))[0], "FSYNR1 0x0");

  RegisterSet global;
  global.add("gfsr", 0x80000002, 8);
  global.add("gfsynr0", 0x3f, 8);
  global.add("gfsynr1", 0x1042a, 8);
  global.add("gfsynr2", 0, 8);
  const auto lines = describe_registers(FaultKind::smmuv2_global, global);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_TRUE(contains(lines[0], "GFSR 0x80000002: USF (")) << lines[0];
  EXPECT_TRUE(contains(lines[1], "WNR 1 (write), PNU (privileged), IND")) << lines[1];
  EXPECT_TRUE(contains(lines[1], "Nested, NSSTATE, NSATTR")) << lines[1];
  EXPECT_EQ(lines[2], "GFSYNR1 0x0001042a: StreamID 0x42a, SSD_Index 0x1");

  RegisterSet event;
  event.add("event", 0x10, 2);
  event.add("evt0", 0x0000003100002810, 16);
  event.add("evt1", 0x0000028e80000000, 16);
  event.add("evt2", 0x8424cb148, 16);
  event.add("evt3", 0x8424cb000, 16);
  const auto words = describe_registers(FaultKind::smmuv3_event, event);
  ASSERT_EQ(words.size(), 5U);
  EXPECT_TRUE(contains(words[0], "EVENT 0x10: F_TRANSLATION (translation fault")) << words[0];
  EXPECT_EQ(words[1], "EVT0 0x0000003100002810: StreamID 0x31, SubstreamID 0x2");
  EXPECT_TRUE(contains(words[2], "RnW 1 (read), PnU (privileged), InD")) << words[2];
  EXPECT_TRUE(contains(words[2], "S2 (stage 2), CLASS 2 (input address), STALL")) << words[2];
  EXPECT_TRUE(contains(words[3], "input address 0x8424cb148")) << words[3];
  EXPECT_TRUE(contains(words[4], "IPA 0x8424cb000")) << words[4];
  EXPECT_TRUE(contains(describe_registers(FaultKind::smmuv3_event, one("event", 0xe1, 2))[0],
                       "unknown event type"));
  EXPECT_EQ(describe_registers(FaultKind::smmuv3_event, one("sid", 0x31, 8))[0],
            "SID 0x00000031: StreamID");

  EXPECT_TRUE(contains(describe_registers(FaultKind::smmuv3_gerror, one("gerror", 0x1fd, 8))[0],
                       "SFM_ERR"));
  EXPECT_TRUE(contains(describe_registers(FaultKind::ipmmu, one("status", 0x11, 8))[0],
                       "STATUS 0x00000011: TF (translation fault: no entry), MHIT"));
  EXPECT_TRUE(contains(describe_registers(FaultKind::ipmmu, one("mhit", 1))[0], "multiple TLB"));
  EXPECT_TRUE(contains(describe_registers(FaultKind::ipmmu, one("abort", 1))[0], "table walk"));
  EXPECT_EQ(describe_registers(FaultKind::vtd, one("reason", 5, 2))[0],
            "REASON 0x05: PTE Write access is not set");
  EXPECT_TRUE(contains(describe_registers(FaultKind::vtd, one("reason", 0x22, 2))[0], "IRTE"));
  EXPECT_TRUE(contains(describe_registers(FaultKind::vtd, one("reason", 0x7f, 2))[0], "unknown"));
  EXPECT_TRUE(contains(describe_registers(FaultKind::vtd, one("index", 1))[0], "remapping"));
  EXPECT_TRUE(contains(describe_registers(FaultKind::amdvi, one("flags", 0x8))[0], "I (interrupt"));
  EXPECT_EQ(describe_registers(FaultKind::amdvi, one("evt0", 0x8, 8))[0], "EVT0 0x00000008");
  EXPECT_TRUE(describe_registers(FaultKind::vtd, {}).empty());
}

}  // namespace
}  // namespace xic
