// Lines of any bytes -> dumps -> index. What comes out must hold together.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/grant/grant.h"

namespace {

struct Check final : xic::GrantDumpSink {
  void on_grant_dump(xic::GrantDump&& dump) override {
    const xic::GrantIndex index(dump.grants);
    for (const xic::Grant& grant : dump.grants) {
      bool found = false;
      for (const xic::Grant* const other : index.find(grant.frame)) {
        if (other->frame != grant.frame) std::abort();
        found |= other == &grant;
      }
      if (!found || grant.pin == 0 || grant.granter.value() > 0x7fef) std::abort();
    }
  }
};

}  // namespace

// The first byte of each line says who speaks, and whether behind other text or behind a gap.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  Check sink;
  xic::GrantDumpParser parser(&sink);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view one = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (one.empty()) continue;
    const auto mode = static_cast<unsigned char>(one.front());
    one.remove_prefix(1);
    xic::Line line;
    line.text = line.raw = one;
    line.speaker = mode % 4 == 1 ? xic::Speaker::dom0_kernel : xic::Speaker::xen;
    line.mid_line = mode % 4 == 2;
    if (mode % 4 == 3) parser.note_gap();
    (void)parser.consume(line);
  }
  parser.finish();
  return 0;
}
