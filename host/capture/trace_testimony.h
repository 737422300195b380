// The flight recorder's records as a part of what a host told: who had granted the pages of the
// faults that its console shows.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "core/observer.h"
#include "host/capture/observation.h"

namespace xic {

/// Hears all faults of a record, then says what the records show of each. A fault whose time on the
/// recorder's clock is not known (no stamps, clocks not related, another boot's) is left as it is:
/// between "some time before" and "now" nearly everything was mapped.
class TraceTestimony final : public FaultListener {
 public:
  /// Faults remembered, far more than a console ring holds; the rest have no sighting.
  static constexpr std::size_t kMostFaults = std::size_t{1} << 17;

  void on_fault(const Fault& fault, std::optional<std::size_t> group, bool first) override;

  /// `text`: what `records` names. To be called when all texts were fed.
  void testify(const GrantRecords& records, std::string_view text, Observer* observer) const;

 private:
  struct Heard {
    std::size_t group = 0;
    Frame frame;
    Timestamp time;
  };
  std::vector<Heard> heard_;
};

}  // namespace xic
