// `explain`: a cause in full, or faults decoded bit by bit.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/attribution_words.h"
#include "report/describe.h"
#include "report/json_parts.h"
#include "report/layout.h"
#include "report/names.h"

namespace xic {
namespace {

using render::Json;
using render::Page;

constexpr std::size_t kMaxFaults =
    20;  // A pasted line has one; a log of thousands belongs to `check`.
constexpr std::string_view kBold = "1";

void section(Page* page, const TextStyle& style, std::string_view title, std::string_view text) {
  if (text.empty()) return;
  page->blank();
  page->put("  " + render::coloured(style, kBold, title), "");
  page->paragraphs(4, text);
}

void cause_page(Page* page, const TextStyle& style, const Entry& cause) {
  page->put(render::coloured(style, kBold, cause.id) + "  ", cause.title);
  section(page, style, "Why we think so", cause.why);
  section(page, style, "What would confirm or refute it", cause.confirm);
  section(page, style, "What to do", cause.action);
  section(page, style, "References", cause.references);
}

void fault_page(Page* page, const FaultGroup& group, const FaultFinding* finding,
                const CauseFinding* cause, const Report& report) {
  constexpr std::size_t kIndent = 2;
  constexpr std::size_t kLabel = 11;
  page->put("", render::fault_words(group));
  if (group.origin == FaultOrigin::linux_kernel) {
    page->field(kIndent, "printed by", kLabel, "Linux's own IOMMU driver, not Xen");
  }
  const std::string place = render::fault_place(group);
  page->field(kIndent, "at", kLabel, place);
  for (const std::string& line : describe_registers(group.kind, group.registers)) {
    page->field(kIndent, "register", kLabel, render::outside(line, 400));
  }
  if (group.iova) {
    page->field(kIndent, "address", kLabel,
                fmt::format("{} = page {}, offset {}", render::hex(group.iova->value()),
                            render::hex(frame_of(*group.iova).value()),
                            render::hex(group.iova->value() & kPageMask)));
  }
  if (finding != nullptr) {
    const std::string owner = render::owner_words(group, *finding);
    if (!owner.empty()) page->field(kIndent, "owner", kLabel, owner);
    for (const std::string& line : render::attribution_lines(*report.facts, group, *finding)) {
      page->field(kIndent, "found by", kLabel, line);
    }
  }
  const std::vector<Dom0Error>& errors = report.facts->dom0_errors;
  if (group.dom0_error && *group.dom0_error < errors.size()) {
    page->field(kIndent, "effect", kLabel, render::dom0_error_words(errors[*group.dom0_error]));
  }
  if (cause != nullptr && !cause->id.empty()) {
    page->field(kIndent, "cause", kLabel, render::cause_words(*cause, report.knowledge));
  }
}

bool is_at(const FaultGroup& group, std::optional<Frame> page) {
  return !page || (group.iova && frame_of(*group.iova) == *page);
}

// Calls `visit(group, finding, cause)` for Xen's faults, then for Linux's own, of one page or of
// all; findings that are missing are null.
template <class Visit>
void for_each_fault(const Report& report, std::optional<Frame> page, Visit visit) {
  const Facts& facts = *report.facts;
  const Diagnosis& diagnosis = *report.diagnosis;
  for (std::size_t i = 0; i < facts.faults.size(); ++i) {
    if (!is_at(facts.faults[i], page)) continue;
    const FaultFinding* finding = i < diagnosis.faults.size() ? &diagnosis.faults[i] : nullptr;
    visit(facts.faults[i], finding, finding != nullptr ? &finding->cause : nullptr);
  }
  for (std::size_t i = 0; i < facts.foreign_faults.size(); ++i) {
    if (!is_at(facts.foreign_faults[i], page)) continue;
    visit(facts.foreign_faults[i], nullptr,
          i < diagnosis.foreign.size() ? &diagnosis.foreign[i] : nullptr);
  }
}

void remember(std::vector<std::string>* ids, const CauseFinding* cause) {
  if (cause == nullptr || cause->id.empty()) return;
  if (std::find(ids->begin(), ids->end(), cause->id) == ids->end()) ids->push_back(cause->id);
}

// The distinct causes of what is explained, in order of appearance.
std::vector<std::string> causes_of(const Report& report, std::optional<Frame> page) {
  std::vector<std::string> ids;
  for_each_fault(report, page,
                 [&](const FaultGroup&, const FaultFinding*, const CauseFinding* cause) {
                   remember(&ids, cause);
                 });
  if (page) return ids;
  for (const CauseFinding& cause : report.diagnosis->events) remember(&ids, &cause);
  return ids;
}

void add_events_and_errors(const Report& report, Page* page) {
  const Facts& facts = *report.facts;
  const Diagnosis& diagnosis = *report.diagnosis;
  for (std::size_t i = 0; i < std::min(facts.events.size(), diagnosis.events.size()); ++i) {
    if (diagnosis.events[i].id.empty() || i >= kMaxFaults) continue;
    if (page->size() > 0) page->blank();
    page->put("", render::outside(facts.events[i].message, 300));
    page->field(2, "cause", 11, render::cause_words(diagnosis.events[i], report.knowledge));
  }
  std::size_t loose = 0;
  for (const Dom0Error& error : facts.dom0_errors) {
    if (error.near_fault || ++loose > kMaxFaults) continue;
    if (page->size() > 0) page->blank();
    page->put("dom0's kernel: ", render::dom0_error_words(error));
  }
}

}  // namespace

std::string render_cause(const Entry& cause, const TextStyle& style) {
  Page page(style);
  cause_page(&page, style, cause);
  return page.text();
}

std::string render_explained_faults(const Report& report, const TextStyle& style,
                                    std::optional<Frame> only) {
  Page page(style);
  std::size_t seen = 0;
  for_each_fault(
      report, only,
      [&](const FaultGroup& group, const FaultFinding* finding, const CauseFinding* cause) {
        if (seen++ >= kMaxFaults) return;
        if (page.size() > 0) page.blank();
        fault_page(&page, group, finding, cause, report);
      });
  if (seen > kMaxFaults) {
    page.blank();
    page.put("", fmt::format("and {}; `check` sums them up",
                             render::counted(seen - kMaxFaults, "more group")));
  }
  if (!only) add_events_and_errors(report, &page);
  if (page.size() == 0) {
    page.put("", "No IOMMU fault, hypervisor event or DMA error in the text.");
    return page.text();
  }
  if (report.knowledge != nullptr) {
    for (const std::string& id : causes_of(report, only)) {
      const Entry* entry = report.knowledge->cause(id);
      if (entry == nullptr) continue;
      page.blank();
      cause_page(&page, style, *entry);
    }
  }
  return page.text();
}

std::string render_explained_json(const Report& report, std::optional<Frame> page) {
  Json out = render::envelope(report);
  out["explanations"] = Json::array();
  for_each_fault(
      report, page,
      [&](const FaultGroup& group, const FaultFinding* finding, const CauseFinding* cause) {
        Json item;
        item["words"] = render::fault_words(group);
        item["registers"] = Json::array();
        for (const std::string& line : describe_registers(group.kind, group.registers)) {
          item["registers"].push_back(line);
        }
        item["fault"] = render::fault_json(group, finding, cause);
        if (finding != nullptr) {
          auto lines = render::attribution_lines(*report.facts, group, *finding);
          if (!lines.empty()) item["attribution"] = std::move(lines);
        }
        if (cause != nullptr && report.knowledge != nullptr) {
          if (const Entry* entry = report.knowledge->cause(cause->id)) {
            item["cause"] = render::entry_json(*entry);
          }
        }
        out["explanations"].push_back(std::move(item));
      });
  if (page) return render::dump(out);
  const Facts& facts = *report.facts;
  for (std::size_t i = 0; i < facts.events.size(); ++i) {
    const CauseFinding* cause =
        i < report.diagnosis->events.size() ? &report.diagnosis->events[i] : nullptr;
    Json item;
    item["words"] = facts.events[i].message;
    item["event"] = render::event_json(facts.events[i], cause);
    if (cause != nullptr && report.knowledge != nullptr) {
      if (const Entry* entry = report.knowledge->cause(cause->id)) {
        item["cause"] = render::entry_json(*entry);
      }
    }
    out["explanations"].push_back(std::move(item));
  }
  for (const Dom0Error& error : facts.dom0_errors) {
    out["explanations"].push_back({{"words", render::dom0_error_words(error)},
                                   {"dom0_error", render::dom0_error_json(error)}});
  }
  return render::dump(out);
}

std::string render_cause_json(const Report& report, const Entry& cause) {
  Json out = render::envelope(report);
  out["cause"] = render::entry_json(cause);
  return render::dump(out);
}

}  // namespace xic
