// What a listing showed, as values.
#include <algorithm>

#include "core/backend/backend.h"
#include "core/backend/store_path.h"

namespace xic {
namespace {

/// XenbusStateConnected (xen/interface/io/xenbus.h).
constexpr int kConnected = 4;
/// GNTTAB_RESERVED_CONSOLE and GNTTAB_RESERVED_XENSTORE.
constexpr GrantRef kFirstFreeRef{2};

}  // namespace

std::string Backend::name() const {
  const std::string domain = std::to_string(frontend_domain.value());
  if (type == "vif") return "vif" + domain + "." + std::to_string(handle);
  const std::string_view front = frontend_type(type);
  std::string text(front);
  text += domain + "/" + std::to_string(handle);
  if (front != type) text += " (" + type + ")";
  return text;
}

bool Backend::connected() const {
  return (backend_state ? backend_state : frontend_state) == kConnected;
}

std::optional<TxRing> TxRing::of(const Backend& device, std::uint32_t queue) {
  if (device.type != "vif" || device.backend_domain != kDom0 || device.frontend_domain == kDom0 ||
      !device.connected()) {
    return std::nullopt;
  }
  for (const RingRef& ring : device.rings) {
    const bool wanted = ring.role == RingRole::vif_tx && ring.queue == queue;
    if (wanted && ring.ref >= kFirstFreeRef) return TxRing(device.frontend_domain, ring.ref);
  }
  return std::nullopt;
}

const Backend* Backends::device_of(DomId domain, GrantRef ref, RingRef* ring) const {
  if (ref < kFirstFreeRef) return nullptr;
  const Backend* found = nullptr;
  // A guest may announce one ref twice; a device that is connected is the likelier one.
  const auto offer = [&](const Backend& device, const RingRef& announced) {
    if (found != nullptr && (found->connected() || !device.connected())) return;
    found = &device;
    if (ring != nullptr) *ring = announced;
  };
  if (!by_ref.empty()) {
    const RingAt first{domain, ref, 0, 0};
    for (auto at = std::lower_bound(by_ref.begin(), by_ref.end(), first);
         at != by_ref.end() && at->domain == domain && at->ref == ref; ++at)
      offer(devices[at->device], devices[at->device].rings[at->ring]);
    return found;
  }
  for (const Backend& device : devices) {
    if (device.frontend_domain != domain) continue;
    for (const RingRef& announced : device.rings)
      if (announced.ref == ref) offer(device, announced);
  }
  return found;
}

}  // namespace xic
