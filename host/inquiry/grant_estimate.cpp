#include "host/inquiry/grant_estimate.h"

#include <algorithm>
#include <map>

#include "core/backend/tx_ring.h"
#include "host/inquiry/ring_copy.h"

namespace xic {
namespace {

/// Entries of a frame of a version 1 table (8 bytes each; those of version 2 are larger).
constexpr std::uint64_t kEntriesPerFrame = 512;
constexpr std::uint64_t kReservedPages = 2;
/// Pending requests of a queue (netback: MAX_PENDING_REQS).
constexpr std::uint64_t kVifQueue = 256;
/// A ring of one page has 32 requests of 11 pages each; with persistent grants (the default of
/// Linux' frontends) they stay mapped.
constexpr std::uint64_t kVbdRing = 352;
/// Of a kind whose use of grants is not known.
constexpr std::uint64_t kOtherDevice = 64;

std::uint64_t in_flight(const Backend& device, Store* store, GrantTables* grants) {
  std::uint64_t count = 0;
  for (std::uint32_t queue = 0; queue < device.queues && queue < Backends::kMaxRings; ++queue) {
    if (!TxRing::of(device, queue)) continue;
    const auto page = copy_tx_ring(device, queue, store, grants);
    count += page ? parse_tx_ring(*page).in_flight : kVifQueue;
  }
  return count;
}

std::uint64_t of_device(const Backend& device, Store* store, GrantTables* grants) {
  const std::uint64_t rings = device.rings.size();
  if (device.type == "vif") return rings + in_flight(device, store, grants);
  if (device.type == "vbd" || device.type == "qdisk") {
    return rings + kVbdRing * std::max<std::uint64_t>(rings, 1);
  }
  if (device.type == "console") return rings;
  return rings + kOtherDevice;
}

}  // namespace

GrantEstimate estimate_grants(const Backends& backends, Store* store, GrantTables* grants) {
  GrantEstimate estimate;
  estimate.known = backends.listing_seen && backends.dropped == 0;
  std::map<DomId, std::uint64_t> guests;
  for (const auto& [domain, name] : backends.domain_names) {
    if (domain != kDom0) guests.emplace(domain, kReservedPages);
  }
  for (const Backend& device : backends.devices) {
    auto& entries = guests.try_emplace(device.frontend_domain, kReservedPages).first->second;
    entries += of_device(device, store, grants);
  }
  for (const auto& [domain, entries] : guests) {
    const auto size = grants->size(domain);
    const std::uint64_t room = size ? size->frames * kEntriesPerFrame : entries;
    estimate.entries += std::min(entries, room);
  }
  return estimate;
}

}  // namespace xic
