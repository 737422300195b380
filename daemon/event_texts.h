// The daemon's events, in words and fields. Whatever comes from outside is printable here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/diagnosis/diagnosis.h"
#include "daemon/event.h"
#include "daemon/history.h"
#include "daemon/seen_fault.h"
#include "daemon/storm_control.h"

namespace xic::daemon {

[[nodiscard]] Event fault_event(const SeenFault& fault);
[[nodiscard]] Event summary_event(const FaultSummary& summary, const std::string& epoch);
/// `id`: of the place behind the gap.
[[nodiscard]] Event lost_event(std::uint64_t bytes, const std::string& id);
[[nodiscard]] Event verdict_event(const Verdict& verdict);
/// `version`: of this program. `found`: in the history.
[[nodiscard]] Event started_event(const std::string& version, std::uint64_t cursor,
                                  const Recovered& found);
[[nodiscard]] Event stopped_event(std::uint64_t faults_seen);
[[nodiscard]] Event abi_mismatch_event(const Error& error);
[[nodiscard]] Event probed_event(const ProbeResult& result);
[[nodiscard]] Event trouble_event(const std::string& id, const Error& error);
[[nodiscard]] Event recovered_event(const std::string& id, const std::string& detail);

}  // namespace xic::daemon
