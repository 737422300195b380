#include "host/live/kernel_record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>

namespace xic {
namespace {

bool printable(unsigned char c) {
  return (c >= 0x20 && c < 0x7f) || c == '\t';
}

/// A number and the character behind it.
template <class Number>
bool take(std::string_view* text, char behind, Number* number) {
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, *number);
  if (error != std::errc{} || stop == end || *stop != behind) return false;
  text->remove_prefix(static_cast<std::size_t>(stop - text->data()) + 1);
  return true;
}

}  // namespace

std::string dmesg_line(std::uint64_t microseconds, std::string_view text) {
  std::array<char, 40> stamp{};
  const int length = std::snprintf(stamp.data(), stamp.size(), "[%5" PRIu64 ".%06" PRIu64 "] ",
                                   microseconds / 1'000'000, microseconds % 1'000'000);
  std::string line(stamp.data(), static_cast<std::size_t>(length));
  constexpr std::string_view kDigits = "0123456789abcdef";
  while (!text.empty()) {
    const auto* const other = std::find_if_not(
        text.begin(), text.end(), [](char c) { return printable(static_cast<unsigned char>(c)); });
    line.append(text.begin(), other);
    text.remove_prefix(static_cast<std::size_t>(other - text.begin()));
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text.front());
    line += "\\x";
    line += kDigits[byte >> 4];
    line += kDigits[byte & 15];
    text.remove_prefix(1);
  }
  return line;
}

std::optional<KmsgRecord> parse_kmsg(std::string_view record) {
  KmsgRecord parsed;
  const std::size_t text = record.find(';');
  if (text == std::string_view::npos) return std::nullopt;
  parsed.text = record.substr(text + 1);
  parsed.text = parsed.text.substr(0, parsed.text.find('\n'));
  // Behind the flags newer kernels may add fields.
  if (!take(&record, ',', &parsed.priority) || !take(&record, ',', &parsed.sequence) ||
      !take(&record, ',', &parsed.microseconds)) {
    return std::nullopt;
  }
  return parsed;
}

std::string unescape_kmsg(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (!text.empty()) {
    unsigned value = 0;
    if (text.size() >= 4 && text.starts_with("\\x")) {
      const char* end = text.data() + 4;
      const auto [stop, error] = std::from_chars(text.data() + 2, end, value, 16);
      if (error == std::errc{} && stop == end && printable(static_cast<unsigned char>(value))) {
        plain += static_cast<char>(value);
        text.remove_prefix(4);
        continue;
      }
    }
    const std::size_t end = std::min(text.find('\\', 1), text.size());
    plain += text.substr(0, end);
    text.remove_prefix(end);
  }
  return plain;
}

}  // namespace xic
