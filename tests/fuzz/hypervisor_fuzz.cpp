// Any lines, by any speaker, offered once or twice, from any input.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/hypervisor/hypervisor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view whole = text;
  xic::HypervisorParser parser;
  std::uint64_t count = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    xic::Line line;
    line.raw = line.text = text.substr(0, end);
    line.offset = static_cast<std::uint64_t>(text.data() - whole.data());
    // The first byte of a line chooses its circumstances where it is a control character.
    if (!line.text.empty() && line.text.front() >= 1 && line.text.front() < 32) {
      const auto bits = static_cast<unsigned>(line.text.front());
      line.text.remove_prefix(1);
      line.mid_line = (bits & 1U) != 0;
      line.input = (bits >> 1U) & 1U;
      line.speaker = static_cast<xic::Speaker>(((bits >> 2U) & 3U) % 3U);
      line.time = {(bits & 16U) != 0 ? xic::Clock::xen_boot : xic::Clock::none, count};
    } else if (line.text.starts_with("(XEN) ")) {
      line.text.remove_prefix(6);
      line.speaker = xic::Speaker::xen;
    }
    if (parser.consume(line, false) == xic::Consumed::needs_more) parser.consume(line, true);
    (void)parser.take_new_boot();
    if (++count % 64 == 0) (void)parser.snapshot();
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  const xic::Hypervisor facts = parser.snapshot();
  (void)facts.iommu_enabled();
  (void)facts.direct_mapped();
  return 0;
}
