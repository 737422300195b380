// dom0's driver errors, folded, and joined to the faults they belong to.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/fault/fault.h"
#include "core/fault/groups.h"

namespace xic {

/// An error belongs to a fault when it was printed within kNearNs of it, where Xen's boot clock and
/// dom0's uptime can be related (on Arm both run on the architected counter and do not drift), else
/// when the two stand within kNearBytes of each other in one text; in either order.
class Dom0ErrorLog {
 public:
  static constexpr std::int64_t kNearNs = 1'000'000'000;
  static constexpr std::uint64_t kNearBytes = 1024;
  static constexpr std::size_t kMaxErrors = 256;

  /// A fault was put into group `index`.
  void on_fault(std::size_t index, FaultGroup* group);
  /// Repetitions (same driver, device and message) are folded; the same line read again from
  /// another text is dropped.
  void add(const Dom0Error& error, std::uint32_t boot, FaultGroups* groups);
  /// The errors with their joins settled. `dom0_started`: Xen's time of dom0's uptime 0, where
  /// known. Sets FaultGroup::dom0_error of `groups`.
  [[nodiscard]] std::vector<Dom0Error> joined(const std::optional<Timestamp>& dom0_started,
                                              std::vector<FaultGroup>* groups) const;
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  struct Entry {
    Dom0Error error;
    Timestamp last_uptime;
  };
  struct Adjacent {
    std::size_t group = 0;
    Position at;
    bool valid = false;
  };
  std::vector<Entry> entries_;
  Adjacent last_fault_;
  std::size_t last_error_ = 0;
  Position last_error_at_;
  bool error_seen_ = false;
  std::uint64_t dropped_ = 0;
};

}  // namespace xic
