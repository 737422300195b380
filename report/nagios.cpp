// Nagios plugin output: "STATUS - text | performance data", then long output lines.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "report/describe.h"
#include "report/layout.h"
#include "report/names.h"

namespace xic {
namespace {

// Nagios Core reads at most 8192 bytes, NRPE of version 2 only 1024, and cuts without a word: what
// matters stands first.
constexpr std::size_t kMaxBytes = 4096;
constexpr std::size_t kMaxLines = 12;

std::string_view status(int exit_code) {
  switch (exit_code) {
    case 0:
      return "OK";
    case 1:
      return "WARNING";
    case 2:
      return "CRITICAL";
    default:
      return "UNKNOWN";
  }
}

// '|' begins performance data; line ends and control bytes are gone already.
std::string neutral(std::string text) {
  std::replace(text.begin(), text.end(), '|', '/');
  return text;
}

}  // namespace

std::string render_nagios(const Report& report) {
  const Facts& facts = *report.facts;
  const Diagnosis& diagnosis = *report.diagnosis;
  const Verdict& verdict = diagnosis.verdict;
  const std::uint64_t faults = render::total(facts.faults);

  std::string out = fmt::format("IOMMU {} - {}", status(diagnosis.exit_code),
                                neutral(fmt::format("{}: {} ({}), {}", to_string(verdict.state),
                                                    render::outside(verdict.summary, 200),
                                                    verdict.id, render::counted(faults, "fault"))));
  if (verdict.observed) out += ", observed";
  if (verdict.suspected) out += ", suspected";
  fmt::format_to(std::back_inserter(out),
                 " | faults={};0;;0 lost_bytes={}B;0;;0 damaged_fault_lines={};0;;0 "
                 "affected={};;0;0;1\n",
                 faults, facts.lost_console_bytes, facts.damaged_fault_lines,
                 verdict.state == VerdictState::affected ? 1 : 0);

  std::size_t lines = 0;
  const auto add = [&](std::string text) {
    text = neutral(std::move(text));
    if (lines >= kMaxLines || out.size() + text.size() + 1 > kMaxBytes) return;
    ++lines;
    out += text;
    out += '\n';
  };
  for (std::size_t i = 0; i < std::min<std::size_t>(diagnosis.evidence.size(), 4); ++i) {
    const Evidence& e = diagnosis.evidence[i];
    add(fmt::format("{}: {} [{}]", render::spaced(e.kind), render::outside(e.value, 200),
                    render::outside(e.source, 80)));
  }
  const std::size_t findings = std::min(facts.faults.size(), diagnosis.faults.size());
  for (std::size_t i = 0; i < std::min<std::size_t>(findings, 2); ++i) {
    add("fault: " + render::fault_words(facts.faults[i]));
    const std::string owner = render::owner_words(facts.faults[i], diagnosis.faults[i]);
    if (!owner.empty()) add("owner: " + owner);
  }
  for (std::size_t i = 0; i < std::min<std::size_t>(diagnosis.limits.size(), 2); ++i) {
    add("could not see: " + render::outside(diagnosis.limits[i].what, 160));
  }
  if (!diagnosis.actions.empty()) {
    add("do: " + render::outside(diagnosis.actions.front().text, 240));
  }
  return out;
}

}  // namespace xic
