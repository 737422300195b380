#include <fmt/format.h>

#include <string>
#include <string_view>

#include "report/report.h"
#include "report/utf8.h"

namespace xic {
namespace {

// Characters that print nothing, or reorder what is printed around them: C0 and C1 controls, the
// bidirectional controls (Unicode TR 9; used to make a text read as another, CVE-2021-42574), zero
// width and line separators, interlinear annotation, tags.
bool hidden(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x34f || c == 0x61c ||
         (c >= 0x115f && c <= 0x1160) || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x3164 ||
         c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || (c >= 0xe000 && c <= 0xf8ff) ||
         (c >= 0xe0000 && c <= 0xe0fff) || c >= 0xf0000 || (c & 0xfffe) == 0xfffe;
}

void append_escape(std::string* out, char32_t code) {
  if (code == '\t') {
    *out += "\\t";
  } else if (code == '\n') {
    *out += "\\n";
  } else if (code == '\r') {
    *out += "\\r";
  } else if (code < 0x80) {
    fmt::format_to(std::back_inserter(*out), "\\x{:02x}", static_cast<unsigned>(code));
  } else if (code < 0x10000) {
    fmt::format_to(std::back_inserter(*out), "\\u{:04x}", static_cast<unsigned>(code));
  } else {
    fmt::format_to(std::back_inserter(*out), "\\U{:08x}", static_cast<unsigned>(code));
  }
}

}  // namespace

// A backslash stays as it is, so that a text made safe twice does not change.
std::string sanitise(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const render::Utf8Char c = render::first_char(text);
    if (!c.valid) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}",
                     static_cast<unsigned>(static_cast<unsigned char>(text.front())));
    } else if (hidden(c.code)) {
      append_escape(&out, c.code);
    } else {
      out += text.substr(0, c.length);
    }
    text.remove_prefix(c.length);
  }
  return out;
}

}  // namespace xic
