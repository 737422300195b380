// Hexadecimal digits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xic {

/// Two digits for each byte.
[[nodiscard]] std::string hex_of(std::string_view bytes);

/// "0x1a"
[[nodiscard]] std::string hex_of(std::uint64_t value);

}  // namespace xic
