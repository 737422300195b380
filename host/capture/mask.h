// Replaces what identifies people and machines in a record, and keeps what a diagnosis needs.
#pragma once

#include <string>
#include <vector>

#include "host/capture/record.h"

namespace xic {

/// Names of domains (as the record's xenstore listing has them) and `names` (the host's), MAC,
/// IPv4 and IPv6 addresses and UUIDs become tokens of the same form. One name or address becomes
/// one token wherever it stands, different ones become different tokens, so relations are kept.
/// Frames, addresses of memory, grant refs and domain numbers stay.
void mask(HostRecord* record, const std::vector<std::string>& names);

}  // namespace xic
