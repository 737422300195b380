#include "core/grant/clock_relation.h"

#include <algorithm>

namespace xic {
namespace {

/// Xen prints microseconds (console.c: printk_start_of_line).
constexpr std::int64_t kStampNs = 1000;
constexpr unsigned kConflictsBelieved = 3;
/// Beyond this (146 years) nothing is a time.
constexpr std::uint64_t kLatest = std::uint64_t{1} << 62;

bool usable(Timestamp xen) {
  return xen.clock == Clock::xen_boot && xen.value < kLatest;
}

}  // namespace

std::uint32_t drift_of_counter(std::uint64_t hz) {
  constexpr std::uint64_t kKilo = 1000;
  constexpr std::uint64_t kMillion = 1'000'000;
  if (hz < kMillion) return kUnknownDriftPpm;
  const std::uint64_t cut = hz % kKilo * kMillion;
  return static_cast<std::uint32_t>((cut + hz - 1) / hz + 1);
}

ClockRelation::Bounds ClockRelation::at(std::uint64_t xen) const {
  Bounds now = *bounds_;
  const std::uint64_t elapsed = xen > now.as_of ? xen - now.as_of : now.as_of - xen;
  const auto drift = static_cast<std::int64_t>((elapsed / 1'000'000 + 1) * drift_ppm_);
  now.low -= drift;
  now.high += drift;
  now.as_of = xen;
  return now;
}

void ClockRelation::observe(Timestamp xen, TimeSpan host) {
  if (!usable(xen) || host.end >= kLatest || host.begin > host.end) return;
  const auto time = static_cast<std::int64_t>(xen.value);
  const Bounds seen{static_cast<std::int64_t>(host.begin) - time - kStampNs,
                    static_cast<std::int64_t>(host.end) - time, xen.value};
  if (!bounds_) {
    bounds_ = seen;
    return;
  }
  Bounds both = at(xen.value);
  both.low = std::max(both.low, seen.low);
  both.high = std::min(both.high, seen.high);
  if (both.low <= both.high) {
    bounds_ = both;
    conflicts_ = 0;
  } else if (++conflicts_ == kConflictsBelieved) {
    bounds_ = seen;
    conflicts_ = 0;
  }
}

std::optional<TimeSpan> ClockRelation::host_time(Timestamp xen) const {
  if (!bounds_ || !usable(xen)) return std::nullopt;
  const Bounds now = at(xen.value);
  const auto time = static_cast<std::int64_t>(xen.value);
  const std::int64_t begin = time + now.low;
  const std::int64_t end = time + now.high + kStampNs;
  if (end < 0) return std::nullopt;
  return TimeSpan{static_cast<std::uint64_t>(std::max<std::int64_t>(begin, 0)),
                  static_cast<std::uint64_t>(end)};
}

std::optional<std::uint64_t> ClockRelation::uncertainty() const {
  if (!bounds_) return std::nullopt;
  return static_cast<std::uint64_t>(bounds_->high - bounds_->low);
}

}  // namespace xic
