// "Is this frame granted to dom0 now?", asked within the bounds that keep it harmless.
#pragma once

#include <cstddef>
#include <optional>
#include <unordered_set>

#include "core/diagnosis/facts.h"
#include "core/memory/memory_map.h"
#include "host/ports.h"

namespace xic {

/// Asks each frame once, for the answer "free or Xen's" leaks a reference in the hypervisor, and
/// none that may be dom0's own: there the answer would say nothing. What is dom0's own, its device
/// tree and Xen's boot lines tell, never "System RAM" of /proc/iomem.
class GrantQuestions {
 public:
  static constexpr std::size_t kMost = 4096;  ///< Frames in all.

  /// `grants` must outlive it.
  explicit GrantQuestions(GrantTables* grants) : grants_(grants) {}

  /// Nothing where the frame is not to be asked about, or was already. After an error no more
  /// questions are put: failed() then.
  [[nodiscard]] std::optional<GrantedNow> ask(Frame frame, const MemoryMap& memory, bool at_fault);
  [[nodiscard]] const std::optional<Error>& failed() const { return failed_; }

 private:
  GrantTables* grants_;
  std::unordered_set<Frame> asked_;
  std::optional<Error> failed_;
};

}  // namespace xic
