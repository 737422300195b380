// Faults -> groups, bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/fault/fault.h"

namespace xic {

/// Keeps at most kMaxGroups identities; later ones are counted in overflow(), never stored.
/// Allocates only when a new identity appears.
class FaultGroups {
 public:
  static constexpr std::size_t kMaxGroups = 1024;

  FaultGroups();
  /// Adds a member and returns its group (index), or nothing when the table is full.
  /// `is_new` tells whether this member opened the group.
  std::optional<std::size_t> add(const Fault& fault, std::uint32_t boot, bool* is_new);
  /// From now on each fault opens a group of its own, whatever was seen before; there is room for
  /// kMaxGroups more, once.
  void close_all();
  [[nodiscard]] FaultGroup& at(std::size_t index) { return groups_[index]; }
  [[nodiscard]] const std::vector<FaultGroup>& groups() const { return groups_; }
  [[nodiscard]] std::uint64_t overflow() const { return overflow_; }

 private:
  std::vector<FaultGroup> groups_;
  std::vector<std::uint32_t> slots_;  // open addressing: index + 1, 0 = empty
  std::size_t most_ = kMaxGroups;
  std::uint64_t overflow_ = 0;
};

}  // namespace xic
