// Lines of xenstore-ls, or keys of a live store -> Backends.
#include <array>
#include <tuple>
#include <utility>

#include "core/backend/backend.h"
#include "core/backend/device_table.h"
#include "core/backend/store_dir.h"
#include "core/backend/store_line.h"
#include "core/backend/store_path.h"

namespace xic {
namespace {

constexpr std::size_t kMaxDepth = 32;  ///< Of the tree; deeper nodes concern no device.
constexpr std::size_t kMaxName = 64;   ///< Of a node; a longer one concerns no device.
constexpr std::size_t kMaxDomainName = 256;

/// The ancestors of the line just read, in the tree form.
class TreePath {
 public:
  /// A node at column `indent`. Columns grow by one from parent to child (xenstore-ls prints one
  /// blank per level); a larger step means that a new fragment begins here.
  void enter(std::size_t indent, std::string_view name) {
    while (depth_ > 0 && nodes_[depth_ - 1].indent >= indent) --depth_;
    if (depth_ > 0 && indent != nodes_[depth_ - 1].indent + 1) depth_ = 0;
    if (depth_ == kMaxDepth) return;  // Read as its parent, which is too deep to be a device's key.
    Node& node = nodes_[depth_++];
    node.indent = indent;
    node.name = name.size() <= kMaxName ? name : std::string_view();
    node.serial = ++serial_;
  }
  void clear() { depth_ = 0; }

  [[nodiscard]] std::span<const std::string_view> components() {
    for (std::size_t i = 0; i < depth_; ++i) names_[i] = nodes_[i].name;
    return std::span(names_).first(depth_);
  }
  /// A number that no other node has, of the node at `depth` (1 = the topmost).
  [[nodiscard]] std::uint64_t serial_at(std::size_t depth) const {
    return nodes_[depth - 1].serial;
  }

 private:
  struct Node {
    std::size_t indent = 0;
    std::string name;
    std::uint64_t serial = 0;
  };
  std::array<Node, kMaxDepth> nodes_;
  std::array<std::string_view, kMaxDepth> names_;
  std::size_t depth_ = 0;
  std::uint64_t serial_ = 0;
};

}  // namespace

struct StoreParser::Impl {
  Consumed consume(const Line& line) {
    // Neither prints listings; what looks like one there is somebody's text.
    if (line.speaker != Speaker::unknown || line.mid_line) return Consumed::no;
    const auto found = parse_store_line(line.raw);
    if (!found) return Consumed::no;
    if (line.input != input) {
      tree.clear();
      input = line.input;
    }
    if (found->key.find('/') != std::string_view::npos)
      return store_path(found->key, found->value) ? Consumed::yes : Consumed::no;

    tree.enter(found->indent, found->key);
    const auto components = tree.components();
    const StorePlace place = place_of(components, false);
    // Where the path does not name the directory, only its place in the text does.
    const bool nameless = place.depth != 0 && !place.owner;
    const std::uint64_t serial = nameless ? tree.serial_at(place.depth) : 0;
    return store(place, components, found->value, serial) ? Consumed::yes : Consumed::no;
  }

  bool store_path(std::string_view path, std::string_view value) {
    PathComponents components;
    if (!components.split(path)) return false;
    const StorePlace place = place_of(components.all(), path.starts_with('/'));
    return store(place, components.all(), value, 0);
  }

  bool store(const StorePlace& place, std::span<const std::string_view> components,
             std::string_view value, std::uint64_t serial) {
    const bool in_store = place.rooted || place.kind != StorePlace::Kind::none;
    listing_seen |= in_store && place.kind != StorePlace::Kind::bare;
    if (place.kind == StorePlace::Kind::domain_name) {
      const std::string_view name = harmless_text(value, kMaxDomainName);
      if (domain_names.size() < Backends::kMaxDevices || domain_names.contains(*place.owner))
        domain_names[*place.owner] = name;
    } else if (place.kind != StorePlace::Kind::none) {
      const auto key = components.subspan(place.depth);
      // Its own node begins a directory anew: an earlier listing's keys are gone.
      if (StoreDir* const dir = devices.directory(place, serial, key.empty()))
        if (!key.empty()) dir->set(key, value, place.type);
    }
    return in_store;
  }

  TreePath tree;
  std::uint32_t input = 0;
  bool listing_seen = false;
  std::map<DomId, std::string> domain_names;
  DeviceTable devices;
};

StoreParser::StoreParser() : impl_(std::make_unique<Impl>()) {}
StoreParser::~StoreParser() = default;

std::span<const std::string_view> StoreParser::literals() {
  static constexpr std::array<std::string_view, 1> kLiterals = {" = \""};
  return kLiterals;
}

Consumed StoreParser::consume(const Line& line) {
  return impl_->consume(line);
}

void StoreParser::add(std::string_view path, std::string_view value) {
  if (path.starts_with('/')) impl_->store_path(path, value);
}

Backends StoreParser::snapshot() const {
  Backends backends;
  backends.listing_seen = impl_->listing_seen;
  backends.domain_names = impl_->domain_names;
  impl_->devices.join(&backends);
  return backends;
}

}  // namespace xic
