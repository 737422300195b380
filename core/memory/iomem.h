// One line of /proc/iomem.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace xic {

struct IomemEntry {
  std::uint64_t begin = 0;
  std::uint64_t last = 0;  ///< The last byte, as printed.
  std::string_view name;
};

/// "40000000-5fffffff : System RAM", indented or not. Nothing for other text, and nothing for the
/// zeros that a kernel shows to those who are not root.
[[nodiscard]] std::optional<IomemEntry> parse_iomem(std::string_view text);

}  // namespace xic
