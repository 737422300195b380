// Small steps over text that every line parser takes.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace xic::scan {

[[nodiscard]] constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}
[[nodiscard]] constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
[[nodiscard]] constexpr bool is_alnum(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

[[nodiscard]] constexpr std::string_view trim_front(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  return text;
}

[[nodiscard]] constexpr std::string_view trim(std::string_view text) {
  text = trim_front(text);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Advances `*text` past `literal` where it begins with it.
[[nodiscard]] constexpr bool take(std::string_view* text, std::string_view literal) {
  if (!text->starts_with(literal)) return false;
  text->remove_prefix(literal.size());
  return true;
}

/// Takes the characters up to the next blank.
[[nodiscard]] constexpr std::string_view take_word(std::string_view* text) {
  *text = trim_front(*text);
  std::size_t end = 0;
  while (end < text->size() && !is_blank((*text)[end])) ++end;
  const std::string_view word = text->substr(0, end);
  text->remove_prefix(end);
  return word;
}

/// An unsigned number in `base` at the front of `*text`; nothing, and no advance, where there is
/// none or it does not fit.
template <class T>
[[nodiscard]] std::optional<T> take_number(std::string_view* text, int base = 10) {
  T value{};
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value, base);
  if (error != std::errc{}) return std::nullopt;
  text->remove_prefix(static_cast<std::size_t>(stop - text->data()));
  return value;
}

/// A hexadecimal number with or without "0x" in front.
[[nodiscard]] inline std::optional<std::uint64_t> take_hex(std::string_view* text) {
  std::string_view rest = *text;
  if (rest.starts_with("0x") || rest.starts_with("0X")) rest.remove_prefix(2);
  const auto value = take_number<std::uint64_t>(&rest, 16);
  if (value) *text = rest;
  return value;
}

}  // namespace xic::scan
