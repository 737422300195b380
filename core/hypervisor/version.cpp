// "4.14.1-pre" and its like.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/hypervisor/hypervisor.h"
#include "core/scan.h"

namespace xic {
namespace {

/// No release has more digits in a number; more of them is no version.
constexpr std::size_t kMaxDigits = 3;
/// XENVER_extraversion is 16 bytes (public/version.h); a banner may hold more.
constexpr std::size_t kMaxExtra = 64;

constexpr bool is_extra_char(char c) {
  return scan::is_alnum(c) || c == '.' || c == '-' || c == '+' || c == '_' || c == '~';
}

std::optional<unsigned> take_part(std::string_view* text) {
  std::size_t digits = 0;
  while (digits < text->size() && scan::is_digit((*text)[digits])) ++digits;
  if (digits == 0 || digits > kMaxDigits) return std::nullopt;
  return scan::take_number<unsigned>(text);
}

}  // namespace

std::string Version::text() const {
  return std::to_string(major) + "." + std::to_string(minor) + extra;
}

std::optional<Version> parse_version(std::string_view text) {
  text = scan::trim_front(text);
  const auto major = take_part(&text);
  if (!major || !scan::take(&text, ".")) return std::nullopt;
  const auto minor = take_part(&text);
  if (!minor) return std::nullopt;
  std::size_t end = 0;
  while (end < text.size() && end < kMaxExtra && is_extra_char(text[end])) ++end;
  std::string_view extra = text.substr(0, end);
  // A full stop that ends a sentence belongs to no version.
  while (!extra.empty() && extra.back() == '.') extra.remove_suffix(1);
  return Version{*major, *minor, std::string(extra)};
}

}  // namespace xic
