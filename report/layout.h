// Lines that fit a screen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.h"

namespace xic::render {

/// `text` in lines of at most `width` columns (at least 1), broken at blanks, and within a word
/// only where the word alone is wider. Never empty. `text` must be safe to print.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// The first `columns` columns of `text`, with "..." at the end where something was cut.
[[nodiscard]] std::string clip(std::string_view text, std::size_t columns);

/// sanitise() and clip(): for a name or a message from outside within a sentence.
[[nodiscard]] std::string outside(std::string_view text, std::size_t columns = 60);

/// `text` followed by blanks up to `columns`.
[[nodiscard]] std::string pad(std::string_view text, std::size_t columns);

/// Collects wrapped lines.
class Page {
 public:
  static constexpr std::size_t kMinWidth = 40;

  explicit Page(const TextStyle& style);
  void blank() { lines_.emplace_back(); }
  /// `head`, then `text` wrapped; continuation lines begin under the start of `text`.
  void put(std::string_view head, std::string_view text);
  /// `label` padded to `label_columns`, then `text`, all behind `indent` blanks.
  void field(std::size_t indent, std::string_view label, std::size_t label_columns,
             std::string_view text);
  /// A text of several paragraphs from knowledge/: blank lines part them, a line that begins with a
  /// blank (a command) stands by itself.
  void paragraphs(std::size_t indent, std::string_view text);
  [[nodiscard]] std::size_t size() const { return lines_.size(); }
  [[nodiscard]] std::size_t width() const { return width_; }
  /// All lines, each ended by LF; blank lines at the end are dropped.
  [[nodiscard]] std::string text() const;

 private:
  std::size_t width_;
  std::vector<std::string> lines_;
};

/// `text` within an SGR sequence, where colour is wanted.
[[nodiscard]] std::string coloured(const TextStyle& style, std::string_view sgr,
                                   std::string_view text);

}  // namespace xic::render
