#include "core/backend/store_path.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace xic {
namespace {

using Components = std::span<const std::string_view>;

constexpr std::uint32_t kMaxU32 = ~std::uint32_t{0};
constexpr std::uint32_t kMaxDomId = 0x7fef;
constexpr std::size_t kMaxTypeBytes = 32;

/// Types that a fragment may begin with. Whole paths may name any.
constexpr std::array<std::string_view, 16> kKnownTypes = {
    "vif",  "vbd",     "qdisk", "vkbd", "vfb",    "console", "tap",  "vbd3",
    "9pfs", "pvcalls", "vscsi", "vsnd", "vdispl", "vtpm",    "vusb", "qusb"};

bool is_known_type(std::string_view text) {
  return std::find(kKnownTypes.begin(), kKnownTypes.end(), text) != kKnownTypes.end();
}

/// TYPE/F/H behind "backend"; `*place` keeps kind none where it does not reach so far.
void place_backend(Components rest, std::size_t above, StorePlace* place) {
  if (rest.size() < 3 || !is_device_type(rest[0])) return;
  const auto frontend = parse_domain(rest[1]);
  const auto handle = parse_decimal(rest[2], kMaxU32);
  if (!frontend || !handle) return;
  place->kind = StorePlace::Kind::backend;
  place->type = rest[0];
  place->frontend = frontend;
  place->handle = *handle;
  place->depth = above + 3;
}

/// TYPE/H behind "device".
void place_frontend(Components rest, std::size_t above, StorePlace::Kind kind, StorePlace* place) {
  if (rest.size() < 2 || !is_device_type(rest[0])) return;
  const auto handle = parse_decimal(rest[1], kMaxU32);
  if (!handle) return;
  place->kind = kind;
  place->type = rest[0];
  place->handle = *handle;
  place->depth = above + 2;
}

/// What stands in /local/domain/N, or in a fragment that begins there.
void place_in_domain(Components rest, std::size_t above, StorePlace* place) {
  if (rest.empty()) return;
  if (rest[0] == "backend") {
    place_backend(rest.subspan(1), above + 1, place);
  } else if (rest[0] == "device") {
    place_frontend(rest.subspan(1), above + 1, StorePlace::Kind::frontend, place);
  } else if (rest[0] == "name" && rest.size() == 1 && place->owner) {
    place->kind = StorePlace::Kind::domain_name;
    place->depth = above;
  }
}

/// [0, key] or [1, 0, key], where it is not known what the numbers are.
void place_bare(Components components, StorePlace* place) {
  std::size_t numbers = 1;
  if (components.size() > 2 && parse_decimal(components[1], kMaxU32)) numbers = 2;
  if (components.size() <= numbers) return;
  *place = StorePlace{};
  place->kind = StorePlace::Kind::bare;
  place->depth = numbers;
}

}  // namespace

std::optional<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t max) {
  std::uint32_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end || value > max) return std::nullopt;
  return value;
}

std::optional<DomId> parse_domain(std::string_view text) {
  const auto value = parse_decimal(text, kMaxDomId);
  if (!value) return std::nullopt;
  return DomId{static_cast<std::uint16_t>(*value)};
}

bool is_device_type(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTypeBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

std::string_view frontend_type(std::string_view backend_type) {
  if (backend_type == "qdisk" || backend_type == "tap" || backend_type == "vbd3") return "vbd";
  if (backend_type == "qusb") return "vusb";
  return backend_type;
}

std::optional<FrontendPath> parse_frontend_path(std::string_view path) {
  PathComponents components;
  if (!path.starts_with('/') || !components.split(path)) return std::nullopt;
  const StorePlace place = place_of(components.all(), true);
  if (place.kind != StorePlace::Kind::frontend || place.depth != components.all().size())
    return std::nullopt;
  return FrontendPath{*place.owner, place.type, place.handle};
}

std::optional<BackendPath> parse_backend_path(std::string_view path) {
  PathComponents components;
  if (!path.starts_with('/') || !components.split(path)) return std::nullopt;
  const StorePlace place = place_of(components.all(), true);
  if (place.kind != StorePlace::Kind::backend || place.depth != components.all().size())
    return std::nullopt;
  return BackendPath{*place.owner, place.type, *place.frontend, place.handle};
}

bool PathComponents::split(std::string_view path) {
  count_ = 0;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    if (count_ == items_.size()) return false;
    const std::size_t end = path.find('/');
    items_[count_++] = path.substr(0, end);
    if (end == std::string_view::npos) return true;
    path.remove_prefix(end + 1);
  }
}

StorePlace place_of(Components components, bool absolute) {
  StorePlace place;
  if (components.empty()) return place;
  if (components[0] == "libxl") {
    if (components.size() < 3 || components[2] != "device") return place;
    place.owner = parse_domain(components[1]);
    place.rooted = true;
    if (place.owner) place_frontend(components.subspan(3), 3, StorePlace::Kind::libxl, &place);
    return place;
  }
  const bool local =
      components.size() >= 2 && components[0] == "local" && components[1] == "domain";
  if (absolute && !local) return place;  // /tool, /vm and the like.
  place.rooted = local || components[0] == "domain";
  const std::size_t above = local ? 2 : place.rooted ? 1 : 0;
  if (components.size() <= above) return place;

  place.owner = parse_domain(components[above]);
  if (place.owner) {
    place_in_domain(components.subspan(above + 1), above + 1, &place);
  } else if (!place.rooted && (components[0] == "backend" || components[0] == "device")) {
    place_in_domain(components, 0, &place);
  } else if (!place.rooted && is_known_type(components[0])) {
    place_backend(components, 0, &place);
    // [vif, 0] alone could be either.
    if (place.kind == StorePlace::Kind::none && components.size() >= 3)
      place_frontend(components, 0, StorePlace::Kind::frontend, &place);
  }
  // A disk's number is no domain's, but a domain's may be a disk's.
  if (place.kind == StorePlace::Kind::none && !place.rooted &&
      parse_decimal(components[0], kMaxU32))
    place_bare(components, &place);
  return place;
}

}  // namespace xic
