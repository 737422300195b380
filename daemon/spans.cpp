#include "daemon/spans.h"

#include <array>
#include <charconv>
#include <limits>
#include <system_error>
#include <utility>

namespace xic::daemon {
namespace {

/// A number and the unit behind it, multiplied; nothing where the unit is not listed or the product
/// does not fit.
template <std::size_t N>
std::optional<std::uint64_t> scaled(
    std::string_view text, const std::array<std::pair<std::string_view, std::uint64_t>, N>& units) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit{after, static_cast<std::size_t>(end - after)};
  for (const auto& [name, factor] : units) {
    if (name != unit) continue;
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / factor) {
      return std::nullopt;
    }
    return number * factor;
  }
  return std::nullopt;
}

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> kTimeUnits{
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}}};
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kSizeUnits{
    {{"", 1}, {"K", 1ULL << 10}, {"M", 1ULL << 20}, {"G", 1ULL << 30}}};

}  // namespace

std::optional<std::chrono::milliseconds> parse_time_span(std::string_view text) {
  const auto milliseconds = scaled(text, kTimeUnits);
  if (!milliseconds) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*milliseconds));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return scaled(text, kSizeUnits);
}

}  // namespace xic::daemon
