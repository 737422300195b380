// "Is this frame granted to dom0 now?", asked within the bounds that keep it harmless.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "core/diagnosis/facts.h"
#include "core/memory/memory_map.h"
#include "host/inquiry/deadline.h"
#include "host/ports.h"

namespace xic {

/// Asks about a frame once in kAgainNs, and never again where the answer was "free or Xen's": that
/// one leaks a reference in the hypervisor. A page is granted anew all the time, so what was
/// answered a while ago says nothing about the next fault. None that may be dom0's own is asked
/// about: there the answer would say nothing. What is dom0's own, its device tree and Xen's boot
/// lines tell, never "System RAM" of /proc/iomem.
class GrantQuestions {
 public:
  static constexpr std::uint64_t kAgainNs = 10 * kSecond;
  static constexpr std::size_t kMost = 4096;  ///< Frames in kAgainNs; and of refusals, in all.

  /// Both must outlive it.
  GrantQuestions(GrantTables* grants, HostClock* clock) : grants_(grants), clock_(clock) {}

  /// Nothing where the frame is not to be asked about, or was a moment ago. After an error no more
  /// questions are put for kAgainNs: failed() then.
  [[nodiscard]] std::optional<GrantedNow> ask(Frame frame, const MemoryMap& memory, bool at_fault);
  [[nodiscard]] const std::optional<Error>& failed() const { return failed_; }

 private:
  /// Counts the question in where it may be put now.
  [[nodiscard]] bool due(Frame frame);

  GrantTables* grants_;
  HostClock* clock_;
  std::unordered_map<Frame, std::uint64_t> asked_;  ///< When; on HostClock::uptime().
  std::unordered_set<Frame> refused_;
  std::optional<Error> failed_;
  std::uint64_t failed_at_ = 0;
};

}  // namespace xic
