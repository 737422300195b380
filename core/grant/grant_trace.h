// The flight recorder's records as mappings with a beginning and an end: who had granted a frame to
// dom0 at a given time.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/fault/fault.h"
#include "core/grant/trace_parser.h"

namespace xic {

/// One grant, mapped by dom0 for a while. Times are on the recorder's clock, in nanoseconds.
struct TracedMapping {
  Frame frame;
  DomId granter;
  std::optional<GrantRef> ref;             ///< Recorded of the first grant of a batch only.
  bool read_only = false;                  ///< As the first of its batch.
  std::uint64_t pfn = 0;                   ///< Where dom0 has it.
  std::uint64_t mapped = 0;                ///< Surely mapped from here on ...
  std::optional<std::uint64_t> unmapping;  ///< ... to here: gnttab_unmap_refs() was entered.
  std::optional<std::uint64_t> unmapped;   ///< Surely gone from here on.
  bool certain = true;   ///< False: its end may have been missed; what it shows is `likely`.
  std::string mapper;    ///< Task that mapped it, printable.
  std::string unmapper;  ///< Task that unmapped it; netback's "vif1.0-q0-deall" names the queue.
};

/// What the recorder covered.
struct TraceCoverage {
  std::uint64_t from = 0;   ///< Everything since is there ...
  std::uint64_t until = 0;  ///< ... to here: when it was read.
};

/// Bounded: the latest kMaxMappings are kept.
class GrantTrace {
 public:
  static constexpr std::size_t kMaxMappings = std::size_t{1} << 18;

  /// `text`: all that the recorder holds, read at `now`. `missed`: records that never reached the
  /// ring; with any, no mapping's end is certain.
  GrantTrace(std::string_view text, std::uint64_t now, std::uint64_t missed);

  /// What is known of `frame` between `at.begin` and `at.end`.
  [[nodiscard]] TraceSighting look_up(Frame frame, TimeSpan at) const;
  /// All mappings, in the order in which they were made.
  [[nodiscard]] const std::deque<TracedMapping>& mappings() const { return mappings_; }
  [[nodiscard]] TraceCoverage coverage() const { return coverage_; }
  [[nodiscard]] const GrantTraceQuality& quality() const { return quality_; }

 private:
  class Builder;
  std::deque<TracedMapping> mappings_;
  std::map<Frame, std::vector<std::size_t>> by_frame_;
  TraceCoverage coverage_;
  GrantTraceQuality quality_;
};

}  // namespace xic
