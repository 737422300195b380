#include "core/fault/event_log.h"

#include <functional>
#include <string_view>

namespace xic {
namespace {

std::string_view told_apart_by(const HypervisorEvent& event) {
  return event.kind == HypervisorEvent::Kind::guest_abort ? std::string_view{}
                                                          : std::string_view(event.message);
}

std::size_t identity_hash(const HypervisorEvent& event, std::uint32_t boot) {
  const std::hash<std::string_view> text;
  std::size_t hash = static_cast<std::size_t>(event.kind) * 31 + boot;
  hash = hash * 1000003 + text(event.iommu);
  hash = hash * 1000003 + text(event.device);
  hash = hash * 1000003 + (event.domain ? event.domain->value() + std::size_t{1} : 0);
  return hash * 1000003 + text(told_apart_by(event));
}

bool same_event(const HypervisorEvent& a, const HypervisorEvent& b) {
  return a.kind == b.kind && a.iommu == b.iommu && a.device == b.device && a.domain == b.domain &&
         told_apart_by(a) == told_apart_by(b);
}

}  // namespace

void EventLog::add(const HypervisorEvent& event, std::uint32_t boot) {
  const std::size_t hash = identity_hash(event, boot);
  const auto [begin, end] = by_identity_.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    HypervisorEvent& known = events_[it->second];
    if (known.boot != boot || !same_event(known, event)) continue;
    known.count += event.count;
    known.number += event.number;
    return;
  }
  if (events_.size() == kMaxEvents) {
    ++dropped_;
    return;
  }
  by_identity_.emplace(hash, events_.size());
  events_.push_back(event);
  events_.back().boot = boot;
}

}  // namespace xic
