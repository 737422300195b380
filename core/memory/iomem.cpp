#include "core/memory/iomem.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/scan.h"

namespace xic {
namespace {

/// An address of /proc/iomem: bare hex, 8 to 16 digits.
std::optional<std::uint64_t> take_address(std::string_view* text) {
  const std::size_t before = text->size();
  const auto value = scan::take_number<std::uint64_t>(text, 16);
  const std::size_t digits = before - text->size();
  if (!value || digits < 8 || digits > 16) return std::nullopt;
  return value;
}

}  // namespace

std::optional<IomemEntry> parse_iomem(std::string_view text) {
  text = scan::trim(text);
  const auto begin = take_address(&text);
  if (!begin || !scan::take(&text, "-")) return std::nullopt;
  const auto last = take_address(&text);
  if (!last || !scan::take(&text, " : ") || text.empty()) return std::nullopt;
  if (*last < *begin || *last == 0) return std::nullopt;
  return IomemEntry{*begin, *last, text};
}

}  // namespace xic
