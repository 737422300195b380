// In whose hands the kernel's code has to be for the recorder to read through its register.
#include "core/grant/map_call_site.h"

#include <gtest/gtest.h>

#include <vector>

namespace xic {
namespace {

using Code = std::vector<std::uint32_t>;
constexpr std::uint64_t kBegin = 0xffff800008090000;
constexpr std::uint64_t kCallee = kBegin - 0x300;

// Encodings: Arm ARM, C6.2.
constexpr std::uint32_t ldr(unsigned to, unsigned at, unsigned offset) {
  return 0xf9400000U | offset / 8 << 10 | at << 5 | to;
}
constexpr std::uint32_t lsr12(unsigned to, unsigned from) {
  return 0xd34cfc00U | from << 5 | to;
}
constexpr std::uint32_t mov(unsigned to, unsigned from) {
  return 0xaa0003e0U | from << 16 | to;
}
constexpr std::uint32_t one(unsigned to) {
  return 0xd2800020U | to;
}
constexpr std::uint32_t add(unsigned to, unsigned from, unsigned value) {
  return 0x91000000U | value << 10 | from << 5 | to;
}
/// Of instruction number `at` to number `to`; and to the callee.
constexpr std::uint32_t branch_if_zero(std::size_t at, std::size_t to) {
  return 0x34000000U | ((static_cast<std::uint32_t>(to - at) << 5) & 0x00ffffe0U);
}
constexpr std::uint32_t call(std::size_t at, std::uint64_t target = kCallee) {
  return 0x94000000U | (static_cast<std::uint32_t>((target - kBegin - 4 * at) / 4) & 0x03ffffffU);
}

/// x20: the operation.
Code usual() {
  return {one(19),     add(20, 22, 32), ldr(0, 20, 0), one(2), ldr(1, 20, 24),
          lsr12(0, 0), lsr12(1, 1),     call(7),       one(0), branch_if_zero(9, 1)};
}
std::optional<MapCallSite> find(const Code& code) {
  return find_map_call(code, kBegin, kCallee);
}

TEST(MapCallSite, TheRegisterThatTheFrameWasReadThrough) {
  EXPECT_EQ(find(usual()), (MapCallSite{28, 20}));
}

TEST(MapCallSite, ThroughAnotherRegister) {
  Code code = usual();
  code[4] = ldr(9, 25, 24);
  code[6] = lsr12(1, 9);
  EXPECT_EQ(find(code), (MapCallSite{28, 25}));
}

TEST(MapCallSite, OtherCallsDoNotCount) {
  Code code = usual();
  code[8] = call(8, kBegin + 0x4000);
  EXPECT_EQ(find(code), (MapCallSite{28, 20}));
  code[7] = call(7, kBegin + 0x4000);
  EXPECT_FALSE(find(code));
}

TEST(MapCallSite, AnythingElseIsLeftAlone) {
  const auto changed = [](std::size_t at, std::uint32_t word) {
    Code code = usual();
    code[at] = word;
    return find(code);
  };
  EXPECT_FALSE(changed(4, ldr(1, 20, 16)));        // another field
  EXPECT_FALSE(changed(4, ldr(1, 9, 24)));         // a register that calls do not preserve
  EXPECT_FALSE(changed(6, mov(1, 1)));             // no frame number
  EXPECT_FALSE(changed(5, mov(20, 3)));            // the register is overwritten
  EXPECT_FALSE(changed(5, add(3, 3, 1)));          // an instruction that is not known
  EXPECT_FALSE(changed(9, branch_if_zero(9, 6)));  // a way around the load
  EXPECT_FALSE(changed(9, branch_if_zero(9, 7)));
  EXPECT_TRUE(changed(9, branch_if_zero(9, 4)));  // to the load itself
}

TEST(MapCallSite, TwoSuchCallsAreNotOne) {
  Code code = usual();
  const Code again = usual();
  code.insert(code.end(), again.begin(), again.end());
  code[17] = call(17);
  EXPECT_FALSE(find(code));
}

TEST(OnlyCall, IsTheOneThereIs) {
  const std::uint32_t other = call(0, kBegin + 0x4000);
  EXPECT_EQ(find_only_call(Code{one(0), call(1), one(0)}, kBegin, kCallee), 4U);
  EXPECT_FALSE(find_only_call(Code{}, kBegin, kCallee));
  EXPECT_FALSE(find_only_call(Code{other, one(0)}, kBegin, kCallee));
  EXPECT_FALSE(find_only_call(Code{call(0), one(0), call(2)}, kBegin, kCallee));
}

TEST(MapCallSite, ShortOrNoCode) {
  EXPECT_FALSE(find({}));
  EXPECT_FALSE(find({call(0)}));
  EXPECT_FALSE(find({lsr12(1, 1), call(1)}));
}

}  // namespace
}  // namespace xic
