// Takes faults as the observer understands them, and asks at once what only that moment can tell.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/observer.h"
#include "daemon/seen_fault.h"
#include "host/ports.h"

namespace xic::daemon {

class FaultInbox final : public FaultListener {
 public:
  /// Frames over this number are not asked about.
  static constexpr std::size_t kMostQuestions = 4096;

  FaultInbox(GrantTables* grants, Observer* observer) : grants_(grants), observer_(observer) {}

  void on_fault(const Fault& fault, std::optional<std::size_t> group, bool first) override;

  /// What came since the last call, in order, each with the id of its place.
  [[nodiscard]] std::vector<SeenFault> take();
  /// From here on faults are as old as one reading of the ring: whether their frame is granted
  /// *now* tells something. Not for frames in `own_memory`, dom0's RAM.
  void ask_about_new_faults(std::vector<AddressRange> own_memory);
  /// Nothing before `cursor` comes again.
  void forget_before(std::uint64_t cursor);

 private:
  [[nodiscard]] std::optional<GrantedNow::Answer> ask(const Fault& fault);

  GrantTables* grants_;
  Observer* observer_;
  std::vector<SeenFault> faults_;
  std::map<std::uint64_t, std::uint32_t> ordinals_;  ///< By offset: how many faults so far.
  bool asking_ = false;
  std::vector<AddressRange> own_memory_;
  std::set<Frame> asked_;
};

}  // namespace xic::daemon
