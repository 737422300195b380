// The fault parser behind the real line reader, and directly with lines cut at any place. Whatever
// is read is grouped and put into words.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/console/reader.h"
#include "core/fault/groups.h"
#include "core/fault/parser.h"

namespace {

struct Consumer final : xic::FaultSink, xic::LineSink {
  void on_fault(const xic::Fault& fault) override {
    bool is_new = false;
    const auto index = groups.add(fault, 0, &is_new);
    if (index && groups.at(*index).count == 0) std::abort();
    for (std::size_t i = 0; i < fault.raw_count; ++i) bytes += fault.raw[i].size();
    bytes += xic::flag_names(fault.kind, fault.registers).size();
    for (const auto& words : xic::describe_registers(fault.kind, fault.registers)) {
      bytes += words.size();
    }
    // Readers of a complete fault rely on these.
    if (fault.complete && fault.kind == xic::FaultKind::smmuv2_context && !fault.iova) std::abort();
    if (fault.complete && fault.kind == xic::FaultKind::smmuv2_global &&
        !fault.registers.get("gfsr")) {
      std::abort();
    }
  }
  void on_event(const xic::SeenEvent& event) override { bytes += event.message.size(); }
  void on_dom0_error(const xic::Dom0Error& error) override {
    if (error.driver.empty()) std::abort();
    bytes += error.message.size();
  }
  xic::Consumed on_line(const xic::Line& line, bool last_chance) override {
    const xic::Consumed result = parser.consume(line, last_chance);
    if (last_chance && result == xic::Consumed::needs_more) std::abort();
    return result;
  }

  xic::FaultParser parser{this};
  xic::FaultGroups groups;
  std::size_t bytes = 0;
};

void read_as_file(std::string_view text, bool repair) {
  Consumer consumer;
  xic::LineReader reader(xic::FaultParser::literals(), &consumer,
                         {.repair_pastes = repair, .input = 0});
  reader.feed(text);
  reader.finish();
  consumer.parser.finish();
}

/// Each line to the parser as every speaker, first cut, then whole.
void read_as_lines(std::string_view text) {
  Consumer consumer;
  std::uint64_t offset = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view whole = text.substr(0, end);
    for (const auto speaker :
         {xic::Speaker::xen, xic::Speaker::dom0_kernel, xic::Speaker::unknown}) {
      xic::Line line;
      line.raw = whole;
      line.speaker = speaker;
      line.offset = offset;
      line.repaired = true;
      line.text = whole.substr(0, whole.size() / 2);
      if (consumer.on_line(line, false) == xic::Consumed::needs_more) {
        line.text = whole;
        if (consumer.on_line(line, false) == xic::Consumed::needs_more) {
          consumer.on_line(line, true);
        }
      }
    }
    offset += whole.size() + 1;
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  consumer.parser.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_as_file(text, true);
  read_as_file(text, false);
  read_as_lines(text);
  return 0;
}
