// Dates and times of day as logs print them. Private to core/console.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace xic {

[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The first `count` characters of `text` as a decimal number; false if they are not all digits.
[[nodiscard]] constexpr bool take_fixed_digits(std::string_view text, std::size_t count,
                                               std::uint64_t* value) {
  if (text.size() < count) return false;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return false;
    sum = sum * 10 + static_cast<std::uint64_t>(text[i] - '0');
  }
  *value = sum;
  return true;
}

/// "2026-11-23" + `separator` + "09:15:02" at the front of `text`. Gives the seconds since 1970 (no
/// time zone) and returns the length; 0 if there is none, or no such day or time exists.
[[nodiscard]] std::size_t parse_date_time(std::string_view text, char separator,
                                          std::uint64_t* seconds);

/// "09:15:02" at the front of `text`: the length (8), or 0. `*seconds` is the time of day.
[[nodiscard]] std::size_t parse_time_of_day(std::string_view text, std::uint64_t* seconds);

}  // namespace xic
