// What Xen or dom0 said besides faults, folded and bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/fault/fault.h"

namespace xic {

/// Equal messages of one boot are one entry with a count. A guest's own data aborts differ in every
/// register and mean the same: they are folded by domain.
class EventLog {
 public:
  static constexpr std::size_t kMaxEvents = 256;

  void add(const SeenEvent& event, std::uint32_t boot);
  [[nodiscard]] const std::vector<HypervisorEvent>& events() const { return events_; }
  /// Events of further identities, counted and dropped.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  std::vector<HypervisorEvent> events_;
  std::unordered_multimap<std::size_t, std::size_t> by_identity_;  // hash -> index
  std::uint64_t dropped_ = 0;
};

}  // namespace xic
