// `grants --history`: which grants of a frame, or of a domain, dom0 has mapped, and when.
#include "core/grant/grant_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/diagnosis/words.h"
#include "report/describe.h"
#include "report/json_parts.h"
#include "report/layout.h"
#include "report/utf8.h"

namespace xic {
namespace {

using render::Json;

constexpr std::size_t kColumns = 7;
using Row = std::array<std::string, kColumns>;

std::string name_of(const Facts& facts, DomId domain) {
  const auto found = facts.backends.domain_names.find(domain);
  return found == facts.backends.domain_names.end() ? std::string() : found->second;
}

std::string subject_words(const Facts& facts, const HistorySubject& subject) {
  if (const auto* frame = std::get_if<Frame>(&subject)) {
    return "frame " + render::hex(frame->value());
  }
  const DomId domain = std::get<DomId>(subject);
  return render::domain_words(domain, name_of(facts, domain));
}

std::string span_words(std::uint64_t ns) {
  constexpr double kMs = 1e6;
  const double ms = static_cast<double>(ns) / kMs;
  return ms < 1000 ? fmt::format("{:.3f} ms", ms) : fmt::format("{:.3f} s", ms / 1000);
}

/// From `begin` to `end`, which may have been read the other way round.
std::uint64_t span(std::uint64_t begin, std::uint64_t end) {
  return end > begin ? end - begin : 0;
}

Row row_of(const Facts& facts, const TracedMapping& one, std::uint64_t now) {
  return {span_words(span(one.mapped, now)) + " ago",
          one.unmapped ? span_words(span(one.mapped, *one.unmapped)) : "still mapped",
          render::domain_words(one.granter, name_of(facts, one.granter)),
          one.ref ? render::hex(one.ref->value()) : "not recorded",
          render::hex(one.frame.value()),
          one.mapper,
          one.unmapper};
}

std::string title(const Facts& facts, const GrantHistory& history) {
  return render::counted(history.mappings.size() + history.omitted, "mapping") + " of " +
         subject_words(facts, history.subject) + " in the last " +
         span_words(span(history.coverage.from, history.coverage.until)) +
         (history.omitted == 0 ? ""
                               : fmt::format(", the latest {} of them", history.mappings.size()));
}

}  // namespace

std::string render_history_text(const Report& report, const GrantHistory& history,
                                const TextStyle& style) {
  const Facts& facts = *report.facts;
  std::string out = render::coloured(style, "1", title(facts, history)) + '\n';
  if (history.mappings.empty()) return out;
  std::vector<Row> rows{{"mapped", "for", "granter", "ref", "frame", "by", "unmapped by"}};
  for (const TracedMapping& one : history.mappings) {
    rows.push_back(row_of(facts, one, history.coverage.until));
  }
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      widths[i] = std::max(widths[i], render::display_width(row[i]));
    }
  }
  for (const Row& row : rows) {
    std::string line = "  ";
    for (std::size_t i = 0; i < kColumns; ++i) line += render::pad(row[i], widths[i] + 2);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string render_history_json(const Report& report, const GrantHistory& history) {
  const Facts& facts = *report.facts;
  Json shown;
  if (const auto* frame = std::get_if<Frame>(&history.subject)) {
    shown["frame"] = render::hex(frame->value());
  } else {
    const DomId domain = std::get<DomId>(history.subject);
    shown["domain"] = render::domain_json(domain, name_of(facts, domain));
  }
  shown["covered_ns"] = {history.coverage.from, history.coverage.until};
  shown["omitted"] = history.omitted;
  shown["mappings"] = Json::array();
  for (const TracedMapping& one : history.mappings) {
    shown["mappings"].push_back(
        {{"frame", render::hex(one.frame.value())},
         {"granter", render::domain_json(one.granter, name_of(facts, one.granter))},
         {"ref", one.ref ? Json(render::hex(one.ref->value())) : Json(nullptr)},
         {"read_only", one.read_only},
         {"mapped_ns", one.mapped},
         {"unmapped_ns", one.unmapped ? Json(*one.unmapped) : Json(nullptr)},
         {"mapped_by", one.mapper},
         {"unmapped_by", one.unmapper.empty() ? Json(nullptr) : Json(one.unmapper)},
         {"certain", one.certain}});
  }
  Json out = render::envelope(report);
  out["history"] = std::move(shown);
  return render::dump(out);
}

}  // namespace xic
