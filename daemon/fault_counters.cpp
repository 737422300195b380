#include "daemon/fault_counters.h"

#include <utility>

#include "report/names.h"

namespace xic::daemon {

void FaultCounters::count(const SeenFault& fault) {
  std::string iommu = fault.iommu.empty() ? fault.device : fault.iommu;
  if (!iommus_.contains(iommu)) {
    if (iommus_.size() < kMostIommus) {
      iommus_.insert(iommu);
    } else {
      iommu = "other";
    }
  }
  const auto state = fault.attribution ? fault.attribution->state : Attribution::State::none;
  DaemonStatus::Counter fresh{std::move(iommu),
                              std::string(render::token(fault.kind)),
                              std::string(render::token(fault.access)),
                              std::string(render::token(state)),
                              0,
                              0};
  Key key{fresh.iommu, fresh.kind, fresh.access, fresh.attribution};
  DaemonStatus::Counter& counter =
      counters_.try_emplace(std::move(key), std::move(fresh)).first->second;
  ++counter.count;
  counter.last_at = fault.wall / 1'000'000'000;
}

std::vector<DaemonStatus::Counter> FaultCounters::list() const {
  std::vector<DaemonStatus::Counter> all;
  for (const auto& [key, counter] : counters_) all.push_back(counter);
  return all;
}

}  // namespace xic::daemon
