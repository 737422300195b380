#include "host/inquiry/fault_witness.h"

#include <utility>

#include "core/backend/tx_ring.h"
#include "host/inquiry/ring_copy.h"

namespace xic {

void FaultWitness::set_host(MemoryMap memory, Backends backends) {
  memory_ = std::move(memory);
  backends_ = std::move(backends);
  std::map<Queue, GrantRef> refs;
  for (const Backend& device : backends_.devices) {
    if (device.type != "vif" || !device.connected()) continue;
    for (const RingRef& ring : device.rings) {
      if (ring.role != RingRole::vif_tx) continue;
      const Queue queue{device.frontend_domain, device.handle, ring.queue};
      const auto known = first_refs_.find(queue);
      refs.emplace(queue, known == first_refs_.end() ? ring.ref : known->second);
    }
  }
  first_refs_ = std::move(refs);
}

void FaultWitness::on_fault(const Fault& fault, std::optional<std::size_t> group, bool /*first*/) {
  if (fault.iova) look_into(*fault.iova);
  if (then) then(fault, group);
}

std::optional<GrantedNow::Answer> FaultWitness::look_into(Iova iova) {
  auto now = questions_.ask(frame_of(iova), memory_, true);
  if (!now) return std::nullopt;
  const GrantedNow::Answer answer = now->answer;
  observer_->add_granted_now(*std::move(now));
  if (answer == GrantedNow::Answer::granted_or_own) peek(iova);
  return answer;
}

void FaultWitness::peek(Iova iova) {
  std::size_t rings = 0;
  for (const Backend& device : backends_.devices) {
    for (std::uint32_t queue = 0; queue < device.queues && rings < kMostRings; ++queue) {
      const auto ring = TxRing::of(device, queue);
      if (!ring || first_refs_[{ring->domain(), device.handle, queue}] != ring->ref()) continue;
      ++rings;
      const auto page = copy_tx_ring(device, queue, store_, grants_);
      if (!page) continue;
      for (const TxRequest& request : parse_tx_ring(*page).requests) {
        if (!request.covers(iova.value() & kPageMask)) continue;
        observer_->add_in_flight({iova, ring->domain(), request.ref, device.name(), true});
      }
    }
  }
}

}  // namespace xic
