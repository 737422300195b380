// HTML and SVG, escaped by construction: text from outside has no way in but through text() and
// attribute values, which make it safe to show and then escape it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xic::html {

using Attributes = std::initializer_list<std::pair<std::string_view, std::string>>;

/// Writes one document. Tags and attribute names are literals of this program, never data.
class Writer {
 public:
  /// Closes its element at the end of its scope. Elements close in the reverse order of opening.
  class Scope {
   public:
    explicit Scope(Writer* writer) : writer_(writer) {}
    ~Scope() { writer_->close(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Writer* writer_;
  };

  Writer();
  /// `<tag attributes>` until the scope ends.
  [[nodiscard]] Scope in(std::string_view tag, Attributes attributes = {});
  /// `<tag attributes>text</tag>`.
  void element(std::string_view tag, Attributes attributes, std::string_view text);
  void element(std::string_view tag, std::string_view text) { element(tag, {}, text); }
  /// An element without content: `<meta ...>`, `<rect .../>`.
  void leaf(std::string_view tag, Attributes attributes);
  /// Any bytes: sanitise(), then escaped.
  void text(std::string_view text);
  /// A line feed, for <pre>: in text() it would be shown as an escape.
  void text_line_end() { out_ += '\n'; }
  /// A style sheet of this program.
  void style(std::string_view css);
  /// The finished document; the writer is empty afterwards.
  [[nodiscard]] std::string take();

 private:
  void close();
  void start_tag(std::string_view tag, Attributes attributes);

  std::string out_;
  std::vector<std::string_view> open_;
};

/// `value` with one decimal at most, for coordinates: "12", "12.5".
[[nodiscard]] std::string number(double value);

}  // namespace xic::html
