#include "host/capture/feed.h"

#include "core/console/merge.h"

namespace xic {
namespace {

Observer::InputOptions options_for(const LabelledText& text) {
  Observer::InputOptions options;
  options.name = text.name;
  options.recognised_as = text.recognised_as;
  options.repair_pastes = !text.verbatim;
  return options;
}

}  // namespace

void feed_text(const LabelledText& text, Observer* observer) {
  observer->begin_input(options_for(text));
  observer->feed(text.bytes);
  observer->end_input();
}

void feed_merged(const std::vector<LabelledText>& texts, Observer* observer) {
  std::vector<std::string_view> bytes;
  bytes.reserve(texts.size());
  for (const LabelledText& text : texts) bytes.push_back(text.bytes);
  std::vector<bool> used(texts.size(), false);
  for (const TextSlice& slice : merge_console_texts(bytes)) {
    const LabelledText& text = texts[slice.text];
    used[slice.text] = true;
    Observer::InputOptions options = options_for(text);
    options.skip_xen_lines = slice.xen_lines_known;
    options.base_offset = slice.begin;
    observer->begin_input(options);
    observer->feed(text.bytes.substr(slice.begin, slice.end - slice.begin));
    observer->end_input();
  }
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (!used[i]) feed_text({texts[i].name, {}, texts[i].recognised_as}, observer);
  }
}

}  // namespace xic
