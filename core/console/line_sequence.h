// The Xen lines of one console text as numbers that can be compared quickly. Private to
// core/console.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace xic {

/// A physical line of a text that is to be merged.
struct TextLine {
  std::string_view bytes;  ///< Without the LF.
  std::size_t begin = 0;   ///< In the text.
  std::size_t next = 0;    ///< Where the next line begins.
  bool xen = false;        ///< It can be compared: it holds "(XEN)" and is whole.
};

/// Walks the lines in [begin, end) of a text; `begin` stands at the start of a line.
class TextLines {
 public:
  TextLines(std::string_view text, std::size_t begin, std::size_t end)
      : text_(text), at_(begin), end_(end) {}
  [[nodiscard]] bool next(TextLine* line);

 private:
  std::string_view text_;
  std::size_t at_;
  std::size_t end_;
};

/// A hash of the line's content: from "(XEN)" on, or without quoting; blanks at the ends do not
/// count. 0 only for a line without content.
[[nodiscard]] std::uint64_t hash_line(std::string_view line);

/// The lines of one text that can be compared.
class LineSequence {
 public:
  /// Texts with more lines than this are not compared: each line costs twelve bytes.
  static constexpr std::size_t kMaxLines = std::size_t{1} << 24;
  static constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

  explicit LineSequence(std::string_view text);

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::size_t size() const { return hashes_.size(); }
  /// Where an unterminated last line begins; the text's size if there is none.
  [[nodiscard]] std::size_t tail() const { return tail_; }
  /// The first stamp of each clock that can be compared with that of another text.
  [[nodiscard]] std::optional<std::uint64_t> first_boot_stamp() const { return boot_; }
  [[nodiscard]] std::optional<std::uint64_t> first_wall_stamp() const { return wall_; }

  /// Where `part` lies in this sequence.
  struct Alignment {
    std::size_t contained_at = kNowhere;  ///< Index of the line where all of `part` is found.
    std::size_t overlap = 0;              ///< Lines at our end that `part` begins with.
  };
  /// In time linear in our size (Knuth, Morris, Pratt).
  [[nodiscard]] Alignment align(const LineSequence& part) const;
  /// An unterminated last line of ours, if it happens to be whole, is line `index` of `other`.
  [[nodiscard]] bool tail_equals(const LineSequence& other, std::size_t index) const;

  /// Byte offsets of the lines `indexes` (ascending); size() stands for tail().
  [[nodiscard]] std::vector<std::size_t> offsets(const std::vector<std::size_t>& indexes) const;

 private:
  std::string_view text_;
  std::size_t tail_ = 0;
  std::uint64_t tail_hash_ = 0;
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> failure_;  ///< KMP: longest border of each prefix.
  std::optional<std::uint64_t> boot_;
  std::optional<std::uint64_t> wall_;
};

}  // namespace xic
