// Xen's clock and the flight recorder's clock: where one stands when the other shows a time.
#pragma once

#include <cstdint>
#include <optional>

#include "core/console/timestamp.h"
#include "core/fault/fault.h"

namespace xic {

/// For a generic timer whose frequency is not known: Xen counts whole kHz of it, and none is known
/// that is slower than 25 MHz and has a broken number of them.
inline constexpr std::uint32_t kUnknownDriftPpm = 40;

/// A fault happened at most this long before Xen's interrupt handler printed it. Handlers run
/// within microseconds; the rest is allowance for a console line that was being printed.
inline constexpr std::uint64_t kReportLatencyNs = 500'000;

/// How fast Xen's clock and one that is true to the same generic timer of `hz` drift apart, in
/// parts per million, rounded up: Xen divides by whole kHz (xen/arch/arm/time.c, ticks_to_ns() with
/// cpu_khz = CNTFRQ_EL0 / 1000, 4.11 to 4.20). One more for the rounding of Linux's multiplier.
[[nodiscard]] std::uint32_t drift_of_counter(std::uint64_t hz);

/// Both count the same generic timer, so their distance stays what it is but for a drift that is
/// bounded. It is measured: a line that Xen stamped was printed between two moments of the
/// recorder's clock. Every such line narrows it.
class ClockRelation {
 public:
  void set_drift(std::uint32_t parts_per_million) { drift_ppm_ = parts_per_million; }
  /// A line with this stamp was printed within `host`. Stamps of other clocks than Xen's boot time
  /// are of no use. What contradicts all that came before is left out, until three in a row do.
  void observe(Timestamp xen, TimeSpan host);
  /// When that was, on the recorder's clock; nothing where the clocks are not related yet.
  [[nodiscard]] std::optional<TimeSpan> host_time(Timestamp xen) const;
  /// Width of what is not known, in nanoseconds.
  [[nodiscard]] std::optional<std::uint64_t> uncertainty() const;

 private:
  struct Bounds {
    std::int64_t low = 0, high = 0;  ///< Of recorder time minus Xen time.
    std::uint64_t as_of = 0;         ///< Xen's time when they were set.
  };
  [[nodiscard]] Bounds at(std::uint64_t xen) const;

  std::optional<Bounds> bounds_;
  unsigned conflicts_ = 0;
  std::uint32_t drift_ppm_ = kUnknownDriftPpm;
};

}  // namespace xic
