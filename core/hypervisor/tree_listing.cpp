#include "core/hypervisor/tree_listing.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/scan.h"

namespace xic {
namespace {

using Node = TreeEntry::Node;

struct Place {
  std::string_view path;
  Node node;
};

constexpr std::string_view kSysfsRoot = "/sys/hypervisor/";
constexpr std::string_view kHypfsInfo = "/buildinfo/";
constexpr std::string_view kHypfsParams = "/params/";

/// Linux Documentation/ABI/stable/sysfs-hypervisor-xen.
constexpr std::array kSysfs = {
    Place{"version/major", Node::major},
    Place{"version/minor", Node::minor},
    Place{"version/extra", Node::extra},
    Place{"properties/changeset", Node::changeset},
    Place{"properties/features", Node::features},
    Place{"properties/buildid", Node::build_id},
    Place{"properties/capabilities", Node::capabilities},
    Place{"compilation/compiler", Node::compiler},
    Place{"compilation/compiled_by", Node::compile_by},
};

/// Xen docs/misc/hypfs-paths.pandoc.
constexpr std::array kHypfs = {
    Place{"/buildinfo/version/major", Node::major},
    Place{"/buildinfo/version/minor", Node::minor},
    Place{"/buildinfo/version/extra", Node::extra},
    Place{"/buildinfo/changeset", Node::changeset},
    Place{"/buildinfo/build_id", Node::build_id},
    Place{"/buildinfo/compileinfo/compiler", Node::compiler},
    Place{"/buildinfo/compileinfo/compile_by", Node::compile_by},
    Place{"/params/loglvl", Node::loglvl},
};

/// Takes the "=" or ":" that ends a path, with the blanks around it, and gives the value.
std::optional<std::string_view> value_behind(std::string_view text) {
  text = scan::trim(text);
  if (!scan::take(&text, ":") && !scan::take(&text, "=")) return std::nullopt;
  text = scan::trim_front(text);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

template <std::size_t kCount>
std::optional<TreeEntry> find(const std::array<Place, kCount>& places, std::string_view text,
                              bool hypfs) {
  for (const Place& place : places) {
    if (!text.starts_with(place.path)) continue;
    if (const auto value = value_behind(text.substr(place.path.size()))) {
      return TreeEntry{place.node, hypfs, *value};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<TreeEntry> parse_tree_entry(std::string_view text) {
  text = scan::trim_front(text);
  const bool sysfs = scan::take(&text, kSysfsRoot);
  if (const auto entry = find(kSysfs, text, false)) return entry;
  // Anything else below the root is a trace of Xen all the same.
  if (sysfs) return TreeEntry{};
  if (text.starts_with(kHypfsInfo) || text.starts_with(kHypfsParams)) {
    if (const auto entry = find(kHypfs, text, true)) return entry;
    const std::size_t end = text.find_first_of(" :=");
    if (end != std::string_view::npos && value_behind(text.substr(end))) {
      return TreeEntry{Node::other, true, {}};
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_feature_words(std::string_view value) {
  std::uint64_t words = 0;
  std::size_t digits = 0;
  for (const char c : scan::trim(value)) {
    if (scan::is_blank(c)) continue;
    std::string_view digit(&c, 1);
    const auto number = scan::take_number<std::uint64_t>(&digit, 16);
    if (!number || ++digits > 16) return std::nullopt;
    words = words << 4 | *number;
  }
  if (digits == 0) return std::nullopt;
  return words;
}

}  // namespace xic
