#include "daemon/fault_inbox.h"

#include <utility>

#include "daemon/console_tap.h"

namespace xic::daemon {

void FaultInbox::on_fault(const Fault& fault, std::optional<std::size_t> group, bool first) {
  if (fault.input != ConsoleTap::kInput) return;
  SeenFault seen = keep(fault);
  // First of all: the answer is about now, and now is over soon.
  seen.granted_now = ask(fault);
  if (looking_) recording_->on_fault(fault, group);
  seen.id.ordinal = ordinals_[fault.offset]++;
  seen.group = group;
  seen.first = first;
  faults_.push_back(std::move(seen));
}

std::optional<GrantedNow::Answer> FaultInbox::ask(const Fault& fault) {
  if (!looking_ || !fault.iova) return std::nullopt;
  // A permission fault proves that the entry exists.
  if (classify(fault.kind, fault.registers) != FaultClass::translation) return std::nullopt;
  return witness_.look_into(*fault.iova);
}

std::vector<SeenFault> FaultInbox::take() {
  return std::exchange(faults_, {});
}

void FaultInbox::forget_before(std::uint64_t cursor) {
  ordinals_.erase(ordinals_.begin(), ordinals_.lower_bound(cursor));
}

}  // namespace xic::daemon
