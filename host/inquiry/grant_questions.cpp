#include "host/inquiry/grant_questions.h"

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

std::optional<GrantedNow> GrantQuestions::ask(Frame frame, const MemoryMap& memory, bool at_fault) {
  if (failed_ || asked_.size() >= kMost || asked_.contains(frame)) return std::nullopt;
  if (!may_be_anothers_page(frame, memory)) return std::nullopt;
  asked_.insert(frame);
  auto answer = grants_->granted_now(frame);
  if (!answer) {
    failed_ = std::move(answer.error());
    return std::nullopt;
  }
  return GrantedNow{frame, *answer, at_fault, "GNTTABOP_cache_flush"};
}

}  // namespace xic
