#include "probe/refusals.h"

#include "core/memory/iomem.h"
#include "core/scan.h"

namespace xic::probe {
namespace {

constexpr unsigned kXenPageShift = 12;
constexpr unsigned kAddressBits = 52;

}  // namespace

std::optional<std::uint64_t> parse_frame(std::string_view text) {
  const auto frame = scan::take_hex(&text);
  if (!frame || !text.empty() || *frame == 0) return std::nullopt;
  if (*frame >> (kAddressBits - kXenPageShift) != 0) return std::nullopt;
  return frame;
}

std::string refusal(std::string_view iomem, std::uint64_t frame) {
  const std::uint64_t first = frame << kXenPageShift;
  const std::uint64_t last = first + (std::uint64_t{1} << kXenPageShift) - 1;
  bool any = false;
  while (!iomem.empty()) {
    const std::size_t end = iomem.find('\n');
    const auto entry = parse_iomem(iomem.substr(0, end));
    iomem.remove_prefix(end == std::string_view::npos ? iomem.size() : end + 1);
    if (!entry) continue;
    any = true;
    if (entry->begin <= last && first <= entry->last) {
      return "/proc/iomem lists it as \"" + std::string(entry->name) + "\"";
    }
  }
  // Without root the kernel shows zeros, which parse as nothing.
  return any ? "" : "/proc/iomem shows no addresses";
}

}  // namespace xic::probe
