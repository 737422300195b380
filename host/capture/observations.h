// manifest.json and observations.ndjson: what the host that was recorded answered.
#pragma once

#include <string_view>

#include "core/observer.h"

namespace xic {

/// {"schema": "xen-iommu-check-capture/1", "root": true, "tried": [{"what": "console ring",
/// "ok": false, "error": "..."}]}: who recorded, and what could not be recorded (each a limit).
void read_manifest(std::string_view text, std::string_view name, Observer* observer);

/// One JSON object a line, told apart by "kind"; numbers and addresses as hex strings:
///   {"kind": "sysctl_abi", "number": "0x13"}
///   {"kind": "features", "words": "0x20805"}
///   {"kind": "granted_now", "frame": "0x97f75", "answer": "granted|not_granted|free_or_xen",
///    "at_fault": true}
///   {"kind": "probe", "answer": "present|absent|mixed|not_possible", "valid_host": true,
///    "frames": 2, "detail": "..."}
/// each with an optional "source". Kinds of later versions are ignored; lines that cannot be read
/// are counted as a limit.
void read_observations(std::string_view text, std::string_view name, Observer* observer);

}  // namespace xic
