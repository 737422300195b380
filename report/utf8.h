// UTF-8, one character at a time.
#pragma once

#include <cstddef>
#include <string_view>

namespace xic::render {

/// One step through a text of any bytes.
struct Utf8Char {
  char32_t code = 0;       ///< Meaningless where !valid.
  std::size_t length = 1;  ///< Bytes to advance; 1 where invalid.
  bool valid = false;
};

/// The character at the start of `text`, which must not be empty. Overlong forms, surrogates and
/// values over U+10FFFF are invalid, as RFC 3629 demands.
[[nodiscard]] Utf8Char first_char(std::string_view text);

/// Columns `text` takes on a terminal: 0 for combining marks, 2 for wide East Asian characters and
/// emoji, 1 for the rest; our own colour sequences (ESC [ ... m) take none.
[[nodiscard]] std::size_t display_width(std::string_view text);

}  // namespace xic::render
