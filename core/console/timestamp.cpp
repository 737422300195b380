#include "core/console/timestamp.h"

#include <charconv>
#include <limits>

#include "core/console/date_text.h"

namespace xic {
namespace {

constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
constexpr std::uint64_t kMaxSeconds =
    std::numeric_limits<std::uint64_t>::max() / kNanosPerSecond - 1;

/// Cuts the stamp at the front of `text`: `length` bytes, and the blank that Xen and Linux print
/// behind it. Only mail programs remove that blank, where nothing follows.
bool cut_stamp(std::string_view* text, std::size_t length) {
  if (text->size() > length && (*text)[length] != ' ') return false;
  text->remove_prefix(text->size() > length ? length + 1 : length);
  return true;
}

/// "[%5lu.%06lu]": seconds and microseconds. Returns the length, 0 if it is none. The blanks that
/// pad the seconds may be fewer: people and programs squeeze them.
std::size_t parse_uptime(std::string_view text, std::uint64_t* nanoseconds) {
  if (!text.starts_with('[')) return 0;
  std::size_t at = 1;
  while (at < text.size() && text[at] == ' ') ++at;
  std::uint64_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto whole = std::from_chars(text.data() + at, end, seconds);
  if (whole.ec != std::errc{} || seconds > kMaxSeconds) return 0;
  at = static_cast<std::size_t>(whole.ptr - text.data());
  if (text.size() < at + 8 || text[at] != '.' || text[at + 7] != ']') return 0;
  std::uint64_t micros = 0;
  if (!take_fixed_digits(text.substr(at + 1), 6, &micros)) return 0;
  *nanoseconds = seconds * kNanosPerSecond + micros * 1000;
  return at + 8;
}

/// "[%04u-%02u-%02u %02u:%02u:%02u]", or with ".%03lu" before the bracket.
std::size_t parse_wall(std::string_view text, std::uint64_t* nanoseconds) {
  if (!text.starts_with('[')) return 0;
  std::uint64_t seconds = 0;
  std::size_t at = 1 + parse_date_time(text.substr(1), ' ', &seconds);
  if (at == 1 || seconds > kMaxSeconds) return 0;
  std::uint64_t millis = 0;
  if (at < text.size() && text[at] == '.') {
    if (!take_fixed_digits(text.substr(at + 1), 3, &millis)) return 0;
    at += 4;
  }
  if (at >= text.size() || text[at] != ']') return 0;
  *nanoseconds = seconds * kNanosPerSecond + millis * 1'000'000;
  return at + 1;
}

/// "[%016lx]".
std::size_t parse_cycles(std::string_view text, std::uint64_t* cycles) {
  if (text.size() < 18 || text[0] != '[' || text[17] != ']') return 0;
  const char* const last = text.data() + 17;
  const auto digits = std::from_chars(text.data() + 1, last, *cycles, 16);
  return digits.ec == std::errc{} && digits.ptr == last ? 18 : 0;
}

/// "[    T0]" or "[   C12]": CONFIG_PRINTK_CALLER of Linux. Returns the length.
std::size_t parse_caller(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  std::size_t at = 1;
  while (at < text.size() && text[at] == ' ') ++at;
  if (at >= text.size() || (text[at] != 'T' && text[at] != 'C')) return 0;
  const std::size_t first_digit = ++at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return at > first_digit && at < text.size() && text[at] == ']' ? at + 1 : 0;
}

}  // namespace

Timestamp take_xen_timestamp(std::string_view* text) {
  if (!text->starts_with('[')) return {};
  Timestamp stamp;
  if (const auto length = parse_uptime(*text, &stamp.value); length != 0) {
    stamp.clock = Clock::xen_boot;
    return cut_stamp(text, length) ? stamp : Timestamp{};
  }
  if (const auto length = parse_wall(*text, &stamp.value); length != 0) {
    stamp.clock = Clock::xen_wall;
    return cut_stamp(text, length) ? stamp : Timestamp{};
  }
  if (const auto length = parse_cycles(*text, &stamp.value); length != 0) {
    stamp.clock = Clock::xen_cycles;
    return cut_stamp(text, length) ? stamp : Timestamp{};
  }
  return {};
}

Timestamp take_linux_timestamp(std::string_view* text) {
  Timestamp stamp{Clock::dom0_uptime, 0};
  const std::size_t length = parse_uptime(*text, &stamp.value);
  if (length == 0) return {};
  const std::size_t caller = parse_caller(text->substr(length));
  return cut_stamp(text, length + caller) ? stamp : Timestamp{};
}

std::optional<std::int64_t> elapsed_ns(Timestamp earlier, Timestamp later) {
  // A cycle counter has no known frequency here.
  if (earlier.clock != later.clock || earlier.clock == Clock::none ||
      earlier.clock == Clock::xen_cycles) {
    return std::nullopt;
  }
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  const bool backwards = later.value < earlier.value;
  const std::uint64_t distance =
      backwards ? earlier.value - later.value : later.value - earlier.value;
  if (distance > kMax) return std::nullopt;
  const auto result = static_cast<std::int64_t>(distance);
  return backwards ? -result : result;
}

}  // namespace xic
