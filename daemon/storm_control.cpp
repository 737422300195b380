#include "daemon/storm_control.h"

#include <algorithm>

namespace xic::daemon {

void StormControl::Entry::add(EventId id, std::uint64_t now) {
  if (count == 0) first = id;
  ++count;
  last = id;
  seen = now;
}

FaultSummary StormControl::Entry::take(std::uint64_t now) {
  FaultSummary summary{std::nullopt, count, first, last, std::chrono::nanoseconds(now - told)};
  told = now;
  count = 0;
  interval = std::min<std::chrono::nanoseconds>(2 * interval, kLongest);
  return summary;
}

bool StormControl::admit(const FaultIdentity& identity, EventId id, std::uint64_t now) {
  forget_quiet(now);
  if (const auto known = entries_.find(identity); known != entries_.end()) {
    known->second.add(id, now);
    return false;
  }
  if (entries_.size() < kMost) {
    Entry entry;
    entry.interval = interval_;
    entry.told = entry.seen = now;
    entries_.emplace(identity, entry);
    return true;
  }
  if (!others_) {
    Entry entry;
    entry.interval = interval_;
    entry.told = now;
    others_ = entry;
  }
  others_->add(id, now);
  return false;
}

void StormControl::forget_quiet(std::uint64_t now) {
  constexpr auto kQuiet = static_cast<std::uint64_t>(std::chrono::nanoseconds(kLongest).count());
  const auto quiet = [&](const Entry& entry) {
    return entry.count == 0 && now - entry.seen >= kQuiet;
  };
  std::erase_if(entries_, [&](const auto& item) { return quiet(item.second); });
  if (others_ && quiet(*others_)) others_.reset();
}

std::vector<FaultSummary> StormControl::due(std::uint64_t now) {
  std::vector<FaultSummary> summaries;
  for (auto& [identity, entry] : entries_) {
    if (entry.count == 0 || now < entry.deadline()) continue;
    summaries.push_back(entry.take(now));
    summaries.back().identity = identity;
  }
  if (others_ && others_->count != 0 && now >= others_->deadline()) {
    summaries.push_back(others_->take(now));
  }
  return summaries;
}

std::vector<FaultSummary> StormControl::all(std::uint64_t now) {
  std::vector<FaultSummary> summaries;
  for (auto& [identity, entry] : entries_) {
    if (entry.count == 0) continue;
    summaries.push_back(entry.take(now));
    summaries.back().identity = identity;
  }
  if (others_ && others_->count != 0) summaries.push_back(others_->take(now));
  return summaries;
}

std::uint64_t StormControl::waiting() const {
  std::uint64_t sum = others_ ? others_->count : 0;
  for (const auto& [identity, entry] : entries_) sum += entry.count;
  return sum;
}

}  // namespace xic::daemon
