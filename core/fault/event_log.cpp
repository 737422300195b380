#include "core/fault/event_log.h"

#include <functional>
#include <string_view>

namespace xic {
namespace {

bool is_folded_by_domain(const SeenEvent& event) {
  return event.kind == HypervisorEvent::Kind::guest_abort;
}

std::size_t identity_hash(const SeenEvent& event, std::uint32_t boot) {
  const std::hash<std::string_view> text;
  std::size_t hash = static_cast<std::size_t>(event.kind) * 31 + boot;
  hash = hash * 1000003 + text(event.iommu);
  hash = hash * 1000003 + text(event.device);
  hash = hash * 1000003 + (event.domain ? event.domain->value() + std::size_t{1} : 0);
  return is_folded_by_domain(event) ? hash : hash * 1000003 + text(event.message);
}

bool is_another(const HypervisorEvent& known, const SeenEvent& event, std::uint32_t boot) {
  return known.boot == boot && known.kind == event.kind && known.iommu == event.iommu &&
         known.device == event.device && known.domain == event.domain &&
         (is_folded_by_domain(event) || known.message == event.message);
}

HypervisorEvent first_of(const SeenEvent& event, std::uint32_t boot) {
  HypervisorEvent first;
  first.kind = event.kind;
  first.iommu = event.iommu;
  first.device = event.device;
  first.domain = event.domain;
  first.message = event.message;
  first.number = event.number;
  first.time = event.time;
  first.at = event.at;
  first.boot = boot;
  return first;
}

}  // namespace

void EventLog::add(const SeenEvent& event, std::uint32_t boot) {
  const std::size_t hash = identity_hash(event, boot);
  const auto [begin, end] = by_identity_.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    HypervisorEvent& known = events_[it->second];
    if (!is_another(known, event, boot)) continue;
    ++known.count;
    known.number += event.number;
    return;
  }
  if (events_.size() == kMaxEvents) {
    ++dropped_;
    return;
  }
  by_identity_.emplace(hash, events_.size());
  events_.push_back(first_of(event, boot));
}

}  // namespace xic
