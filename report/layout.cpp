#include "report/layout.h"

#include <algorithm>

#include "report/utf8.h"

namespace xic::render {
namespace {

// Bytes of the longest prefix of `word` that takes at most `columns`; at least one character.
std::size_t prefix_bytes(std::string_view word, std::size_t columns) {
  std::size_t bytes = 0;
  std::size_t used = 0;
  while (bytes < word.size()) {
    const std::size_t length = first_char(word.substr(bytes)).length;
    used += display_width(word.substr(bytes, length));
    if (used > columns && bytes > 0) break;
    bytes += length;
  }
  return bytes;
}

}  // namespace

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  width = std::max<std::size_t>(width, 1);
  std::vector<std::string> lines(1);
  std::size_t used = 0;
  std::size_t gap = 0;  // blanks that stand before the next word, kept while on the same line
  while (!text.empty()) {
    if (text.front() == ' ') {
      gap += 1;
      text.remove_prefix(1);
      continue;
    }
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    std::size_t columns = display_width(word);
    if (used > 0 && used + gap + columns > width) {
      lines.emplace_back();
      used = 0;
    }
    if (used > 0) {
      lines.back().append(gap, ' ');
      used += gap;
    }
    gap = 0;
    while (columns > width) {
      const std::size_t bytes = prefix_bytes(word, width);
      lines.back() += word.substr(0, bytes);
      word.remove_prefix(bytes);
      columns = display_width(word);
      lines.emplace_back();
    }
    lines.back() += word;
    used += columns;
  }
  return lines;
}

std::string clip(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  const std::size_t keep = columns > 3 ? columns - 3 : 1;
  return std::string(text.substr(0, prefix_bytes(text, keep))) + "...";
}

std::string outside(std::string_view text, std::size_t columns) {
  // Bounds the work for a text of any length; a character takes at most 4 bytes.
  const std::size_t bytes = 4 * columns + 4;
  std::string shown = clip(sanitise(text.substr(0, bytes)), columns);
  if (text.size() > bytes && !shown.ends_with("...")) shown += "...";
  return shown;
}

std::string pad(std::string_view text, std::size_t columns) {
  std::string out(text);
  const std::size_t width = display_width(text);
  if (width < columns) out.append(columns - width, ' ');
  return out;
}

Page::Page(const TextStyle& style)
    : width_(std::max(static_cast<std::size_t>(std::max(style.width, 0)), kMinWidth)) {}

void Page::put(std::string_view head, std::string_view text) {
  const std::size_t indent = display_width(head);
  const std::size_t room = width_ > indent ? width_ - indent : 1;
  bool first = true;
  for (const std::string& line : wrap(text, room)) {
    std::string out = first ? std::string(head) : std::string(indent, ' ');
    out += line;
    while (!out.empty() && out.back() == ' ') out.pop_back();
    lines_.push_back(std::move(out));
    first = false;
  }
}

void Page::field(std::size_t indent, std::string_view label, std::size_t label_columns,
                 std::string_view text) {
  put(std::string(indent, ' ') + pad(label, label_columns), text);
}

void Page::paragraphs(std::size_t indent, std::string_view text) {
  const std::string margin(indent, ' ');
  std::string paragraph;
  const auto flush = [&] {
    if (!paragraph.empty()) put(margin, paragraph);
    paragraph.clear();
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t content = line.find_first_not_of(' ');
    if (content == std::string_view::npos) {
      flush();
      if (!text.empty() && !lines_.empty() && !lines_.back().empty()) blank();
    } else if (content > 0) {
      flush();
      put(margin + std::string(line.substr(0, content)), line.substr(content));
    } else {
      if (!paragraph.empty()) paragraph += ' ';
      paragraph += line;
    }
  }
  flush();
}

std::string Page::text() const {
  std::size_t end = lines_.size();
  while (end > 0 && lines_[end - 1].empty()) --end;
  std::string out;
  for (std::size_t i = 0; i < end; ++i) {
    out += lines_[i];
    out += '\n';
  }
  return out;
}

std::string coloured(const TextStyle& style, std::string_view sgr, std::string_view text) {
  if (!style.color) return std::string(text);
  std::string out = "\x1b[";
  out += sgr;
  out += 'm';
  out += text;
  out += "\x1b[0m";
  return out;
}

}  // namespace xic::render
