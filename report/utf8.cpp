#include "report/utf8.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace xic::render {
namespace {

struct Range {
  char32_t first, last;
};

bool in(const Range* begin, const Range* end, char32_t code) {
  const auto* it =
      std::lower_bound(begin, end, code, [](const Range& r, char32_t c) { return r.last < c; });
  return it != end && code >= it->first;
}

// The blocks that matter of Unicode's EastAsianWidth W/F and of the combining marks; a name in a
// script left out merely sits a column off.
constexpr std::array<Range, 9> kWide{{{0x1100, 0x115f},
                                      {0x2e80, 0x303e},
                                      {0x3041, 0xa4cf},
                                      {0xac00, 0xd7a3},
                                      {0xf900, 0xfaff},
                                      {0xfe30, 0xfe6f},
                                      {0xff00, 0xff60},
                                      {0x1f300, 0x1faff},
                                      {0x20000, 0x3fffd}}};
constexpr std::array<Range, 6> kCombining{{{0x0300, 0x036f},
                                           {0x0483, 0x0489},
                                           {0x0591, 0x05bd},
                                           {0x064b, 0x065f},
                                           {0x20d0, 0x20ff},
                                           {0xfe00, 0xfe0f}}};

}  // namespace

Utf8Char first_char(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  std::size_t length = 0;
  char32_t code = 0;
  char32_t least = 0;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2, code = lead & 0x1f, least = 0x80;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3, code = lead & 0x0f, least = 0x800;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4, code = lead & 0x07, least = 0x10000;
  } else {
    return {};
  }
  if (text.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3f);
  }
  if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, length, true};
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    // Most of all text.
    const auto* const other = std::find_if(text.begin(), text.end(), [](char c) {
      return static_cast<unsigned char>(c) >= 0x80 || c == '\x1b';
    });
    const auto plain = static_cast<std::size_t>(other - text.begin());
    width += plain;
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (text.starts_with("\x1b[")) {
      const std::size_t end = text.find('m');
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
      continue;
    }
    const Utf8Char c = first_char(text);
    text.remove_prefix(c.length);
    if (c.valid && in(kCombining.begin(), kCombining.end(), c.code)) continue;
    width += c.valid && in(kWide.begin(), kWide.end(), c.code) ? 2 : 1;
  }
  return width;
}

}  // namespace xic::render
