// What `grep -r . /sys/hypervisor` and a walk through hypfs print: "PATH:VALUE", "PATH = VALUE".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace xic {

struct TreeEntry {
  enum class Node : std::uint8_t {
    major,
    minor,
    extra,
    changeset,
    features,
    build_id,
    capabilities,
    compiler,
    compile_by,
    loglvl,
    other,
  };
  Node node = Node::other;
  bool hypfs = false;
  std::string_view value;  ///< Trimmed, without quotes around it.
};

/// An entry of one of the two trees, also with a path relative to /sys/hypervisor; nothing for any
/// other text.
[[nodiscard]] std::optional<TreeEntry> parse_tree_entry(std::string_view text);

/// properties/features: submaps of 32 bits as hex words, the highest first, with or without blanks
/// between (Linux drivers/xen/sys-hypervisor.c).
[[nodiscard]] std::optional<std::uint64_t> parse_feature_words(std::string_view value);

}  // namespace xic
