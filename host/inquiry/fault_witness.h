// Looks into a fault at the moment it arrives, when what can be seen still belongs to it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "core/backend/backend.h"
#include "core/memory/memory_map.h"
#include "core/observer.h"
#include "host/inquiry/grant_questions.h"
#include "host/ports.h"

namespace xic {

/// At a fault: asks whether its frame is granted to dom0 now, at most as often as GrantQuestions
/// allows, and where it is, looks which vif has a request in flight that fits. The answers go to
/// the observer, as given at the fault. For whatever watches a host: it hands itself to
/// Observer::set_listener().
class FaultWitness final : public FaultListener {
 public:
  /// Rings looked into for one fault, one copy each.
  static constexpr std::size_t kMostRings = 16;

  /// All must outlive it.
  FaultWitness(GrantTables* grants, Store* store, HostClock* clock, Observer* observer)
      : grants_(grants), store_(store), observer_(observer), questions_(grants, clock) {}

  /// What is known of the host; to be renewed when it changes. A vif whose ring has another ref
  /// than when it was first seen connected is not looked into until it has connected anew: a guest
  /// can write that key at any time, and dom0 has mapped the ring that was named then.
  void set_host(MemoryMap memory, Backends backends);

  /// Called with each fault, after the questions.
  std::function<void(const Fault&, std::optional<std::size_t>)> then;

  void on_fault(const Fault& fault, std::optional<std::size_t> group, bool first) override;

  /// The same for one address, at the moment of its fault. The hypervisor's answer; nothing where
  /// it was not asked.
  std::optional<GrantedNow::Answer> look_into(Iova iova);

 private:
  void peek(Iova iova);

  /// A queue of a vif.
  struct Queue {
    DomId domain;
    std::uint32_t device = 0, queue = 0;
    auto operator<=>(const Queue&) const = default;
  };

  GrantTables* grants_;
  Store* store_;
  Observer* observer_;
  GrantQuestions questions_;
  MemoryMap memory_;
  Backends backends_;
  std::map<Queue, GrantRef> first_refs_;  ///< Of the devices in `backends_`.
};

}  // namespace xic
