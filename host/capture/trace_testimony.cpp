#include "host/capture/trace_testimony.h"

#include <algorithm>

#include "core/grant/clock_relation.h"
#include "core/grant/grant_trace.h"

namespace xic {

void TraceTestimony::on_fault(const Fault& fault, std::optional<std::size_t> group,
                              bool /*first*/) {
  if (!group || !fault.iova || fault.origin != FaultOrigin::xen) return;
  if (heard_.size() == kMostFaults) return;
  heard_.push_back({*group, frame_of(*fault.iova), fault.time});
}

void TraceTestimony::testify(const GrantRecords& records, std::string_view text,
                             Observer* observer) const {
  if (!records.dump || heard_.empty()) return;
  ClockRelation clocks;
  clocks.set_drift(records.drift_ppm);
  clocks.observe({Clock::xen_boot, records.dump->first_line_ns}, records.dump->printed);
  clocks.observe({Clock::xen_boot, records.dump->last_line_ns}, records.dump->printed);
  const GrantTrace trace(text, records.read_at_ns, records.missed);
  const Facts facts = observer->snapshot();
  for (const Heard& fault : heard_) {
    const bool of_this_boot =
        fault.group < facts.faults.size() && facts.faults[fault.group].boot == facts.last_boot;
    auto time = of_this_boot ? clocks.host_time(fault.time) : std::nullopt;
    if (!time) continue;
    time->begin -= std::min(time->begin, kReportLatencyNs);
    observer->add_trace_sighting(fault.group, trace.look_up(fault.frame, *time));
  }
}

}  // namespace xic
