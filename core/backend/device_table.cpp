#include "core/backend/device_table.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

namespace xic {

StoreDir* DeviceTable::directory(const StorePlace& place, std::uint64_t serial, bool begin_anew) {
  const View wanted{serial, place.kind, place.owner, place.type, place.frontend, place.handle};
  const auto kind = static_cast<std::size_t>(place.kind);
  auto found = directories_.find(wanted);
  if (found == directories_.end()) {
    Key key{serial,         place.kind,   place.owner, std::string(place.type),
            place.frontend, place.handle, place.rooted};
    if (count_[kind] == Backends::kMaxDevices) {
      // A directory's keys follow each other: counted once.
      if (!last_refused_ || last_refused_->view() != wanted) ++refused_[kind];
      last_refused_ = std::move(key);
      return nullptr;
    }
    ++count_[kind];
    found = directories_.emplace(std::move(key), StoreDir{}).first;
    found->second.sequence = ++sequence_;
  } else if (begin_anew) {
    found->second = StoreDir{};
    found->second.sequence = ++sequence_;
  }
  return &found->second;
}

/// One joining. Who has the last word on what:
///  - that a device exists, and who serves it: the backend directory, then the frontend's own word,
///    then the toolstack's copy in /libxl;
///  - the frontend's domain: the component of the path; a frontend's word only in a fragment that
///    shows no path;
///  - where a later text repeats a directory, the later one.
class DeviceJoin {
 public:
  using Kind = StorePlace::Kind;

  DeviceJoin(const DeviceTable& table, Backends* backends) : backends_(*backends) {
    for (const auto& [key, dir] : table.directories_) ordered_.push_back({&key, &dir});
    std::sort(ordered_.begin(), ordered_.end(),
              [](const Item& a, const Item& b) { return a.dir->sequence < b.dir->sequence; });
    refused_ = *std::max_element(table.refused_.begin(), table.refused_.end());
  }

  void run() {
    for (const Item& item : ordered_) {
      if (const auto& peer = item.dir->backend)
        claims_.emplace(Service{peer->type, peer->frontend, peer->handle}, peer->backend);
    }
    for (const Item& item : ordered_)
      if (item.key->kind == Kind::backend && item.key->owner) add_backend(item, *item.key->owner);
    for (const Item& item : ordered_) {
      if (item.key->kind == Kind::backend && !item.key->owner) add_backend_of_unknown_owner(item);
      if (is_bare_backend(item)) add_bare_backend(item);
    }
    for (const Item& item : ordered_)
      if (is_frontend(item)) add_frontend(item);
    for (const Item& item : ordered_)
      if (is_copy(item)) add_copy(item);
    finish();
  }

 private:
  struct Item {
    const DeviceTable::Key* key;
    const StoreDir* dir;
  };
  /// Type (the backend's word), frontend domain, handle.
  using Service = std::tuple<std::string, DomId, std::uint32_t>;
  /// Frontend domain, handle, type (the frontend's word).
  using Front = std::tuple<DomId, std::uint32_t, std::string>;
  using Identity = std::tuple<DomId, std::string, DomId, std::uint32_t>;

  /// Without a root it may be /libxl's copy, which alone names both ends.
  static bool is_copy(const Item& item) {
    if (item.key->kind == Kind::libxl) return true;
    const bool front = item.key->kind == Kind::frontend || item.key->kind == Kind::bare;
    return front && !item.key->rooted && item.dir->has_frontend_key && item.dir->backend;
  }
  static bool is_frontend(const Item& item) {
    if (is_copy(item)) return false;
    if (item.key->kind == Kind::bare) return item.dir->backend.has_value();
    return item.key->kind == Kind::frontend;
  }
  static bool is_bare_backend(const Item& item) {
    return item.key->kind == Kind::bare && item.dir->frontend && !item.dir->backend;
  }

  /// Nothing where the limit is reached.
  Backend* device(DomId owner, const std::string& type, DomId frontend, std::uint32_t handle) {
    const Identity identity{owner, type, frontend, handle};
    if (const auto known = devices_.find(identity); known != devices_.end()) return &known->second;
    if (devices_.size() == Backends::kMaxDevices) {
      ++dropped_;
      return nullptr;
    }
    Backend& made = devices_[identity];
    made.type = type;
    made.backend_domain = owner;
    made.frontend_domain = frontend;
    made.handle = handle;
    made.backend_path = "/local/domain/" + std::to_string(owner.value()) + "/backend/" + type +
                        "/" + std::to_string(frontend.value()) + "/" + std::to_string(handle);
    by_front_[Front{frontend, handle, frontend_type(type)}].push_back(&made);
    return &made;
  }

