#include "core/backend/store_line.h"

namespace xic {
namespace {

constexpr std::string_view kAssign = " = \"";

/// What a name or path in the store may be made of (docs/misc/xenstore.txt).
constexpr std::string_view kKeyBytes =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_@";

void trim_right(std::string_view* text) {
  while (!text->empty() && (text->back() == ' ' || text->back() == '\t' || text->back() == '\r'))
    text->remove_suffix(1);
}

/// Takes "(n0,r2)" off the end. Permission letters: none, read, write, both.
void drop_permissions(std::string_view* text) {
  if (!text->ends_with(')')) return;
  const std::size_t open = text->rfind('(');
  if (open == std::string_view::npos) return;
  const std::string_view inside = text->substr(open + 1, text->size() - open - 2);
  if (inside.find_first_not_of("nrwb0123456789,") != std::string_view::npos) return;
  text->remove_suffix(text->size() - open);
  trim_right(text);
}

}  // namespace

std::optional<StoreLine> parse_store_line(std::string_view raw) {
  const std::size_t assign = raw.find(kAssign);
  if (assign == std::string_view::npos || assign == 0) return std::nullopt;
  const std::string_view before = raw.substr(0, assign);
  const std::size_t blank = before.find_last_not_of(kKeyBytes);
  const std::size_t begin = blank == std::string_view::npos ? 0 : blank + 1;
  if (begin == assign) return std::nullopt;
  if (begin != 0 && before[begin - 1] != ' ') return std::nullopt;

  std::string_view value = raw.substr(assign + kAssign.size());
  trim_right(&value);
  if (!value.ends_with('"')) drop_permissions(&value);
  if (!value.ends_with('"')) return std::nullopt;
  value.remove_suffix(1);
  return StoreLine{begin, before.substr(begin), value};
}

}  // namespace xic
