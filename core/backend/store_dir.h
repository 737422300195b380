// What one device directory of the store said.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/backend/backend.h"
#include "core/backend/store_path.h"

namespace xic {

/// The keys of one directory that matter, checked one by one: a guest may have written any of them.
struct StoreDir {
  static constexpr std::uint32_t kMaxQueues = 1024;
  static constexpr std::size_t kMaxText = 64;

  /// `backend` or `frontend` as a path, where it is one.
  struct Peer {
    DomId backend;  ///< Of `backend` only.
    DomId frontend;
    std::string type;
    std::uint32_t handle = 0;
  };
  struct Ring {
    RingRef announced;
    std::uint32_t page = 0;  ///< ring-ref = 0, ring-ref0 = 1, ring-ref1 = 2 ...
  };

  std::optional<Peer> backend;   ///< Key "backend": where a frontend says that its backend is.
  std::optional<Peer> frontend;  ///< Key "frontend".
  bool has_frontend_key = false;
  std::optional<DomId> backend_id;
  std::optional<int> state;
  std::optional<std::uint32_t> queues;
  std::string mac, bridge;
  std::vector<Ring> rings;
  std::uint64_t sequence = 0;  ///< The order in which directories were begun: later ones win.

  /// `key`: below the directory, ["state"] or ["queue-1", "tx-ring-ref"]. `type`: of the directory,
  /// "" where it is not known.
  void set(std::span<const std::string_view> key, std::string_view value, std::string_view type);
};

/// `text` where it is short and holds nothing that could disturb a terminal, else "".
[[nodiscard]] std::string_view harmless_text(std::string_view text, std::size_t max_bytes);

}  // namespace xic
