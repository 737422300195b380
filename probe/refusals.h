// What this program finds out by itself before it touches anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xic::probe {

/// "0x97f75" or "97f75": a frame below 2^40 (52 address bits). Nothing for other text.
[[nodiscard]] std::optional<std::uint64_t> parse_frame(std::string_view text);

/// Why the page of `frame` must not be touched by the word of `iomem` (the text of /proc/iomem), or
/// "". Anything that dom0's kernel lists there may be mapped by it with other attributes (System
/// RAM, Xen scratch, reserved) or may be a device, whose registers can change when they are read.
[[nodiscard]] std::string refusal(std::string_view iomem, std::uint64_t frame);

}  // namespace xic::probe
