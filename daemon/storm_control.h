// How often the same fault is worth an entry of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "core/fault/fault.h"
#include "daemon/event_id.h"

namespace xic::daemon {

/// What makes two faults the same to a reader of the journal.
struct FaultIdentity {
  std::string iommu;   ///< Or the device, where the line names no IOMMU.
  std::string stream;  ///< "cb0", "stream 0x10", or "".
  std::optional<Frame> frame;
  Access access = Access::unknown;
  friend auto operator<=>(const FaultIdentity&, const FaultIdentity&) = default;
};

/// Faults that were counted instead of being told one by one.
struct FaultSummary {
  std::optional<FaultIdentity> identity;  ///< Nothing: of more identities than are kept apart.
  std::uint64_t count = 0;
  EventId first;  ///< Of those counted.
  EventId last;
  std::chrono::nanoseconds over{};  ///< From the entry before this one.
};

/// The first fault of an identity is told at once; then at most one summary per interval, which
/// doubles up to kLongest. Identities over kMost share one summary. An identity that was quiet for
/// kLongest is forgotten, and new again. Bounded; time is passed in (monotonic, nanoseconds).
class StormControl {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::chrono::minutes kLongest{5};

  explicit StormControl(std::chrono::milliseconds interval) : interval_(interval) {}
  /// For identities that appear from now on.
  void set_interval(std::chrono::milliseconds interval) { interval_ = interval; }

  /// True: tell it now. False: it was counted.
  [[nodiscard]] bool admit(const FaultIdentity& identity, EventId id, std::uint64_t now);
  /// Summaries that are due.
  [[nodiscard]] std::vector<FaultSummary> due(std::uint64_t now);
  /// All that was counted and not told yet: for a clean stop.
  [[nodiscard]] std::vector<FaultSummary> all(std::uint64_t now);
  /// Faults counted and not told yet.
  [[nodiscard]] std::uint64_t waiting() const;

 private:
  struct Entry {
    std::chrono::nanoseconds interval{};
    std::uint64_t told = 0;  ///< When the last entry or summary was.
    std::uint64_t seen = 0;  ///< When the last fault was.
    std::uint64_t count = 0;
    EventId first, last;
    void add(EventId id, std::uint64_t now);
    [[nodiscard]] std::uint64_t deadline() const {
      return told + static_cast<std::uint64_t>(interval.count());
    }
    [[nodiscard]] FaultSummary take(std::uint64_t now);
  };
  void forget_quiet(std::uint64_t now);

  std::chrono::nanoseconds interval_;
  std::map<FaultIdentity, Entry> entries_;
  std::optional<Entry> others_;
};

}  // namespace xic::daemon
