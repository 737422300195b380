// Text -> lines -> parser, with nothing of the real reader: what a parser is owed by its contract.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/line.h"
#include "core/console/timestamp.h"
#include "core/hypervisor/hypervisor.h"

namespace xic::testing {

/// Strips "(XEN) " and stamps off one physical line.
inline Line line_of(std::string_view raw, std::uint64_t offset = 0, std::uint32_t input = 0) {
  Line line;
  line.raw = raw;
  line.offset = offset;
  line.input = input;
  std::string_view text = raw;
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  constexpr std::string_view kXen = "(XEN) ";
  if (text.starts_with(kXen)) {
    text.remove_prefix(kXen.size());
    line.speaker = Speaker::xen;
    line.time = take_xen_timestamp(&text);
  } else if (line.time = take_linux_timestamp(&text); line.time.clock != Clock::none) {
    line.speaker = Speaker::dom0_kernel;
  }
  line.text = text;
  return line;
}

inline std::vector<std::string_view> physical_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return lines;
}

/// Feeds a whole text; counts the new boots that the parser announced.
struct Reading {
  HypervisorParser parser;
  int new_boots = 0;

  void feed(std::string_view text, std::uint32_t input = 0) {
    const auto lines = physical_lines(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::string joined(lines[i]);
      const auto offset = static_cast<std::uint64_t>(lines[i].data() - text.data());
      for (int joins = 0;; ++joins) {
        const bool more = i + 1 < lines.size() && joins < 8 &&
                          line_of(lines[i + 1]).speaker == Speaker::unknown &&
                          !lines[i + 1].empty();
        Line line = line_of(joined, offset, input);
        line.repaired = joins > 0;
        const Consumed done = parser.consume(line, !more);
        if (done != Consumed::needs_more || !more) break;
        joined += " ";
        joined += lines[++i];
      }
      if (parser.take_new_boot()) ++new_boots;
    }
  }

  [[nodiscard]] Hypervisor facts() const { return parser.snapshot(); }
};

inline Hypervisor read(std::string_view text) {
  Reading reading;
  reading.feed(text);
  return reading.facts();
}

}  // namespace xic::testing