  static void describe(const StoreDir& dir, Backend* device) {
    if (device == nullptr) return;
    device->backend_state = dir.state;
    device->mac = dir.mac;
    device->bridge = dir.bridge;
  }

  void add_backend(const Item& item, DomId owner) {
    describe(*item.dir, device(owner, item.key->type, *item.key->frontend, item.key->handle));
  }

  /// A fragment that does not show whose directory it is: that of a device seen elsewhere, else by
  /// a frontend's word, else dom0's.
  void add_backend_at(const Item& item, const std::string& type, DomId frontend,
                      std::uint32_t handle) {
    const auto seen = by_front_.find(Front{frontend, handle, frontend_type(type)});
    if (seen != by_front_.end()) {
      describe(*item.dir, seen->second.front());
      return;
    }
    const auto claim = claims_.find(Service{type, frontend, handle});
    const DomId owner = claim != claims_.end() ? claim->second : kDom0;
    describe(*item.dir, device(owner, type, frontend, handle));
  }
  void add_backend_of_unknown_owner(const Item& item) {
    add_backend_at(item, item.key->type, *item.key->frontend, item.key->handle);
  }
  void add_bare_backend(const Item& item) {
    const StoreDir::Peer& front = *item.dir->frontend;
    add_backend_at(item, front.type, front.frontend, front.handle);
  }

  void add_frontend(const Item& item) {
    const StoreDir& dir = *item.dir;
    const bool bare = item.key->kind == Kind::bare;
    if (!item.key->owner && !dir.backend) return;
    const DomId frontend = item.key->owner ? *item.key->owner : dir.backend->frontend;
    const std::uint32_t handle = bare ? dir.backend->handle : item.key->handle;
    const std::string type(bare ? frontend_type(dir.backend->type) : item.key->type);
    // A guest's word about its backend is heard only as far as it speaks of this very device.
    const bool claims = dir.backend && dir.backend->frontend == frontend &&
                        dir.backend->handle == handle && frontend_type(dir.backend->type) == type;

    Backend* device = nullptr;
    const auto listed = by_front_.find(Front{frontend, handle, type});
    if (listed != by_front_.end()) {
      device = listed->second.front();
      for (Backend* const candidate : listed->second) {
        if (claims && candidate->backend_domain == dir.backend->backend &&
            candidate->type == dir.backend->type)
          device = candidate;
      }
    } else if (claims) {
      device = this->device(dir.backend->backend, dir.backend->type, frontend, handle);
    } else if (dir.backend_id || dir.state || !dir.rings.empty()) {
      device = this->device(dir.backend_id.value_or(kDom0), type, frontend, handle);
    }
    if (device == nullptr) return;
    device->frontend_state = dir.state;
    device->queues = dir.queues.value_or(1);
    device->rings.clear();
    for (const StoreDir::Ring& ring : dir.rings) {
      device->rings.push_back(ring.announced);
      // In a bare fragment the type was not known when the key was read.
      if (ring.announced.role == RingRole::vbd && type != "vbd")
        device->rings.back().role = RingRole::other;
    }
  }

  void add_copy(const Item& item) {
    const auto& peer = item.dir->backend;
    if (!peer || (item.key->owner && *item.key->owner != peer->frontend)) return;
    if (!by_front_.contains(Front{peer->frontend, peer->handle, frontend_type(peer->type)}))
      device(peer->backend, peer->type, peer->frontend, peer->handle);
  }

  void finish() {
    backends_.dropped = refused_ + dropped_;
    for (auto& [identity, device] : devices_) backends_.devices.push_back(std::move(device));
    for (std::uint32_t at = 0; at < backends_.devices.size(); ++at) {
      const Backend& device = backends_.devices[at];
      for (std::uint32_t ring = 0; ring < device.rings.size(); ++ring)
        backends_.by_ref.push_back({device.frontend_domain, device.rings[ring].ref, at, ring});
    }
    std::sort(backends_.by_ref.begin(), backends_.by_ref.end());
  }

  Backends& backends_;
  std::vector<Item> ordered_;
  std::uint64_t refused_ = 0;
  std::uint64_t dropped_ = 0;
  std::map<Service, DomId> claims_;
  std::map<Identity, Backend> devices_;
  std::map<Front, std::vector<Backend*>> by_front_;
};

void DeviceTable::join(Backends* backends) const {
  DeviceJoin(*this, backends).run();
}

}  // namespace xic
