// The directories of a listing, and how they join to devices.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/backend/backend.h"
#include "core/backend/store_dir.h"
#include "core/backend/store_path.h"

namespace xic {

/// Bounded: Backends::kMaxDevices directories of each kind.
class DeviceTable {
 public:
  /// The directory at `place`, made where it is new, emptied where `begin_anew`. `serial` tells
  /// fragments apart whose path does not (0 where it does). Nothing where there is no room.
  StoreDir* directory(const StorePlace& place, std::uint64_t serial, bool begin_anew);

  /// Sets devices, dropped and the lookup table of `*backends`.
  void join(Backends* backends) const;

 private:
  struct View {
    std::uint64_t serial = 0;
    StorePlace::Kind kind = StorePlace::Kind::none;
    std::optional<DomId> owner;
    std::string_view type;
    std::optional<DomId> frontend;
    std::uint32_t handle = 0;
    auto operator<=>(const View&) const = default;
  };
  struct Key {
    std::uint64_t serial = 0;
    StorePlace::Kind kind = StorePlace::Kind::none;
    std::optional<DomId> owner;
    std::string type;
    std::optional<DomId> frontend;
    std::uint32_t handle = 0;
    bool rooted = false;  ///< Not compared.
    [[nodiscard]] View view() const { return {serial, kind, owner, type, frontend, handle}; }
  };
  struct Less {
    using is_transparent = void;
    static View view(const Key& key) { return key.view(); }
    static View view(const View& key) { return key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return view(a) < view(b);
    }
  };
  using Directories = std::map<Key, StoreDir, Less>;
  friend class DeviceJoin;

  Directories directories_;
  std::array<std::size_t, 6> count_{};      ///< Per kind.
  std::array<std::uint64_t, 6> refused_{};  ///< Per kind.
  std::optional<Key> last_refused_;
  std::uint64_t sequence_ = 0;
};

}  // namespace xic
