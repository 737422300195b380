// Lines by hand for the fault parser, and a sink that keeps what it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/line.h"
#include "core/console/reader.h"
#include "core/fault/event_log.h"
#include "core/fault/fault.h"
#include "core/fault/parser.h"

namespace xic::test {

/// A Fault whose views live as long as it does.
struct OwnedFault {
  explicit OwnedFault(const Fault& f)
      : fault(f), iommu(f.iommu), device(f.device), reason(f.reason) {
    for (std::size_t i = 0; i < f.raw_count; ++i) raw.emplace_back(f.raw[i]);
  }
  Fault fault;
  std::string iommu, device, reason;
  std::vector<std::string> raw;
};

struct RecordingSink final : FaultSink {
  void on_fault(const Fault& fault) override { faults.emplace_back(fault); }
  void on_event(const SeenEvent& event) override {
    EventLog log;
    log.add(event, 0);
    events.push_back(log.events().front());
  }
  void on_dom0_error(const Dom0Error& error) override { dom0_errors.push_back(error); }

  [[nodiscard]] std::size_t count(FaultOrigin origin) const {
    std::size_t n = 0;
    for (const OwnedFault& f : faults) n += f.fault.origin == origin ? 1 : 0;
    return n;
  }

  std::vector<OwnedFault> faults;
  std::vector<HypervisorEvent> events;
  std::vector<Dom0Error> dom0_errors;
};

/// One parser with its sink; lines of each speaker by name.
class Harness {
 public:
  Consumed xen(std::string_view text, bool last_chance = true) {
    return offer(text, Speaker::xen, last_chance);
  }
  Consumed dom0(std::string_view text, bool last_chance = true) {
    return offer(text, Speaker::dom0_kernel, last_chance);
  }
  Consumed unknown(std::string_view text, bool last_chance = true) {
    return offer(text, Speaker::unknown, last_chance);
  }
  Consumed offer(std::string_view text, Speaker speaker, bool last_chance) {
    Line line;
    line.text = text;
    line.raw = text;
    line.speaker = speaker;
    line.offset = offset;
    line.time = time;
    line.mid_line = mid_line;
    line.repaired = repaired;
    const Consumed result = parser.consume(line, last_chance);
    if (result != Consumed::needs_more) offset += text.size() + 1;
    return result;
  }

  /// Reads a whole text as a file is read: wrapped lines are joined.
  void read(std::string_view text) {
    struct Adapter final : LineSink {
      explicit Adapter(FaultParser* p) : parser(p) {}
      Consumed on_line(const Line& line, bool last_chance) override {
        return parser->consume(line, last_chance);
      }
      FaultParser* parser;
    } adapter(&parser);
    LineReader reader(FaultParser::literals(), &adapter, {.repair_pastes = true, .input = 0});
    reader.feed(text);
    reader.finish();
    parser.finish();
  }

  RecordingSink sink;
  FaultParser parser{&sink};
  std::uint64_t offset = 0;
  Timestamp time;
  bool mid_line = false;
  bool repaired = false;
};

}  // namespace xic::test
