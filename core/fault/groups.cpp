#include "core/fault/groups.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace xic {
namespace {

/// Four slots per group at most: probing stays short.
constexpr std::size_t kSlots = 4096;
static_assert(kSlots >= 4 * FaultGroups::kMaxGroups && (kSlots & (kSlots - 1)) == 0);
/// A slot holds a group's index + 1 in its low bits and a part of its hash above, so that other
/// identities are told apart without looking at the group.
constexpr std::uint32_t kIndexBits = 12;
constexpr std::uint32_t kIndexMask = (1U << kIndexBits) - 1;
static_assert(2 * FaultGroups::kMaxGroups < kIndexMask);

constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxRawLine = 1024;

constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15ULL;

constexpr std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * kMultiplier;
  return hash ^ (hash >> 29);
}

std::uint64_t word_at(std::string_view text, std::size_t place) {
  std::uint64_t word = 0;
  std::memcpy(&word, text.data() + place, sizeof word);
  return word;
}

std::uint64_t mix(std::uint64_t hash, std::string_view text) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  hash ^= text.size();
  if (text.size() < kWord) {
    std::uint64_t tail = 0;
    for (const char c : text) tail = (tail << 8) | static_cast<unsigned char>(c);
    return mix(hash, tail);
  }
  for (std::size_t i = 0; i + kWord < text.size(); i += kWord) hash = mix(hash, word_at(text, i));
  return mix(hash, word_at(text, text.size() - kWord));
}

/// What makes two faults one: all but the time and the place in the frame.
struct Identity {
  std::uint32_t boot;
  FaultClass fault_class;
  std::string_view iommu;
  std::string_view device;
  std::optional<Frame> frame;
};

std::optional<Frame> frame_of(const std::optional<Iova>& iova) {
  if (!iova) return std::nullopt;
  return xic::frame_of(*iova);
}

std::uint64_t hash_of(const Fault& fault, const Identity& id) {
  // Which of the optional parts are there counts as well: absent is not zero.
  const std::uint64_t present = (id.frame ? 1U : 0U) | (fault.cb ? 2U : 0U) |
                                (fault.stream_id ? 4U : 0U) | (fault.domain ? 8U : 0U);
  const std::uint64_t kinds = static_cast<std::uint64_t>(fault.kind) |
                              static_cast<std::uint64_t>(fault.origin) << 8 |
                              static_cast<std::uint64_t>(fault.access) << 12 |
                              static_cast<std::uint64_t>(id.fault_class) << 16 | present << 24 |
                              static_cast<std::uint64_t>(id.boot) << 32;
  const std::uint64_t place =
      std::uint64_t{fault.cb.value_or(0)} << 32 | fault.stream_id.value_or(0);
  // Two chains that do not wait for each other.
  std::uint64_t hash = mix(kinds, id.frame.value_or(Frame{}).value());
  hash = mix(hash, place ^ std::uint64_t{fault.domain.value_or(DomId{}).value()} << 48);
  std::uint64_t names = mix(kMultiplier, id.iommu);
  if (!id.device.empty()) names = mix(names, id.device);
  return mix(hash, names);
}

bool same(const FaultGroup& group, const Fault& fault, const Identity& id) {
  return group.boot == id.boot && group.kind == fault.kind && group.origin == fault.origin &&
         group.access == fault.access && group.fault_class == id.fault_class &&
         group.cb == fault.cb && group.stream_id == fault.stream_id &&
         group.domain == fault.domain && frame_of(group.iova) == id.frame &&
         group.iommu == id.iommu && group.device == id.device;
}

FaultGroup new_group(const Fault& fault, const Identity& id) {
  FaultGroup group;
  group.kind = fault.kind;
  group.origin = fault.origin;
  group.fault_class = id.fault_class;
  group.access = fault.access;
  group.multiple = fault.multiple;
  group.complete = fault.complete;
  group.mid_line = fault.mid_line;
  group.repaired = fault.repaired;
  group.privileged = fault.privileged;
  group.level = fault.level;
  group.iova = fault.iova;
  group.cb = fault.cb;
  group.stream_id = fault.stream_id;
  group.domain = fault.domain;
  group.iommu = id.iommu;
  group.device = id.device;
  group.reason = fault.reason.substr(0, kMaxName);
  group.registers = fault.registers;
  group.count = 1;
  group.boot = id.boot;
  group.first = group.last = fault.time;
  group.first_at = group.last_at = {fault.input, fault.offset};
  group.raw.reserve(fault.raw_count);
  for (std::size_t i = 0; i < fault.raw_count; ++i) {
    group.raw.emplace_back(fault.raw[i].substr(0, kMaxRawLine));
  }
  return group;
}

void add_member(FaultGroup* group, const Fault& fault) {
  ++group->count;
  group->last = fault.time;
  group->last_at = {fault.input, fault.offset};
  group->multiple = group->multiple || fault.multiple;
  group->complete = group->complete || fault.complete;
  group->repaired = group->repaired || fault.repaired;
  group->mid_line = group->mid_line && fault.mid_line;
}

}  // namespace

FaultGroups::FaultGroups() : slots_(kSlots, 0) {}

std::optional<std::size_t> FaultGroups::add(const Fault& fault, std::uint32_t boot, bool* is_new) {
  *is_new = false;
  const Identity id{boot, classify(fault.kind, fault.registers), fault.iommu.substr(0, kMaxName),
                    fault.device.substr(0, kMaxName), frame_of(fault.iova)};
  const std::uint64_t hash = hash_of(fault, id);
  const std::uint32_t tag = static_cast<std::uint32_t>(hash >> 32) & ~kIndexMask;
  std::size_t place = hash & (kSlots - 1);
  while (slots_[place] != 0) {
    const std::uint32_t slot = slots_[place];
    if ((slot & ~kIndexMask) == tag) {
      const std::size_t index = (slot & kIndexMask) - 1;
      if (same(groups_[index], fault, id)) {
        add_member(&groups_[index], fault);
        return index;
      }
    }
    place = (place + 1) & (kSlots - 1);
  }
  if (groups_.size() == most_) {
    ++overflow_;
    return std::nullopt;
  }
  groups_.push_back(new_group(fault, id));
  slots_[place] = static_cast<std::uint32_t>(groups_.size()) | tag;
  *is_new = true;
  return groups_.size() - 1;
}

void FaultGroups::close_all() {
  std::fill(slots_.begin(), slots_.end(), 0);
  most_ = std::min(groups_.size() + kMaxGroups, 2 * kMaxGroups);
}

}  // namespace xic
