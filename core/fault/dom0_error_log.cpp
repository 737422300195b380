#include "core/fault/dom0_error_log.h"

#include <algorithm>

namespace xic {
namespace {

bool adjacent(Position a, Position b) {
  if (a.input != b.input) return false;
  const std::uint64_t apart = a.offset > b.offset ? a.offset - b.offset : b.offset - a.offset;
  return apart <= Dom0ErrorLog::kNearBytes;
}

bool same_message(const Dom0Error& a, const Dom0Error& b) {
  return a.boot == b.boot && a.driver == b.driver && a.device == b.device && a.netdev == b.netdev &&
         a.message == b.message;
}

/// Nanoseconds between a Xen boot time and a dom0 uptime; nothing where they cannot be related.
std::optional<std::int64_t> apart_ns(Timestamp xen, Timestamp uptime,
                                     const std::optional<Timestamp>& dom0_started) {
  if (!dom0_started || dom0_started->clock != Clock::xen_boot || xen.clock != Clock::xen_boot ||
      uptime.clock != Clock::dom0_uptime) {
    return std::nullopt;
  }
  const auto offset = static_cast<std::int64_t>(xen.value - dom0_started->value);
  const std::int64_t difference = offset - static_cast<std::int64_t>(uptime.value);
  return difference < 0 ? -difference : difference;
}

}  // namespace

void Dom0ErrorLog::on_fault(std::size_t index, FaultGroup* group) {
  last_fault_ = {index, group->last_at, true};
  if (error_seen_ && !group->dom0_error && adjacent(last_error_at_, group->last_at)) {
    group->dom0_error = last_error_;
  }
}

void Dom0ErrorLog::add(const Dom0Error& error, std::uint32_t boot, FaultGroups* groups) {
  Dom0Error candidate = error;
  candidate.boot = boot;
  auto known = std::find_if(entries_.begin(), entries_.end(),
                            [&](const Entry& e) { return same_message(e.error, candidate); });
  if (known != entries_.end()) {
    const bool read_again = known->error.at.input != candidate.at.input &&
                            candidate.uptime.clock == Clock::dom0_uptime &&
                            candidate.uptime.value <= known->last_uptime.value;
    if (!read_again) {
      ++known->error.count;
      known->last_uptime = candidate.uptime;
    }
  } else if (entries_.size() < kMaxErrors) {
    entries_.push_back({candidate, candidate.uptime});
    known = entries_.end() - 1;
  } else {
    ++dropped_;
    return;
  }
  last_error_ = static_cast<std::size_t>(known - entries_.begin());
  last_error_at_ = candidate.at;
  error_seen_ = true;
  if (!last_fault_.valid) return;
  FaultGroup& group = groups->at(last_fault_.group);
  if (!group.dom0_error && adjacent(last_fault_.at, candidate.at)) group.dom0_error = last_error_;
}

std::vector<Dom0Error> Dom0ErrorLog::joined(const std::optional<Timestamp>& dom0_started,
                                            std::vector<FaultGroup>* groups) const {
  std::vector<Dom0Error> errors;
  errors.reserve(entries_.size());
  for (const Entry& entry : entries_) errors.push_back(entry.error);
  for (FaultGroup& group : *groups) {
    std::optional<std::size_t> nearest;
    std::int64_t best = kNearNs + 1;
    bool clocks_relate = false;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      for (const Timestamp& xen : {group.first, group.last}) {
        for (const Timestamp& uptime : {entries_[i].error.uptime, entries_[i].last_uptime}) {
          const auto apart = apart_ns(xen, uptime, dom0_started);
          if (!apart) continue;
          clocks_relate = true;
          if (*apart < best && entries_[i].error.boot == group.boot) {
            best = *apart;
            nearest = i;
          }
        }
      }
    }
    // Clocks that relate overrule the order in which lines happen to stand in a file.
    if (clocks_relate) group.dom0_error = nearest;
    if (group.dom0_error) errors[*group.dom0_error].near_fault = true;
  }
  return errors;
}

}  // namespace xic
