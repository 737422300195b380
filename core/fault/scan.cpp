#include "core/fault/scan.h"

#include <charconv>

#include "core/scan.h"

namespace xic::fault_text {

using scan::is_blank;

Match Scanner::agree(std::string_view expected, std::size_t* after) const {
  if (text_.substr(pos_).starts_with(expected) && expected.back() != ' ') {
    *after = pos_ + expected.size();
    return Match::yes;
  }
  std::size_t i = pos_;
  for (const char c : expected) {
    if (i == text_.size()) return Match::cut;
    if (c == ' ') {
      if (!is_blank(text_[i])) return Match::no;
      while (i < text_.size() && is_blank(text_[i])) ++i;
    } else {
      if (text_[i] != c) return Match::no;
      ++i;
    }
  }
  *after = i;
  return Match::yes;
}

Scanner& Scanner::literal(std::string_view expected) {
  if (state_ != Match::yes) return *this;
  if (at_end() && last_number_ != nullptr) {
    // Digits may be missing. Where a blank should follow, the text may have been wrapped there.
    last_number_->reset();
    state_ = expected.front() == ' ' ? Match::cut : Match::no;
    return *this;
  }
  std::size_t after = pos_;
  state_ = agree(expected, &after);
  if (state_ == Match::no && last_number_ != nullptr && !is_blank(text_[pos_]) &&
      text_[pos_] != ',') {
    last_number_->reset();  // Something is glued to the number: not the number Xen printed.
  }
  if (state_ == Match::yes) pos_ = after;
  last_number_ = nullptr;
  return *this;
}

bool Scanner::optional(std::string_view expected) {
  if (state_ != Match::yes) return false;
  std::size_t after = pos_;
  if (agree(expected, &after) != Match::yes) return false;
  pos_ = after;
  last_number_ = nullptr;
  return true;
}

Scanner& Scanner::number(int base, std::optional<std::uint64_t>* value, std::uint64_t max) {
  if (state_ != Match::yes) return *this;
  last_number_ = nullptr;
  if (at_end()) {
    state_ = Match::cut;
    return *this;
  }
  std::uint64_t parsed = 0;
  const char* const first = text_.data() + pos_;
  const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), parsed, base);
  if (error != std::errc{} || parsed > max) {
    state_ = Match::no;
    return *this;
  }
  pos_ += static_cast<std::size_t>(end - first);
  *value = parsed;
  last_number_ = value;
  return *this;
}

Scanner& Scanner::hex(std::optional<std::uint64_t>* value, std::uint64_t max) {
  return number(16, value, max);
}

Scanner& Scanner::decimal(std::optional<std::uint64_t>* value, std::uint64_t max) {
  return number(10, value, max);
}

Scanner& Scanner::until(std::string_view stops, std::string_view* token) {
  if (state_ != Match::yes) return *this;
  last_number_ = nullptr;
  const std::size_t stop = text_.find_first_of(stops, pos_);
  if (stop == std::string_view::npos) {
    state_ = Match::cut;
    return *this;
  }
  *token = text_.substr(pos_, stop - pos_);
  pos_ = stop;
  return *this;
}

Scanner& Scanner::word_end() {
  if (state_ != Match::yes) return *this;
  if (!at_end() && !is_blank(text_[pos_])) {
    if (last_number_ != nullptr) last_number_->reset();
    state_ = Match::no;
  }
  last_number_ = nullptr;
  return *this;
}

Match begins(std::string_view text, std::string_view expected) {
  return Scanner(text).literal(expected).state();
}

}  // namespace xic::fault_text
