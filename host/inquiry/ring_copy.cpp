#include "host/inquiry/ring_copy.h"

#include <string>
#include <string_view>

namespace xic {
namespace {

std::optional<std::string> value_of(Store* store, const std::string& path) {
  auto value = store->read(path);
  return value ? *std::move(value) : std::nullopt;
}

std::string folder_of_vif(DomId domain, std::string_view side, const std::string& device) {
  return "/local/domain/" + std::to_string(domain.value()) + '/' + std::string(side) + "/vif/" +
         device + '/';
}

/// What the frontend names now. A device with one queue has its keys in the folder of the device
/// itself (public/io/netif.h).
std::optional<std::string> named_ref(const Backend& device, std::uint32_t queue, Store* store) {
  const std::string folder =
      folder_of_vif(device.frontend_domain, "device", std::to_string(device.handle));
  const std::string key = "tx-ring-ref";
  auto named = value_of(store, folder + "queue-" + std::to_string(queue) + '/' + key);
  return named || queue != 0 ? named : value_of(store, folder + key);
}

}  // namespace

std::optional<RingPage> copy_tx_ring(const Backend& device, std::uint32_t queue, Store* store,
                                     GrantTables* grants) {
  const auto ring = TxRing::of(device, queue);
  if (!ring) return std::nullopt;
  // By dom0's own word, which the guest cannot write.
  const std::string backend = folder_of_vif(
      kDom0, "backend",
      std::to_string(device.frontend_domain.value()) + '/' + std::to_string(device.handle));
  if (value_of(store, backend + "state") != "4") return std::nullopt;
  if (named_ref(device, queue, store) != std::to_string(ring->ref().value())) return std::nullopt;
  auto page = grants->copy_ring(*ring);
  return page ? std::optional(*std::move(page)) : std::nullopt;
}

}  // namespace xic
