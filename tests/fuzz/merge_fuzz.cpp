// Any texts: no byte is read twice, and every whole line of Xen's is read.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/line_sequence.h"
#include "core/console/merge.h"

namespace {

using namespace xic;

void require(bool condition) {
  if (!condition) std::abort();
}

void add_xen_lines(std::string_view text, std::size_t begin, std::size_t end,
                   std::set<std::uint64_t>* lines) {
  TextLines walk(text, begin, end);
  TextLine line;
  while (walk.next(&line)) {
    if (line.xen) lines->insert(hash_line(line.bytes));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A byte 0x1c (file separator) ends a text.
  std::vector<std::string> texts(1);
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == 0x1c) {
      texts.emplace_back();
    } else {
      texts.back() += static_cast<char>(data[i]);
    }
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const std::vector<TextSlice> slices = merge_console_texts(views);

  std::set<std::uint64_t> read;
  std::vector<std::vector<bool>> seen;
  for (const std::string& text : texts) seen.emplace_back(text.size(), false);
  for (const TextSlice& slice : slices) {
    require(slice.text < texts.size() && slice.begin < slice.end &&
            slice.end <= texts[slice.text].size());
    for (std::size_t i = slice.begin; i < slice.end; ++i) {
      require(!seen[slice.text][i]);
      seen[slice.text][i] = true;
    }
    require(slice.begin == 0 || texts[slice.text][slice.begin - 1] == '\n');
    if (!slice.xen_lines_known) add_xen_lines(texts[slice.text], slice.begin, slice.end, &read);
  }
  std::set<std::uint64_t> all;
  for (const std::string& text : texts) {
    add_xen_lines(text, 0, text.rfind('\n') == text.npos ? 0 : text.rfind('\n') + 1, &all);
  }
  require(std::includes(read.begin(), read.end(), all.begin(), all.end()));
  return 0;
}
