// Faults by the few words that metrics tell them apart by.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/seen_fault.h"
#include "report/daemon_status.h"

namespace xic::daemon {

class FaultCounters {
 public:
  /// IOMMUs with counters of their own; the others share the name "other", so that hostile names
  /// cannot make series without end.
  static constexpr std::size_t kMostIommus = 16;

  void count(const SeenFault& fault);
  [[nodiscard]] std::vector<DaemonStatus::Counter> list() const;

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Key, DaemonStatus::Counter> counters_;
  std::set<std::string> iommus_;
};

}  // namespace xic::daemon
