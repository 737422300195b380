#include "core/backend/store_dir.h"

#include <algorithm>

namespace xic {
namespace {

constexpr std::uint32_t kMaxU32 = ~std::uint32_t{0};
/// XenbusStateReconfigured, the last of xen/interface/io/xenbus.h.
constexpr std::uint32_t kMaxState = 8;

struct RingKey {
  RingRole role;
  std::uint32_t page = 0;
};

/// Which ring a key announces, by the protocol of its device type (public/io/netif.h, blkif.h).
/// /local/domain/N/console/ring-ref is no such key: it stands in no device directory, and its value
/// is a frame number.
std::optional<RingKey> ring_of(std::string_view key, std::string_view type) {
  if (key == "tx-ring-ref") return RingKey{RingRole::vif_tx};
  if (key == "rx-ring-ref") return RingKey{RingRole::vif_rx};
  if (key == "ctrl-ring-ref") return RingKey{RingRole::vif_ctrl};
  if (key == "page-gref") return RingKey{RingRole::other};  // vkbd, vfb; "page-ref" is a frame.
  constexpr std::string_view kRingRef = "ring-ref";
  if (key.ends_with("-ring-ref")) return RingKey{RingRole::other};  // vsnd, vdispl: req-, evt-.
  if (!key.starts_with(kRingRef)) return std::nullopt;
  key.remove_prefix(kRingRef.size());
  RingKey ring{RingRole::other};
  if (type == "vbd" || type.empty()) ring.role = RingRole::vbd;
  if (type == "console") ring.role = RingRole::console;
  if (key.empty()) return ring;
  const auto page = parse_decimal(key, static_cast<std::uint32_t>(Backends::kMaxRings));
  if (!page) return std::nullopt;
  ring.page = *page + 1;
  return ring;
}

}  // namespace

std::string_view harmless_text(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) return {};
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  return control ? std::string_view() : text;
}

void StoreDir::set(std::span<const std::string_view> key, std::string_view value,
                   std::string_view type) {
  std::uint32_t queue = 0;
  constexpr std::string_view kQueue = "queue-";
  const bool in_queue = key.size() == 2 && key[0].starts_with(kQueue);
  if (in_queue) {
    const auto number = parse_decimal(key[0].substr(kQueue.size()), kMaxQueues - 1);
    if (!number) return;
    queue = *number;
  } else if (key.size() != 1) {
    return;
  }
  const std::string_view name = key.back();

  if (const auto ring = ring_of(name, type)) {
    const auto ref = parse_decimal(value, kMaxU32);
    const auto same = std::find_if(rings.begin(), rings.end(), [&](const Ring& known) {
      return known.announced.role == ring->role && known.announced.queue == queue &&
             known.page == ring->page;
    });
    const Ring announced{{ring->role, queue, GrantRef{ref.value_or(0)}}, ring->page};
    if (same != rings.end()) {
      if (ref)
        *same = announced;
      else
        rings.erase(same);
    } else if (ref && rings.size() < Backends::kMaxRings) {
      rings.push_back(announced);
    }
    return;
  }
  if (in_queue) return;

  if (name == "state") {
    const auto number = parse_decimal(value, kMaxState);
    state.reset();
    if (number) state = static_cast<int>(*number);
  } else if (name == "backend") {
    backend.reset();
    if (const auto path = parse_backend_path(value))
      backend = Peer{path->backend, path->frontend, std::string(path->type), path->handle};
  } else if (name == "frontend") {
    has_frontend_key = true;
    frontend.reset();
    if (const auto path = parse_frontend_path(value))
      frontend = Peer{DomId{}, path->frontend, std::string(path->type), path->handle};
  } else if (name == "backend-id") {
    backend_id = parse_domain(value);
  } else if (name == "multi-queue-num-queues") {
    queues = parse_decimal(value, kMaxQueues);
    if (queues == 0U) queues.reset();
  } else if (name == "mac") {
    mac = harmless_text(value, kMaxText);
  } else if (name == "bridge") {
    bridge = harmless_text(value, kMaxText);
  }
}

}  // namespace xic
