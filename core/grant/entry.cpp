#include "core/grant/entry.h"

#include <charconv>
#include <cstdint>
#include <limits>

namespace xic {
namespace {

/// 52 bits of frame number are more than any physical address has (Arm: 52 address bits in all).
constexpr std::uint64_t kMaxFrame = (std::uint64_t{1} << 52) - 1;
/// Ids from 0x7ff0 on are reserved and never those of a domain (public/xen.h).
constexpr std::uint64_t kMaxDomId = 0x7fef;
constexpr std::size_t kPinDigits = 8;

/// Reads from left to right and remembers how much is left.
class Columns {
 public:
  explicit Columns(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

  bool take(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  /// One blank or more.
  bool take_blanks() {
    const std::size_t size = rest_.size();
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
    return rest_.size() != size;
  }
  /// A number of 1 or more digits, at most `max`; `digits` receives how many there were.
  bool take_number(int base, std::uint64_t max, std::uint64_t* value,
                   std::size_t* digits = nullptr) {
    const char* const begin = rest_.data();
    const auto [end, error] = std::from_chars(begin, begin + rest_.size(), *value, base);
    if (error != std::errc{} || *value > max) return false;
    const auto length = static_cast<std::size_t>(end - begin);
    if (digits != nullptr) *digits = length;
    rest_.remove_prefix(length);
    return true;
  }

 private:
  std::string_view rest_;
};

/// The columns that the guest writes. False where something else stands there; a line that ends
/// early is no contradiction.
bool read_guest_columns(Columns columns, std::uint16_t* flags, bool* whole) {
  constexpr std::uint64_t kMax16 = std::numeric_limits<std::uint16_t>::max();
  constexpr std::uint64_t kMax64 = std::numeric_limits<std::uint64_t>::max();
  *whole = false;
  *flags = 0;
  std::uint64_t number = 0;
  if (columns.at_end()) return true;
  if (!columns.take_blanks()) return false;
  if (columns.at_end()) return true;
  if (!columns.take_number(10, kMax16, &number)) return false;
  if (columns.at_end()) return true;
  for (const std::uint64_t max : {kMax64, kMax16}) {
    if (!columns.take_blanks()) return false;
    if (std::string_view("0x").starts_with(columns.rest())) return true;
    if (!columns.take("0x") || !columns.take_number(16, max, &number)) return false;
    if (columns.at_end()) {
      *whole = max == kMax16;
      if (*whole) *flags = static_cast<std::uint16_t>(number);
      return true;
    }
  }
  columns.take_blanks();
  *whole = columns.at_end();
  if (*whole) *flags = static_cast<std::uint16_t>(number);
  return *whole;
}

}  // namespace

EntryForm parse_entry(std::string_view text, Grant* grant) {
  constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();
  Columns columns(text);
  if (!columns.take("[")) return EntryForm::no_entry;
  std::uint64_t ref = 0;
  if (columns.take("0x")) {
    if (columns.at_end()) return EntryForm::broken;
    if (!columns.take_number(16, kMax32, &ref)) return EntryForm::no_entry;
  } else {
    columns.take_blanks();
    if (!columns.take_number(10, kMax32, &ref)) return EntryForm::no_entry;
  }
  if (columns.at_end()) return EntryForm::broken;
  if (!columns.take("]")) return EntryForm::no_entry;

  std::uint64_t grantee = 0;
  std::uint64_t frame = 0;
  std::uint64_t pin = 0;
  std::size_t pin_digits = 0;
  const bool read = columns.take_blanks() && columns.take_number(10, kMaxDomId, &grantee) &&
                    columns.take_blanks() && columns.take("0x") &&
                    columns.take_number(16, kMaxFrame, &frame) && columns.take_blanks() &&
                    columns.take("0x") && columns.take_number(16, kMax32, &pin, &pin_digits);
  // Fewer digits: the pin was cut off. Xen prints no entry whose pin is 0.
  if (!read || pin_digits != kPinDigits || pin == 0) return EntryForm::broken;
  bool whole = false;
  if (!read_guest_columns(columns, &grant->guest_flags, &whole)) return EntryForm::broken;
  grant->frame = Frame{frame};
  grant->ref = GrantRef{static_cast<std::uint32_t>(ref)};
  grant->grantee = DomId{static_cast<std::uint16_t>(grantee)};
  grant->pin = static_cast<std::uint32_t>(pin);
  return whole ? EntryForm::whole : EntryForm::cut;
}

}  // namespace xic
