// Takes faults as the observer understands them, and asks at once what only that moment can tell.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/observer.h"
#include "daemon/recording.h"
#include "daemon/seen_fault.h"
#include "host/inquiry/fault_witness.h"
#include "host/ports.h"

namespace xic::daemon {

class FaultInbox final : public FaultListener {
 public:
  /// All must outlive it.
  FaultInbox(const Ports& ports, Observer* observer, Recording* recording)
      : witness_(ports.grants, ports.store, ports.clock, observer), recording_(recording) {}

  void on_fault(const Fault& fault, std::optional<std::size_t> group, bool first) override;

  /// What came since the last call, in order, each with the id of its place.
  [[nodiscard]] std::vector<SeenFault> take();
  /// From here on faults are as old as one reading of the ring: whether their frame is granted
  /// *now* tells something.
  void look_into_new_faults() { looking_ = true; }
  /// What is known of the host; to be renewed when it changes.
  void set_host(MemoryMap memory, Backends backends) {
    witness_.set_host(std::move(memory), std::move(backends));
  }
  /// Nothing before `cursor` comes again.
  void forget_before(std::uint64_t cursor);

 private:
  [[nodiscard]] std::optional<GrantedNow::Answer> ask(const Fault& fault);

  FaultWitness witness_;
  Recording* recording_;
  std::vector<SeenFault> faults_;
  std::map<std::uint64_t, std::uint32_t> ordinals_;  ///< By offset: how many faults so far.
  bool looking_ = false;
};

}  // namespace xic::daemon
