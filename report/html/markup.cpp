#include "report/html/markup.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/report.h"

namespace xic::html {
namespace {

void append_escaped(std::string* out, std::string_view text) {
  for (const char c : sanitise(text)) {
    switch (c) {
      case '&':
        *out += "&amp;";
        break;
      case '<':
        *out += "&lt;";
        break;
      case '>':
        *out += "&gt;";
        break;
      case '"':
        *out += "&quot;";
        break;
      case '\'':
        *out += "&#39;";
        break;
      default:
        *out += c;
    }
  }
}

// Elements that HTML does not close. Others without content are SVG's, which closes them itself.
bool is_void(std::string_view tag) {
  return tag == "meta" || tag == "br" || tag == "hr";
}

// Where a line break does not show, one keeps the source readable.
bool breaks_line(std::string_view tag) {
  constexpr std::array kInline{"a", "b", "code", "span", "td", "th", "dt", "tspan"};
  return std::find(kInline.begin(), kInline.end(), tag) == kInline.end();
}

}  // namespace

Writer::Writer() : out_("<!DOCTYPE html>\n") {}

void Writer::start_tag(std::string_view tag, Attributes attributes) {
  out_ += '<';
  out_ += tag;
  for (const auto& [name, value] : attributes) {
    out_ += ' ';
    out_ += name;
    out_ += "=\"";
    append_escaped(&out_, value);
    out_ += '"';
  }
}

Writer::Scope Writer::in(std::string_view tag, Attributes attributes) {
  start_tag(tag, attributes);
  out_ += '>';
  open_.push_back(tag);
  return Scope(this);
}

void Writer::close() {
  const std::string_view tag = open_.back();
  open_.pop_back();
  out_ += "</";
  out_ += tag;
  out_ += '>';
  if (breaks_line(tag)) out_ += '\n';
}

void Writer::element(std::string_view tag, Attributes attributes, std::string_view content) {
  const Scope scope = in(tag, attributes);
  text(content);
}

void Writer::leaf(std::string_view tag, Attributes attributes) {
  start_tag(tag, attributes);
  out_ += is_void(tag) ? ">" : "/>";
  if (breaks_line(tag)) out_ += '\n';
}

void Writer::text(std::string_view text) {
  append_escaped(&out_, text);
}

void Writer::style(std::string_view css) {
  out_ += "<style>\n";
  out_ += css;
  out_ += "</style>\n";
}

std::string Writer::take() {
  open_.clear();
  return std::exchange(out_, {});
}

std::string number(double value) {
  std::string text = fmt::format("{:.1f}", value);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

}  // namespace xic::html
