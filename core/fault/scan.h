// Reads one message field by field and tells a message that was cut from one that differs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace xic::fault_text {

/// How far a text agrees with a format.
enum class Match : std::uint8_t {
  yes,
  cut,  ///< It agrees up to its end and then lacks something: a wrapped or torn line.
  no,
};

/// Sticky reader: after the first disagreement every further step does nothing, so a format is
/// written down as one sequence of steps. A blank in a literal stands for any run of blanks and
/// tabs: mailers and joined wraps change their number.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Scanner& literal(std::string_view expected);
  /// Hex digits without "0x". A value above `max` disagrees.
  Scanner& hex(std::optional<std::uint64_t>* value,
               std::uint64_t max = std::numeric_limits<std::uint64_t>::max());
  Scanner& decimal(std::optional<std::uint64_t>* value,
                   std::uint64_t max = std::numeric_limits<std::uint64_t>::max());
  /// Consumes `expected` where it stands, else does nothing.
  bool optional(std::string_view expected);
  /// Characters up to, not including, the first of `stops`; the stop must be there.
  Scanner& until(std::string_view stops, std::string_view* token);
  /// After a number: nothing may be glued to it. Ends of text and blanks are fine.
  Scanner& word_end();

  [[nodiscard]] Match state() const { return state_; }
  [[nodiscard]] bool ok() const { return state_ == Match::yes; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(pos_); }
  [[nodiscard]] bool at_end() const { return pos_ == text_.size(); }

 private:
  Scanner& number(int base, std::optional<std::uint64_t>* value, std::uint64_t max);
  /// Agreement of `expected` at the current place; on Match::yes `*after` is the place behind it.
  [[nodiscard]] Match agree(std::string_view expected, std::size_t* after) const;

  std::string_view text_;
  std::size_t pos_ = 0;
  Match state_ = Match::yes;
  // A number that ends where the text ends, though more should follow, may have lost digits.
  std::optional<std::uint64_t>* last_number_ = nullptr;
};

/// Does `text` begin with `expected`, or is it the beginning of `expected`?
[[nodiscard]] Match begins(std::string_view text, std::string_view expected);

}  // namespace xic::fault_text
