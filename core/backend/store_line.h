// One line of `xenstore-ls`: key, value, depth.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace xic {

struct StoreLine {
  std::size_t indent = 0;  ///< Column of the key: one more than its parent's in the tree form.
  std::string_view key;    ///< A name, or with -f a whole path.
  std::string_view value;  ///< As printed: what is not printable is escaped.
};

/// `key = "value"`, with -p followed by permissions, "(n0,r2)". Nothing for any other text, among
/// it device-tree sources (`key = "value";`). A value cut to the terminal's width ends in `\...`
/// and is given as it stands.
[[nodiscard]] std::optional<StoreLine> parse_store_line(std::string_view raw);

}  // namespace xic
