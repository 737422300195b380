#include "core/console/date_text.h"

namespace xic {
namespace {

constexpr bool is_leap(std::uint64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

constexpr std::uint64_t days_in_month(std::uint64_t year, std::uint64_t month) {
  constexpr std::uint64_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDays[month - 1];
}

/// Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the leap
/// day is the last of its year; (153 * m + 2) / 5 are the days before the m-th month from March.
constexpr std::uint64_t days_since_1970(std::uint64_t year, std::uint64_t month,
                                        std::uint64_t day) {
  const std::uint64_t y = month <= 2 ? year - 1 : year;
  const std::uint64_t m = month <= 2 ? month + 9 : month - 3;
  constexpr std::uint64_t kDaysBefore1970 = 719'468;  // Since 0000-03-01.
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + (day - 1) - kDaysBefore1970;
}
static_assert(days_since_1970(1970, 1, 1) == 0);
static_assert(days_since_1970(2000, 3, 1) == 11'017);

}  // namespace

std::size_t parse_time_of_day(std::string_view text, std::uint64_t* seconds) {
  std::uint64_t hour = 0;
  std::uint64_t minute = 0;
  std::uint64_t second = 0;
  if (text.size() < 8 || text[2] != ':' || text[5] != ':' || !take_fixed_digits(text, 2, &hour) ||
      !take_fixed_digits(text.substr(3), 2, &minute) ||
      !take_fixed_digits(text.substr(6), 2, &second) || hour > 23 || minute > 59 || second > 59) {
    return 0;
  }
  *seconds = hour * 3600 + minute * 60 + second;
  return 8;
}

std::size_t parse_date_time(std::string_view text, char separator, std::uint64_t* seconds) {
  std::uint64_t year = 0;
  std::uint64_t month = 0;
  std::uint64_t day = 0;
  std::uint64_t time_of_day = 0;
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[10] != separator ||
      !take_fixed_digits(text, 4, &year) || !take_fixed_digits(text.substr(5), 2, &month) ||
      !take_fixed_digits(text.substr(8), 2, &day) || year < 1970 || month < 1 || month > 12 ||
      day < 1 || day > days_in_month(year, month) ||
      parse_time_of_day(text.substr(11), &time_of_day) == 0) {
    return 0;
  }
  *seconds = days_since_1970(year, month, day) * 86'400 + time_of_day;
  return 19;
}

}  // namespace xic
