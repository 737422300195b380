// Paths of the store that tell of PV devices.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/types.h"

namespace xic {

/// Decimal digits only, no sign, no blanks, at most `max`.
[[nodiscard]] std::optional<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t max);
/// A domain's number; the reserved ones from 0x7ff0 on are no domains.
[[nodiscard]] std::optional<DomId> parse_domain(std::string_view text);
/// A path taken apart at its slashes.
class PathComponents {
 public:
  /// False where there are more than any path we read has.
  bool split(std::string_view path);
  [[nodiscard]] std::span<const std::string_view> all() const {
    return std::span(items_).first(count_);
  }

 private:
  std::array<std::string_view, 16> items_;
  std::size_t count_ = 0;
};

/// A device type: "vif", "qdisk", "9pfs" ... short, of letters, digits, '-' and '_'.
[[nodiscard]] bool is_device_type(std::string_view text);
/// The frontend's word for a backend type: a qdisk serves a vbd.
[[nodiscard]] std::string_view frontend_type(std::string_view backend_type);

/// "/local/domain/F/device/TYPE/H"
struct FrontendPath {
  DomId frontend;
  std::string_view type;
  std::uint32_t handle = 0;
};
/// Exactly such a path and nothing behind it.
[[nodiscard]] std::optional<FrontendPath> parse_frontend_path(std::string_view path);

/// "/local/domain/B/backend/TYPE/F/H"
struct BackendPath {
  DomId backend;
  std::string_view type;
  DomId frontend;
  std::uint32_t handle = 0;
};
/// Exactly such a path and nothing behind it.
[[nodiscard]] std::optional<BackendPath> parse_backend_path(std::string_view path);

/// Where a key stands.
struct StorePlace {
  enum class Kind : std::uint8_t {
    none,         ///< Tells nothing of devices.
    domain_name,  ///< /local/domain/N/name
    backend,      ///< Under .../backend/TYPE/F/H
    frontend,     ///< Under .../device/TYPE/H
    libxl,        ///< Under /libxl/N/device/TYPE/H: the toolstack's copy, whose state stays at 1.
    bare,         ///< A fragment that begins below TYPE: what it is, its own keys must tell.
  };
  Kind kind = Kind::none;
  bool rooted = false;            ///< Certainly in /local/domain or /libxl, and which is known.
  std::optional<DomId> owner;     ///< The domain whose directory this is; nothing in a fragment.
  std::string_view type;          ///< Of the directory: "vif".
  std::optional<DomId> frontend;  ///< Kind::backend: the component F.
  std::uint32_t handle = 0;
  /// How many components make up the device's directory; what follows is the key within it.
  std::size_t depth = 0;
};

/// `components`: of a path, or of a fragment of the tree whose upper ancestors are missing. In a
/// fragment, [vif, 1, 0, ...] is a backend directory and [vif, 0, key] a frontend one; [0, key] or
/// [1, 0, key] is a bare one.
[[nodiscard]] StorePlace place_of(std::span<const std::string_view> components, bool absolute);

}  // namespace xic
