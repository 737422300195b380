#include "daemon/fault_inbox.h"

#include <algorithm>
#include <utility>

#include "daemon/console_tap.h"

namespace xic::daemon {

void FaultInbox::on_fault(const Fault& fault, std::optional<std::size_t> group, bool first) {
  if (fault.input != ConsoleTap::kInput) return;
  SeenFault seen = keep(fault);
  // First of all: the answer is about now, and now is over soon.
  seen.granted_now = ask(fault);
  seen.id.ordinal = ordinals_[fault.offset]++;
  seen.group = group;
  seen.first = first;
  faults_.push_back(std::move(seen));
}

std::optional<GrantedNow::Answer> FaultInbox::ask(const Fault& fault) {
  if (!asking_ || !fault.iova || asked_.size() >= kMostQuestions) return std::nullopt;
  if (classify(fault.kind, fault.registers) != FaultClass::translation) return std::nullopt;
  const std::uint64_t address = fault.iova->value();
  const bool own = std::any_of(own_memory_.begin(), own_memory_.end(),
                               [&](const auto& range) { return range.contains(address); });
  // Once per frame: a refusal costs the hypervisor a reference.
  if (own || !asked_.insert(frame_of(*fault.iova)).second) return std::nullopt;
  const auto answer = grants_->granted_now(frame_of(*fault.iova));
  if (!answer) return std::nullopt;
  observer_->add_granted_now(
      {frame_of(*fault.iova), *answer, true, "hypervisor, asked when the fault arrived"});
  return *answer;
}

std::vector<SeenFault> FaultInbox::take() {
  return std::exchange(faults_, {});
}

void FaultInbox::ask_about_new_faults(std::vector<AddressRange> own_memory) {
  asking_ = true;
  own_memory_ = std::move(own_memory);
}

void FaultInbox::forget_before(std::uint64_t cursor) {
  ordinals_.erase(ordinals_.begin(), ordinals_.lower_bound(cursor));
}

}  // namespace xic::daemon
