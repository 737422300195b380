#include "host/inquiry/grant_questions.h"

#include <utility>

namespace xic {
namespace {

bool may_be_anothers_page(Frame frame, const MemoryMap& memory) {
  if (memory.dom0_banks.empty()) return false;
  switch (memory.classify(address_of(frame)).klass) {
    case AddressClass::foreign_ram:
    case AddressClass::unknown:
      return true;
    case AddressClass::dom0_ram:
    case AddressClass::mmio:
    case AddressClass::its:
    case AddressClass::reserved:
    case AddressClass::not_ram:
      break;
  }
  return false;
}

}  // namespace

bool GrantQuestions::due(Frame frame) {
  const std::uint64_t now = clock_->uptime();
  if (failed_ && now - failed_at_ < kAgainNs) return false;
  if (refused_.contains(frame) || refused_.size() >= kMost) return false;
  const auto over = [&](const auto& entry) { return now - entry.second >= kAgainNs; };
  if (asked_.size() >= kMost) std::erase_if(asked_, over);
  if (const auto before = asked_.find(frame); before != asked_.end()) {
    if (!over(*before)) return false;
  } else if (asked_.size() >= kMost) {
    return false;
  }
  asked_[frame] = now;
  return true;
}

std::optional<GrantedNow> GrantQuestions::ask(Frame frame, const MemoryMap& memory, bool at_fault) {
  if (!may_be_anothers_page(frame, memory) || !due(frame)) return std::nullopt;
  auto answer = grants_->granted_now(frame);
  if (!answer) {
    failed_ = std::move(answer.error());
    failed_at_ = clock_->uptime();
    return std::nullopt;
  }
  failed_.reset();
  if (*answer == GrantedNow::Answer::free_or_xen) refused_.insert(frame);
  return GrantedNow{frame, *answer, at_fault, "GNTTABOP_cache_flush"};
}

}  // namespace xic
