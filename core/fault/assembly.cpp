#include "core/fault/assembly.h"

#include <algorithm>
#include <cstring>

#include "core/fault/family.h"

namespace xic {

using Stage = PendingFault::Stage;

std::string_view PendingFault::keep(std::string_view text, std::size_t limit) {
  const std::size_t size = std::min({text.size(), limit, storage_.size() - stored_});
  if (size == 0) return {};
  char* const place = storage_.data() + stored_;
  std::memcpy(place, text.data(), size);
  stored_ += size;
  return {place, size};
}

void PendingFault::add_line(const Line& line, bool mid_line) {
  fault.mid_line = fault.mid_line || mid_line;
  fault.repaired = fault.repaired || line.repaired;
  if (fault.raw_count == Fault::kMaxRaw) return;
  fault.raw[fault.raw_count] = keep(line.raw, kMaxRawLine);
  ++fault.raw_count;
}

bool uncertain_author(const Line& line, FaultOrigin origin) {
  return line.mid_line || (origin == FaultOrigin::xen && line.speaker != Speaker::xen);
}

Fault new_fault(const Line& line, FaultKind kind, FaultOrigin origin) {
  Fault fault;
  fault.kind = kind;
  fault.origin = origin;
  fault.mid_line = uncertain_author(line, origin);
  fault.repaired = line.repaired;
  fault.time = line.time;
  fault.offset = line.offset;
  fault.input = line.input;
  fault.raw[0] = line.raw;
  fault.raw_count = 1;
  return fault;
}

void RecentEvents::note_unattached(std::string_view device, std::optional<DomId> domain,
                                   std::uint64_t line) {
  device_size_ = std::min(device.size(), device_.size());
  std::copy_n(device.data(), device_size_, device_.data());
  domain_ = domain;
  unattached_line_ = line;
}

bool RecentEvents::said_unattached(std::string_view device, std::optional<DomId> domain,
                                   std::uint64_t line) const {
  return unattached_line_ != 0 && line - unattached_line_ <= FaultParser::kPendingLines &&
         domain_ == domain && std::string_view(device_.data(), device_size_) == device;
}

bool RecentEvents::crashed(std::uint64_t line) const {
  return crash_line_ != 0 && line - crash_line_ <= FaultParser::kPendingLines;
}

PendingFault* Assembly::find(FaultOrigin origin, std::string_view iommu, Stage stage) {
  if (pending_count_ == 0) return nullptr;
  iommu = iommu.substr(0, PendingFault::kMaxName);
  for (PendingFault& slot : slots_) {
    if (slot.used && slot.stage == stage && slot.fault.origin == origin &&
        slot.fault.iommu == iommu) {
      return &slot;
    }
  }
  return nullptr;
}

PendingFault* Assembly::find_words(FaultOrigin origin, std::string_view iommu) {
  PendingFault* newest = nullptr;
  for (const Stage stage : {Stage::event, Stage::stray_words, Stage::skipped_command}) {
    PendingFault* const slot = find(origin, iommu, stage);
    if (slot != nullptr && (newest == nullptr || slot->since > newest->since)) newest = slot;
  }
  return newest;
}

PendingFault& Assembly::open(Stage stage, const Fault& fault, const Line& line) {
  // Another beginning of the same kind: what the first one waited for will not come any more.
  if (PendingFault* const same = find(fault.origin, fault.iommu, stage)) settle(same);
  if (pending_count_ == slots_.size()) settle(oldest());
  PendingFault& slot =
      *std::find_if(slots_.begin(), slots_.end(), [](const PendingFault& s) { return !s.used; });
  slot.used = true;
  slot.stage = stage;
  slot.since = line_number_;
  slot.stored_ = 0;
  slot.words = {};
  slot.word_count = 0;
  slot.fault = fault;
  slot.fault.iommu = slot.keep(fault.iommu, PendingFault::kMaxName);
  slot.fault.device = slot.keep(fault.device, 64);
  slot.fault.reason = slot.keep(fault.reason, PendingFault::kMaxName);
  slot.fault.raw = {};
  slot.fault.raw_count = 0;
  slot.add_line(line, uncertain_author(line, fault.origin));
  ++pending_count_;
  return slot;
}

void Assembly::drop(PendingFault* pending) {
  pending->used = false;
  --pending_count_;
}

void Assembly::settle(PendingFault* pending) {
  switch (pending->stage) {
    case Stage::context_precursor:
      settle_context_precursor(pending);
      break;
    case Stage::event:
      settle_smmuv3_event(pending);
      break;
    case Stage::stray_words:
      if (!settle_stray_words(pending)) {
        if (pending->fault.origin == FaultOrigin::xen) count_damaged();
        drop(pending);
        return;
      }
      break;
    case Stage::skipped_command:
      drop(pending);
      return;
    case Stage::ipmmu:
      break;
    case Stage::context_header:
    case Stage::global_header:
    case Stage::page_request:
    case Stage::vtd:
      pending->fault.complete = false;
      break;
  }
  deliver(pending->fault);
  drop(pending);
}

PendingFault* Assembly::oldest() {
  PendingFault* first = nullptr;
  for (PendingFault& slot : slots_) {
    if (slot.used && (first == nullptr || slot.since < first->since)) first = &slot;
  }
  return first;
}

void Assembly::expire() {
  for (PendingFault* slot = oldest();
       slot != nullptr && line_number_ - slot->since > FaultParser::kPendingLines;
       slot = oldest()) {
    settle(slot);
  }
}

std::optional<std::uint64_t> Assembly::earliest_pending(std::uint32_t input) const {
  std::optional<std::uint64_t> earliest;
  for (const PendingFault& slot : slots_) {
    if (!slot.used || slot.fault.input != input) continue;
    if (!earliest || slot.fault.offset < *earliest) earliest = slot.fault.offset;
  }
  return earliest;
}

void Assembly::flush() {
  while (pending_count_ != 0) settle(oldest());
}

}  // namespace xic
