// PV devices from a xenstore listing: which domain's device is served by which backend domain.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/line.h"
#include "core/types.h"

namespace xic {

/// What a grant is for.
enum class RingRole : std::uint8_t { vif_tx, vif_rx, vif_ctrl, vbd, console, xenstore, other };

/// A ring page a frontend announced in xenstore. The ref is guest-writable: usable to give a role
/// to a grant that Xen's own dump shows, never to name a granter by itself.
struct RingRef {
  RingRole role = RingRole::other;
  std::uint32_t queue = 0;
  GrantRef ref;
};

struct Backend {
  std::string type;       ///< "vif", "vbd", "qdisk", "console", "vkbd", ...
  DomId backend_domain;   ///< From the backend path, or from backend-id where only the frontend is
                          ///< listed.
  DomId frontend_domain;  ///< From the path component, never from a frontend key.
  std::uint32_t handle = 0;  ///< vif number, or virtual device number of a disk (51712 = xvda).
  std::optional<int> backend_state;  ///< XenbusState; 4 = connected. Written by the backend domain.
  std::optional<int> frontend_state;  ///< Guest-writable.
  std::string mac, bridge;            ///< From the backend directory; "" where absent.
  std::string backend_path;
  std::vector<RingRef> rings;  ///< From the frontend directory: guest-writable.
  std::uint32_t queues = 1;
  /// "vif1.0", "vbd1/51712"
  [[nodiscard]] std::string name() const;
  /// Connected by the word of the backend, or (only the frontend being listed) of the frontend.
  [[nodiscard]] bool connected() const;
};

/// The transmit ring of one queue of a vif that dom0 serves: the one kind of page that may be
/// looked into. Made from a device only, so that no other ref can be named.
class TxRing {
 public:
  /// Nothing where the device is no connected vif with dom0 as its backend and another domain as
  /// its frontend, where the queue has no transmit ring, or where its ref is a reserved one.
  [[nodiscard]] static std::optional<TxRing> of(const Backend& device, std::uint32_t queue);
  [[nodiscard]] DomId domain() const { return domain_; }
  [[nodiscard]] GrantRef ref() const { return ref_; }

 private:
  TxRing(DomId domain, GrantRef ref) : domain_(domain), ref_(ref) {}
  DomId domain_;
  GrantRef ref_;
};

/// All that a listing showed.
struct Backends {
  bool listing_seen = false;
  std::vector<Backend> devices;
  std::map<DomId, std::string> domain_names;  ///< /local/domain/N/name (written by the toolstack).
  std::uint64_t dropped = 0;                  ///< Devices over kMaxDevices.
  /// Where each ring stands in `devices`, sorted: made by StoreParser::snapshot(). Empty in a value
  /// put together by hand, whose devices are then searched one by one.
  struct RingAt {
    DomId domain;  ///< The frontend's.
    GrantRef ref;
    std::uint32_t device = 0, ring = 0;
    auto operator<=>(const RingAt&) const = default;
  };
  std::vector<RingAt> by_ref;
  static constexpr std::size_t kMaxDevices = 4096;
  static constexpr std::size_t kMaxRings = 64;  ///< Per device.

  /// The device of `domain` that announced `ref` as a ring, or nothing. Refs 0 and 1 are the
  /// reserved console and xenstore pages and belong to no device here.
  [[nodiscard]] const Backend* device_of(DomId domain, GrantRef ref, RingRef* ring) const;
};

/// Reads `xenstore-ls`, `-f`, `-fp`, whole or in fragments, also amid other text.
class StoreParser {
 public:
  StoreParser();
  ~StoreParser();
  StoreParser(const StoreParser&) = delete;
  StoreParser& operator=(const StoreParser&) = delete;

  [[nodiscard]] static std::span<const std::string_view> literals();
  /// Needs Line::raw for the tree form's indentation (quote marks already removed).
  Consumed consume(const Line& line);
  /// One key of a live store or a capture's record.
  void add(std::string_view path, std::string_view value);
  [[nodiscard]] Backends snapshot() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xic
