#include "core/console/log_prefix.h"

#include <cstdint>

#include "core/console/date_text.h"
#include "core/console/timestamp.h"
#include "core/scan.h"

namespace xic {
namespace {

// A CR in front of a message is one: some serial lines end in LF CR.
using scan::is_blank;

/// Reads a line from the front.
class Cursor {
 public:
  explicit Cursor(std::string_view line) : line_(line) {}

  [[nodiscard]] std::string_view rest() const { return line_.substr(at_); }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool done() const { return at_ >= line_.size(); }
  void skip(std::size_t count) { at_ += count; }

  std::size_t skip_blanks() {
    return skip_while([](char c) { return is_blank(c); });
  }
  template <class Predicate>
  std::size_t skip_while(Predicate predicate) {
    const std::size_t from = at_;
    while (!done() && predicate(line_[at_])) ++at_;
    return at_ - from;
  }
  bool take(char c) {
    if (done() || line_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view text) {
    if (!rest().starts_with(text)) return false;
    at_ += text.size();
    return true;
  }

 private:
  std::string_view line_;
  std::size_t at_ = 0;
};

bool take_word_of(Cursor* cursor, std::string_view words) {
  constexpr std::size_t kWord = 3;
  const std::string_view rest = cursor->rest();
  if (rest.size() <= kWord || rest[kWord] != ' ') return false;
  for (std::size_t i = 0; i + kWord <= words.size(); i += kWord) {
    if (rest.starts_with(words.substr(i, kWord))) {
      cursor->skip(kWord + 1);
      return true;
    }
  }
  return false;
}

/// "09:15:02", with a fraction or without.
bool take_time(Cursor* cursor) {
  std::uint64_t seconds = 0;
  const std::size_t length = parse_time_of_day(cursor->rest(), &seconds);
  if (length == 0) return false;
  cursor->skip(length);
  const std::string_view rest = cursor->rest();
  if (rest.size() > 1 && (rest[0] == '.' || rest[0] == ',') && is_digit(rest[1])) {
    cursor->skip(1);
    cursor->skip_while(is_digit);
  }
  return true;
}

/// "2026-11-23T09:15:02.123456+00:00", with a blank for the T, and with less behind the seconds.
bool take_iso_time(Cursor* cursor) {
  std::uint64_t seconds = 0;
  std::size_t length = parse_date_time(cursor->rest(), 'T', &seconds);
  if (length == 0) length = parse_date_time(cursor->rest(), ' ', &seconds);
  if (length == 0) return false;
  cursor->skip(length - 8);
  (void)take_time(cursor);
  if (cursor->take('Z')) return true;
  const std::string_view rest = cursor->rest();
  if (rest.size() > 4 && (rest[0] == '+' || rest[0] == '-') && is_digit(rest[1])) {
    cursor->skip(1);
    cursor->skip_while([](char c) { return is_digit(c) || c == ':'; });
  }
  return true;
}

/// "Oct 14 09:19:28", also with the year behind it (`dmesg -T`, ctime).
bool take_syslog_time(Cursor* cursor) {
  if (!take_word_of(cursor, "JanFebMarAprMayJunJulAugSepOctNovDec")) return false;
  cursor->skip_blanks();
  const std::size_t digits = cursor->skip_while(is_digit);
  if (digits == 0 || digits > 2 || !cursor->take(' ')) return false;
  if (!take_time(cursor)) return false;
  const std::string_view rest = cursor->rest();
  std::uint64_t year = 0;
  if (rest.starts_with(' ') && take_fixed_digits(rest.substr(1), 4, &year) &&
      (rest.size() == 5 || rest[5] == ' ' || rest[5] == ']')) {
    cursor->skip(5);
  }
  return true;
}

/// "0x000000000277BBFA |   1263.468579:".
bool take_counter_and_time(Cursor* cursor) {
  if (!cursor->take("0x")) return false;
  const std::size_t digits = cursor->skip_while(
      [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
  cursor->skip_blanks();
  if (digits == 0 || !cursor->take('|')) return false;
  cursor->skip_blanks();
  return cursor->skip_while(is_digit) != 0 && cursor->take('.') &&
         cursor->skip_while(is_digit) != 0 && cursor->take(':');
}

/// Any of the times above, or one in brackets; a weekday may stand before it.
bool take_any_time(Cursor* cursor) {
  const Cursor start = *cursor;
  const bool bracket = cursor->take('[');
  if (take_word_of(cursor, "MonTueWedThuFriSatSun")) cursor->skip_blanks();
  const Cursor before = *cursor;
  for (const auto take : {take_iso_time, take_syslog_time, take_time, take_counter_and_time}) {
    *cursor = before;
    if (take(cursor) && (!bracket || cursor->take(']'))) {
      if (cursor->done() || is_blank(cursor->rest().front())) return true;
    }
  }
  *cursor = start;
  return false;
}

bool is_name_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
         c == '_' || c == '/' || c == '@';
}

bool at_message(std::string_view rest) {
  return rest.starts_with("(XEN)") || take_linux_timestamp(&rest).clock != Clock::none;
}

/// "program: " or "program[pid]: " of syslog.
bool take_program(Cursor* cursor, bool* kernel) {
  const std::string_view from = cursor->rest();
  const std::string_view name = from.substr(0, cursor->skip_while(is_name_char));
  if (name.empty()) return false;
  bool known = name == "kernel" || name == "hypervisor" || name.starts_with("xen");
  if (cursor->take('[')) {
    if (cursor->skip_while(is_digit) == 0 || !cursor->take(']')) return false;
    known = true;
  }
  if (!cursor->take(':')) return false;
  cursor->skip_blanks();
  *kernel = name == "kernel";
  // Without this test, the driver and device of "macb ff0e0000.ethernet: ..." would be taken for
  // host and program where the log has neither.
  return known || at_message(cursor->rest());
}

/// Behind a time: "host program[pid]: ", or one of the two, or nothing. True if the program is the
/// kernel.
bool take_host_and_program(Cursor* cursor) {
  if (at_message(cursor->rest())) return false;
  bool kernel = false;
  const Cursor start = *cursor;
  if (take_program(cursor, &kernel)) return kernel;
  *cursor = start;
  (void)cursor->take("UTC ");
  if (cursor->skip_while([](char c) { return !is_blank(c) && c != ':'; }) != 0 &&
      cursor->skip_blanks() != 0) {
    if (at_message(cursor->rest())) return false;
    if (take_program(cursor, &kernel)) return kernel;
  }
  *cursor = start;
  return false;
}

/// "<6>" of `dmesg -r` or "kern  :info  : " of `dmesg -x`: written for Linux's messages only.
bool take_kernel_level(Cursor* cursor) {
  const Cursor start = *cursor;
  std::string_view after;
  if (cursor->take('<')) {
    const std::size_t digits = cursor->skip_while(is_digit);
    after = cursor->rest();
    if (digits != 0 && digits <= 3 && cursor->take('>')) {
      after = cursor->rest();
      if (take_linux_timestamp(&after).clock != Clock::none) return true;
    }
  } else if (cursor->take("kern")) {
    const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
    cursor->skip_blanks();
    if (cursor->take(':') && cursor->skip_while(is_letter) != 0) {
      cursor->skip_blanks();
      if (cursor->take(':') && cursor->take(' ')) return true;
    }
  }
  *cursor = start;
  return false;
}

constexpr std::string_view kKernelProgram = "kernel: ";

}  // namespace

void strip_host_and_kernel(std::string_view* text) {
  const std::size_t host = text->find(' ');
  if (host == std::string_view::npos || host == 0) return;
  if (!text->substr(host + 1).starts_with(kKernelProgram)) return;
  text->remove_prefix(host + 1 + kKernelProgram.size());
}

LogPrefix parse_log_prefix(std::string_view line) {
  Cursor cursor(line);
  LogPrefix prefix;
  cursor.skip_blanks();
  prefix.length = cursor.at();
  // Nearly all lines end here.
  if (cursor.done() || cursor.rest().front() == '(') return prefix;

  if (take_any_time(&cursor)) {
    cursor.skip_blanks();
    prefix.stamped = true;
    prefix.kernel = take_host_and_program(&cursor);
  } else if (cursor.take(kKernelProgram)) {
    prefix.stamped = true;
    prefix.kernel = true;
  }
  if (take_kernel_level(&cursor)) {
    prefix.stamped = true;
    prefix.kernel = true;
  }
  if (prefix.stamped) {
    cursor.skip_blanks();
    prefix.length = cursor.at();
  }
  return prefix;
}

}  // namespace xic
