// `watch`: faults as they come, a line each, or NDJSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/diagnosis/diagnosis.h"
#include "report/report.h"

namespace xic {

/// Turns faults and losses into lines. The first fault of an identity is told at once, further ones
/// are counted and told after 10 s, then after twice that, up to 5 min. Times are passed in.
class WatchFeed {
 public:
  static constexpr std::uint64_t kFirstFold = 10'000'000'000;     ///< ns
  static constexpr std::uint64_t kLongestFold = 300'000'000'000;  ///< ns

  struct Now {
    std::int64_t wall = 0;     ///< ns since 1970, UTC.
    std::uint64_t uptime = 0;  ///< ns; for intervals.
  };

  explicit WatchFeed(bool json) : json_(json) {}

  /// A fault of `group` was told: further ones are to be folded.
  [[nodiscard]] bool knows(std::size_t group) const { return folds_.contains(group); }
  /// Something was folded and not told yet.
  [[nodiscard]] bool pending() const;
  /// The first fault of `group` of `report`'s facts: its line. Further members: see folded().
  [[nodiscard]] std::string fault(const Report& report, std::size_t group, Now now);
  /// `count` more of it; nothing is told before due().
  void folded(std::size_t group, std::uint64_t count);
  /// Faults beyond the table of groups.
  void unkept(std::uint64_t count) { unkept_ += count; }
  /// Lines for what was folded long enough ago; with `all`, for everything folded.
  [[nodiscard]] std::string due(const Report& report, Now now, bool all);
  [[nodiscard]] std::string lost(std::uint64_t bytes, Now now) const;
  /// Xen has booted.
  [[nodiscard]] std::string restarted(Now now) const;

 private:
  struct Fold {
    std::uint64_t told = 0;  ///< Uptime.
    std::uint64_t interval = kFirstFold;
    std::uint64_t count = 0;
  };
  bool json_;
  std::map<std::size_t, Fold> folds_;
  std::uint64_t unkept_ = 0;
};

}  // namespace xic
