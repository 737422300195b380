#include "core/grant/map_call_site.h"

#include <algorithm>

namespace xic {
namespace {

using Word = std::uint32_t;

constexpr std::size_t kLongestPreparation = 12;  // instructions between the load and the call
constexpr Word kFirstPreserved = 19;             // AAPCS64: x19 .. x28 survive calls
constexpr Word kLastPreserved = 28;

constexpr Word destination(Word word) {
  return word & 31U;
}
constexpr Word base(Word word) {
  return word >> 5 & 31U;
}

/// `value`'s lowest `bits` as a signed number of instructions.
std::int64_t displacement(Word value, unsigned bits) {
  const auto low = static_cast<std::int64_t>(value & ((std::uint64_t{1} << bits) - 1));
  const std::int64_t sign = std::int64_t{1} << (bits - 1);
  return (low ^ sign) - sign;
}

bool is_call(Word word) {
  return (word & 0xfc000000U) == 0x94000000U;
}

/// Where a direct branch within the function goes, in instructions from itself.
std::optional<std::int64_t> branch(Word word) {
  if ((word & 0xfc000000U) == 0x14000000U) return displacement(word, 26);       // b
  if ((word & 0xff000010U) == 0x54000000U) return displacement(word >> 5, 19);  // b.cond
  if ((word & 0x7e000000U) == 0x34000000U) return displacement(word >> 5, 19);  // cbz, cbnz
  if ((word & 0x7e000000U) == 0x36000000U) return displacement(word >> 5, 14);  // tbz, tbnz
  return std::nullopt;
}

/// ldr xT, [xB, #24]: dev_bus_addr of a struct gnttab_map_grant_ref (public/grant_table.h).
bool loads_bus_address(Word word) {
  return (word & 0xfffffc00U) == 0xf9400c00U;
}
/// lsr xD, xN, #12
bool shifts_to_frame(Word word) {
  return (word & 0xfffffc00U) == 0xd34cfc00U;
}

/// Instructions known to do nothing but to write their destination.
bool only_writes_destination(Word word) {
  return (word & 0xffc00000U) == 0xf9400000U ||  // ldr x, [x, #imm]
         (word & 0xffe0fc00U) == 0xf8606800U ||  // ldr x, [x, x]
         (word & 0xff800000U) == 0xd2800000U ||  // movz x, #imm
         (word & 0xff800000U) == 0x52800000U ||  // movz w, #imm
         (word & 0xffe0ffe0U) == 0xaa0003e0U ||  // mov x, x
         shifts_to_frame(word);
}

/// Where the load stands that prepares the call at `call`.
std::optional<std::size_t> preparation(std::span<const Word> code, std::size_t call) {
  std::optional<Word> shifted;  // register whose frame number becomes x1
  const std::size_t earliest = call > kLongestPreparation ? call - kLongestPreparation : 0;
  for (std::size_t i = call; i-- > earliest;) {
    const Word word = code[i];
    if (!only_writes_destination(word)) return std::nullopt;
    if (!shifted && destination(word) == 1) {
      if (!shifts_to_frame(word)) return std::nullopt;
      shifted = base(word);
    } else if (shifted && destination(word) == *shifted) {
      if (!loads_bus_address(word)) return std::nullopt;
      return i;
    }
  }
  return std::nullopt;
}

/// Is xB left alone, and can the call be reached through the load only?
bool straight(std::span<const Word> code, std::size_t load, std::size_t call, Word operation) {
  for (std::size_t i = load; i < call; ++i) {
    if (destination(code[i]) == operation) return false;
  }
  for (std::size_t i = 0; i < code.size(); ++i) {
    const auto jump = branch(code[i]);
    if (!jump) continue;
    const std::int64_t target = static_cast<std::int64_t>(i) + *jump;
    if (target > static_cast<std::int64_t>(load) && target <= static_cast<std::int64_t>(call)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<MapCallSite> find_map_call(std::span<const std::uint32_t> code, std::uint64_t begin,
                                         std::uint64_t callee) {
  const auto call = find_only_call(code, begin, callee);
  if (!call) return std::nullopt;
  const std::size_t at = *call / sizeof(Word);
  const auto load = preparation(code, at);
  if (!load) return std::nullopt;
  const Word operation = base(code[*load]);
  if (operation < kFirstPreserved || operation > kLastPreserved) return std::nullopt;
  if (!straight(code, *load, at, operation)) return std::nullopt;
  return MapCallSite{*call, operation};
}

std::optional<std::uint32_t> find_only_call(std::span<const std::uint32_t> code,
                                            std::uint64_t begin, std::uint64_t callee) {
  std::optional<std::uint32_t> found;
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (!is_call(code[i])) continue;
    const std::uint64_t target =
        begin + 4 * i + static_cast<std::uint64_t>(4 * displacement(code[i], 26));
    if (target != callee) continue;
    if (found) return std::nullopt;
    found = static_cast<std::uint32_t>(4 * i);
  }
  return found;
}

}  // namespace xic
