// Any lines, by any speaker; then addresses at every edge that was found.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/memory/memory_map.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  xic::MemoryParser parser;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    xic::Line line;
    line.raw = line.text = text.substr(0, end);
    if (line.text.starts_with("(XEN) ")) {
      line.text.remove_prefix(6);
      line.speaker = xic::Speaker::xen;
    } else if (line.text.starts_with("[K] ")) {
      line.text.remove_prefix(4);
      line.speaker = xic::Speaker::dom0_kernel;
    } else if (line.text == "reset") {
      parser.reset();
    }
    (void)parser.consume(line);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  const xic::MemoryMap& map = parser.map();
  for (const auto* list :
       {&map.dom0_banks, &map.host_ram, &map.kernel_ram, &map.devices, &map.its, &map.reserved}) {
    if (list->size() > xic::MemoryParser::kMaxRanges) std::abort();
    for (const xic::AddressRange& range : *list) {
      if (range.begin >= range.end) std::abort();
      for (const std::uint64_t at : {range.begin, range.end - 1, range.end}) {
        (void)map.classify(xic::Iova{at});
      }
    }
  }
  return 0;
}
