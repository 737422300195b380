// observations.ndjson: what the host that was recorded answered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/diagnosis/facts.h"
#include "host/capture/observation.h"

namespace xic {

/// One JSON object a line, told apart by "kind"; numbers and addresses as hex strings:
///   {"kind": "identity", "major": "0x4", "minor": "0xe", "extra": ".1", "changeset": "...", ...}
///   {"kind": "sysctl_abi", "number": "0x13", "bridged": false}
///   {"kind": "features", "words": "0x20805"}
///   {"kind": "physical_info", "cpus": "0x4", "capabilities": "0x2d"}
///   {"kind": "dom0_kernel", "release": "6.1.0-32-arm64"}
///   {"kind": "boot_memory" | "xen_regions", "ranges": [{"begin": "0x40000000", "end": "..."}]}
///   {"kind": "console_gap", "text": "xen-console.2.txt", "bytes": "0x1000"}
///   {"kind": "granted_now", "frame": "0x97f75", "answer": "granted|not_granted|free_or_xen",
///    "at_fault": true}
///   {"kind": "in_flight", "iova": "0x97f75148", "domain": "0x1", "ref": "0x1a",
///    "backend": "vif1.0", "at_fault": true}
///   {"kind": "probe", "answer": "present|absent|mixed|not_possible", "valid_host": true,
///    "frames": "0x2", "detail": "...", "steps": [{"step": "loaded", "outcome": "absent",
///    "frame": "0x97f75", "domain": "0x1", "ref": "0x0", "detail": ""}],
///    "refusals": [{"id": "no_guest", "why": "...", "remedy": "..."}], "weaker_signs": ["..."]}
///   {"kind": "grant_records", "text": "grant-trace.txt", "read_at_ns": "0x1f", "missed": "0x0",
///    "drift_ppm": "0x1", "dump": {"first_line_ns": "0x1", "last_line_ns": "0x2",
///    "begin_ns": "0x3", "end_ns": "0x4"}}
/// most with an optional "source".
[[nodiscard]] std::string write_observations(const std::vector<Observation>& observations);

struct Observations {
  std::vector<Observation> found;
  std::vector<Limit> limits;  ///< Lines that could not be read.
};
/// Kinds of later versions are ignored. `name` is the source of what names none.
[[nodiscard]] Observations read_observations(std::string_view text, std::string_view name);

}  // namespace xic
