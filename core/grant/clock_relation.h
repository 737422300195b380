// Xen's clock and the flight recorder's clock: where one stands when the other shows a time.
#pragma once

#include <cstdint>
#include <optional>

#include "core/console/timestamp.h"
#include "core/fault/fault.h"

namespace xic {

/// Both count the same generic timer, so their distance stays what it is but for rounding. It is
/// measured: a line that Xen stamped was printed between two moments of the recorder's clock. Every
/// such line narrows it.
class ClockRelation {
 public:
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
};

}  // namespace xic
