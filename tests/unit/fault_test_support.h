// Lines by hand for the fault parser, and a sink that keeps what it is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/line.h"
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
  void on_event(const HypervisorEvent& event) override { events.push_back(event); }
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

  /// Reads a whole text: finds the speaker of each line, joins lines while the parser asks for it,
  /// and offers a cut line again by itself where the join was refused.
  void read(std::string_view text) {
    std::vector<std::string> lines;
    std::size_t begin = 0;
    while (begin < text.size()) {
      std::size_t end = text.find('\n', begin);
      if (end == std::string_view::npos) end = text.size();
      std::string line(text.substr(begin, end - begin));
      while (!line.empty() && line.back() == '\r') line.pop_back();
      lines.push_back(line);
      begin = end + 1;
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::string text_of;
      const Speaker speaker = speaker_of(lines[i], &text_of);
      if (offer(text_of, speaker, false) != Consumed::needs_more) continue;
      std::string joined = text_of;
      bool taken = false;
      repaired = true;
      for (std::size_t extra = 1; extra <= 8 && i + extra < lines.size(); ++extra) {
        joined += ' ';
        joined += lines[i + extra];
        const Consumed result = offer(joined, speaker, extra == 8);
        if (result == Consumed::no) break;
        if (result == Consumed::yes) {
          i += extra;
          taken = true;
          break;
        }
      }
      repaired = false;
      if (!taken) offer(text_of, speaker, true);
    }
    parser.finish();
  }

  static Speaker speaker_of(std::string_view line, std::string* text) {
    const std::size_t xen = line.find("(XEN)");
    if (xen != std::string_view::npos) {
      std::string_view rest = line.substr(xen + 5);
      if (rest.starts_with(' ')) rest.remove_prefix(1);
      if (rest.starts_with('[') && !rest.starts_with("[VT-D]")) rest = behind_stamp(rest);
      *text = rest;
      return Speaker::xen;
    }
    const std::size_t kernel = line.find("kernel: [");
    if (kernel != std::string_view::npos) line = line.substr(kernel + 8);
    if (line.starts_with('[')) {
      *text = behind_stamp(line);
      return Speaker::dom0_kernel;
    }
    *text = line;
    return Speaker::unknown;
  }

  RecordingSink sink;
  FaultParser parser{&sink};
  std::uint64_t offset = 0;
  Timestamp time;
  bool mid_line = false;
  bool repaired = false;

 private:
  static std::string_view behind_stamp(std::string_view text) {
    const std::size_t end = text.find("] ");
    return end == std::string_view::npos ? text : text.substr(end + 2);
  }
};

}  // namespace xic::test
