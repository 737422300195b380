#include "report/stored_values.h"

#include <array>
#include <charconv>
#include <string_view>

namespace xic::stored {
namespace {

using render::Json;

template <class T>
std::optional<T> parse(std::string_view digits, int base = 10) {
  T value{};
  const char* const end = digits.data() + digits.size();
  const auto [after, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc{} || after != end) return std::nullopt;
  return value;
}

/// Days since 1970-01-01 (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t yoe = year - era * 400;
  const std::int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146097 + doe - 719468;
}

/// "2026-11-23T09:15:24" at the front of `text`.
std::optional<std::int64_t> seconds_of(std::string_view text) {
  constexpr std::size_t kLength = 19;
  if (text.size() < kLength) return std::nullopt;
  constexpr std::array<std::pair<std::size_t, std::size_t>, 6> kParts{
      {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
  std::array<std::int64_t, 6> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto part = parse<std::int64_t>(text.substr(kParts[i].first, kParts[i].second));
    if (!part) return std::nullopt;
    parts[i] = *part;
  }
  return days_from_civil(parts[0], parts[1], parts[2]) * 86400 + parts[3] * 3600 + parts[4] * 60 +
         parts[5];
}

/// The digits behind a decimal point, as nanoseconds.
std::uint64_t fraction_of(std::string_view text) {
  std::uint64_t nanoseconds = 0;
  std::uint64_t unit = 100'000'000;
  for (const char c : text) {
    if (c < '0' || c > '9' || unit == 0) break;
    nanoseconds += static_cast<std::uint64_t>(c - '0') * unit;
    unit /= 10;
  }
  return nanoseconds;
}

std::string_view behind_point(std::string_view text) {
  const std::size_t point = text.find('.');
  return point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
}

}  // namespace

const Json& member(const Json& object, const char* name) {
  static const Json kNothing;
  if (!object.is_object()) return kNothing;
  const auto found = object.find(name);
  return found == object.end() ? kNothing : *found;
}

const Json::array_t& elements(const Json& object, const char* name) {
  static const Json::array_t kNone;
  const Json& value = member(object, name);
  return value.is_array() ? value.get_ref<const Json::array_t&>() : kNone;
}

std::vector<std::pair<std::string, Json>> members(const Json& object) {
  std::vector<std::pair<std::string, Json>> all;
  if (!object.is_object()) return all;
  for (const auto& [name, value] : object.items()) all.emplace_back(name, value);
  return all;
}

std::string text(const Json& object, const char* name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::vector<std::string> texts(const Json& object, const char* name) {
  std::vector<std::string> all;
  for (const Json& value : elements(object, name)) {
    if (value.is_string()) all.push_back(value.get<std::string>());
  }
  return all;
}

std::optional<std::uint64_t> number(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (!value.is_number_unsigned()) return std::nullopt;
  return value.get<std::uint64_t>();
}

std::optional<bool> flag(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (!value.is_boolean()) return std::nullopt;
  return value.get<bool>();
}

std::optional<std::uint64_t> hex_of(const Json& value) {
  if (!value.is_string()) return std::nullopt;
  const std::string_view digits = value.get_ref<const std::string&>();
  if (!digits.starts_with("0x")) return std::nullopt;
  return parse<std::uint64_t>(digits.substr(2), 16);
}

std::optional<std::uint64_t> hex(const Json& object, const char* name) {
  return hex_of(member(object, name));
}

std::int64_t moment(const Json& object, const char* name) {
  return seconds_of(text(object, name)).value_or(0);
}

Timestamp time_of(const Json& json) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const std::string clock = text(json, "clock");
  const std::string value = text(json, "value");
  if (clock == "wall") {
    const auto seconds = seconds_of(value);
    if (!seconds || *seconds < 0) return {};
    return {Clock::xen_wall,
            static_cast<std::uint64_t>(*seconds) * kSecond + fraction_of(behind_point(value))};
  }
  if (clock == "xen" && value.starts_with("0x")) {
    const auto cycles = parse<std::uint64_t>(std::string_view(value).substr(2), 16);
    return cycles ? Timestamp{Clock::xen_cycles, *cycles} : Timestamp{};
  }
  if (clock != "xen" && clock != "dom0") return {};
  const auto seconds = parse<std::uint64_t>(std::string_view(value).substr(0, value.find('.')));
  if (!seconds) return {};
  return {clock == "xen" ? Clock::xen_boot : Clock::dom0_uptime,
          *seconds * kSecond + fraction_of(behind_point(value))};
}

}  // namespace xic::stored
