// The report for people: verdict, why, faults, what could not be seen, what to do. One screen.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <vector>

#include "report/describe.h"
#include "report/layout.h"
#include "report/names.h"
#include "report/utf8.h"

namespace xic {
namespace {

using render::counted;
using render::outside;
using render::Page;

// A terminal of 24 lines is the classic; every window in use today shows 30.
constexpr std::size_t kScreenLines = 30;

// How much of each section is shown. The fullest that fits the screen is taken.
struct Detail {
  std::size_t evidence;
  std::size_t full_faults;   // with place, owner, cause and effect
  std::size_t brief_faults;  // two lines: what and why
  std::size_t limits;
  bool limit_details;
  std::size_t actions;
};
constexpr std::array<Detail, 7> kDetails{{{8, 3, 0, 6, true, 6},
                                          {7, 1, 2, 6, true, 6},
                                          {7, 1, 2, 4, true, 6},
                                          {6, 1, 2, 4, false, 6},
                                          {6, 1, 1, 3, false, 5},
                                          {5, 1, 0, 3, false, 5},
                                          {4, 1, 0, 2, false, 4}}};

constexpr std::string_view kBad = "1;37;41";
constexpr std::string_view kWarn = "1;33";
constexpr std::string_view kGood = "1;32";
constexpr std::string_view kAsk = "1;36";
constexpr std::string_view kHeading = "1";

struct Mark {
  std::string_view sign, ascii, sgr;
};

// By exit code, so that the mark never says less than the exit code does: faults of another cause
// on a healthy hypervisor are a warning.
Mark mark_of(int exit_code) {
  switch (exit_code) {
    case 0:
      return {"✓", "[OK]", kGood};
    case 1:
      return {"!", "[!]", kWarn};
    case 2:
      return {"✗", "[FAIL]", kBad};
    default:
      return {"?", "[?]", kAsk};
  }
}

class TextReport {
 public:
  TextReport(const Report& report, const TextStyle& style, const Detail& detail)
      : report_(report), style_(style), detail_(detail), page_(style) {}

  Page build() {
    verdict();
    why();
    faults();
    could_not_see();
    to_do();
    more();
    return page_;
  }

 private:
  static constexpr std::size_t kIndent = 4;

  void heading(std::string_view title) {
    page_.blank();
    page_.put("  " + render::coloured(style_, kHeading, title), "");
  }

  void verdict() {
    const Verdict& verdict = report_.diagnosis->verdict;
    const Mark mark = mark_of(report_.diagnosis->exit_code);
    const std::string head =
        fmt::format("{} {}", style_.ascii ? mark.ascii : mark.sign, render::words(verdict.state));
    page_.put(render::coloured(style_, mark.sgr, head) + "   ", outside(verdict.summary, 300));
    std::string standing = verdict.id;
    if (verdict.observed) standing += ", observed in a fault";
    if (verdict.suspected) standing += ", suspected from a fault";
    standing += fmt::format(", {} confidence", to_string(verdict.confidence));
    page_.put(std::string(render::display_width(head) + 3, ' '), standing);
  }

  // Evidence that speaks for another state than the verdict's is marked, never dropped before
  // evidence that merely agrees.
  [[nodiscard]] bool contradicts(const Evidence& e) const {
    const bool names_state = e.supports == "affected" || e.supports == "likely_affected" ||
                             e.supports == "dormant" || e.supports == "not_affected";
    return names_state && e.supports != to_string(report_.diagnosis->verdict.state);
  }

  [[nodiscard]] std::vector<std::size_t> shown_evidence() const {
    const std::vector<Evidence>& all = report_.diagnosis->evidence;
    std::vector<std::size_t> order(all.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_partition(order.begin(), order.end(),
                          [&](std::size_t i) { return all[i].rank <= 1 || contradicts(all[i]); });
    order.resize(std::min(order.size(), detail_.evidence));
    std::sort(order.begin(), order.end());
    return order;
  }

  void why() {
    const std::vector<Evidence>& all = report_.diagnosis->evidence;
    heading("Why");
    if (all.empty()) {
      page_.put(std::string(kIndent, ' '), "nothing in the input speaks for or against it");
      return;
    }
    struct Row {
      std::string label, value, source;
    };
    std::vector<Row> rows;
    std::size_t label_width = 0;
    for (const std::size_t i : shown_evidence()) {
      const Evidence& e = all[i];
      Row row{outside(render::spaced(e.kind), 18), outside(e.value, 300),
              fmt::format("[{}]", outside(e.source, 80))};
      if (contradicts(e)) row.value += fmt::format(" (speaks for: {})", render::spaced(e.supports));
      label_width = std::max(label_width, render::display_width(row.label));
      rows.push_back(std::move(row));
    }
    label_width += 2;
    // Sources stand in one column where value and source share a line, behind the value elsewhere.
    const std::size_t room = page_.width() - kIndent - label_width;
    std::size_t column = 0;
    for (const Row& row : rows) {
      const std::size_t value = render::display_width(row.value);
      if (value + 2 + render::display_width(row.source) <= room)
        column = std::max(column, value + 2);
    }
    for (const Row& row : rows) {
      const std::size_t source = render::display_width(row.source);
      const bool aligned =
          render::display_width(row.value) + 2 <= column && column + source <= room;
      page_.field(
          kIndent, row.label, label_width,
          aligned ? render::pad(row.value, column) + row.source : row.value + "  " + row.source);
    }
    if (rows.size() < all.size()) {
      page_.field(kIndent, "", label_width,
                  fmt::format("and {} more: --json", all.size() - rows.size()));
    }
  }

  // What proves or suggests the regression first, then the most frequent.
  [[nodiscard]] std::vector<std::size_t> fault_order() const {
    const Facts& facts = *report_.facts;
    const std::vector<FaultFinding>& findings = report_.diagnosis->faults;
    std::vector<std::size_t> order(std::min(facts.faults.size(), findings.size()));
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto weight = [&](std::size_t i) {
      return findings[i].accuses ? 2 : findings[i].signature ? 1 : 0;
    };
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      if (weight(a) != weight(b)) return weight(a) > weight(b);
      return facts.faults[a].count > facts.faults[b].count;
    });
    return order;
  }

  void faults() {
    const Facts& facts = *report_.facts;
    const std::vector<std::size_t> order = fault_order();
    const std::uint64_t all = render::total(facts.faults);
    heading(all == 0 ? std::string("Faults: none of Xen's in the input")
            : facts.faults.size() == 1
                ? fmt::format("Fault ({})", all == 1 ? "1 event" : fmt::format("{} events", all))
                : fmt::format("Faults ({} events in {} groups)", all, facts.faults.size()));
    std::size_t shown = 0;
    std::uint64_t shown_events = 0;
    for (const std::size_t i : order) {
      if (shown >= detail_.full_faults + detail_.brief_faults) break;
      fault(facts.faults[i], report_.diagnosis->faults[i], shown < detail_.full_faults);
      shown_events += facts.faults[i].count;
      ++shown;
    }
    if (shown < facts.faults.size()) {
      page_.put(std::string(kIndent, ' '),
                fmt::format("and {} in {}: --json", counted(all - shown_events, "event"),
                            counted(facts.faults.size() - shown, "more group")));
    }
    foreign();
    events();
    loose_errors();
  }

  void fault(const FaultGroup& group, const FaultFinding& finding, bool full) {
    constexpr std::size_t kSub = 6;
    constexpr std::size_t kLabel = 9;
    page_.put(std::string(kIndent, ' '), render::fault_words(group));
    if (!full) {
      const std::string owner = render::owner_words(group, finding);
      page_.field(kSub, "cause", kLabel,
                  fmt::format("{} {}{}{}", finding.cause.id, title(finding.cause.id),
                              owner.empty() ? "" : "; ", owner));
      return;
    }
    page_.field(kSub, "at", kLabel, render::fault_place(group));
    const std::string owner = render::owner_words(group, finding);
    if (!owner.empty()) page_.field(kSub, "owner", kLabel, owner);
    if (group.dom0_error && *group.dom0_error < report_.facts->dom0_errors.size()) {
      page_.field(kSub, "effect", kLabel,
                  render::dom0_error_words(report_.facts->dom0_errors[*group.dom0_error]));
    }
    const std::string cause = render::cause_words(finding.cause, report_.knowledge);
    if (!cause.empty()) page_.field(kSub, "cause", kLabel, cause);
    if (finding.signature && !finding.accuses && !finding.why_not.empty()) {
      page_.field(kSub, "no proof", kLabel, outside(finding.why_not, 200));
    }
  }

  // Linux's own faults are named apart, so that nobody adds them to Xen's.
  void foreign() {
    const std::vector<FaultGroup>& groups = report_.facts->foreign_faults;
    if (groups.empty()) return;
    std::string text =
        fmt::format("{} of Linux's own IOMMU driver, not Xen's: {}",
                    counted(render::total(groups), "fault"), render::fault_words(groups.front()));
    if (groups.size() > 1)
      text += fmt::format("; and {}", counted(groups.size() - 1, "more group"));
    page_.put(std::string(kIndent, ' '), text);
  }

  // What Xen said that is no fault, by cause: one line each, at most two.
  void events() {
    const Facts& facts = *report_.facts;
    const std::vector<CauseFinding>& causes = report_.diagnosis->events;
    std::vector<std::string_view> seen;
    std::size_t others = 0;
    for (std::size_t i = 0; i < std::min(facts.events.size(), causes.size()); ++i) {
      const std::string_view id = causes[i].id;
      if (id.empty() || std::find(seen.begin(), seen.end(), id) != seen.end()) continue;
      seen.push_back(id);
      if (seen.size() > 2) {
        ++others;
        continue;
      }
      page_.put(
          std::string(kIndent, ' '),
          fmt::format("Xen said: {}; {} {}", outside(facts.events[i].message, 120), id, title(id)));
    }
    if (others > 0) {
      page_.put(std::string(kIndent, ' '),
                fmt::format("and {} that are no faults: --json", counted(others, "more event")));
    }
  }

  // dom0 driver errors that no fault explains.
  void loose_errors() {
    const std::vector<Dom0Error>& errors = report_.facts->dom0_errors;
    const Dom0Error* first = nullptr;
    std::size_t loose = 0;
    for (const Dom0Error& error : errors) {
      if (error.near_fault) continue;
      if (first == nullptr) first = &error;
      ++loose;
    }
    if (first == nullptr) return;
    std::string text = "dom0 without a fault beside it: " + render::dom0_error_words(*first);
    if (loose > 1) text += fmt::format("; and {}", counted(loose - 1, "more error"));
    page_.put(std::string(kIndent, ' '), text);
  }

  void could_not_see() {
    const std::vector<Limit>& limits = report_.diagnosis->limits;
    if (limits.empty()) return;
    heading("Could not see");
    const std::string mark = std::string(kIndent, ' ') + render::coloured(style_, kWarn, "!") + " ";
    const std::size_t shown = std::min(limits.size(), detail_.limits);
    for (std::size_t i = 0; i < shown; ++i) {
      std::string text = outside(limits[i].what, 200);
      if (detail_.limit_details && !limits[i].detail.empty()) {
        text += ": " + outside(limits[i].detail, 200);
      }
      page_.put(mark, text);
    }
    if (shown < limits.size()) {
      page_.put(std::string(kIndent + 2, ' '),
                fmt::format("and {} more: --json", limits.size() - shown));
    }
  }

  void to_do() {
    const std::vector<Action>& actions = report_.diagnosis->actions;
    if (actions.empty()) return;
    heading("Do");
    const std::size_t shown = std::min(actions.size(), detail_.actions);
    for (std::size_t i = 0; i < shown; ++i) {
      const Action& action = actions[i];
      std::string text = outside(action.text, 400);
      if (!action.reference.empty() && action.text.find(action.reference) == std::string::npos) {
        text += fmt::format(" [{}]", outside(action.reference, 80));
      }
      page_.put(fmt::format("{:>{}}. ", i + 1, kIndent + 1), text);
    }
    if (shown < actions.size()) {
      page_.put(std::string(kIndent + 3, ' '),
                fmt::format("and {} more: --json", actions.size() - shown));
    }
  }

  // The ids that `explain` knows: the verdict's, and those of the faults shown.
  void more() {
    const Verdict& verdict = report_.diagnosis->verdict;
    std::vector<std::string> ids;
    const auto add = [&](const std::string& id) {
      if (!id.empty() && ids.size() < 4 && std::find(ids.begin(), ids.end(), id) == ids.end()) {
        ids.push_back(id);
      }
    };
    if (verdict.state != VerdictState::not_affected || report_.diagnosis->faults.empty()) {
      add(verdict.id);
    }
    for (const std::size_t i : fault_order()) add(report_.diagnosis->faults[i].cause.id);
    for (const CauseFinding& cause : report_.diagnosis->events) add(cause.id);
    page_.blank();
    page_.put("  More: ", fmt::format("xen-iommu-check explain {}", fmt::join(ids, " | ")));
  }

  [[nodiscard]] std::string title(std::string_view id) const {
    const Entry* entry = report_.knowledge != nullptr ? report_.knowledge->cause(id) : nullptr;
    return entry != nullptr ? std::string(entry->title) : std::string();
  }

  const Report& report_;
  const TextStyle& style_;
  const Detail& detail_;
  Page page_;
};

}  // namespace

std::string render_text(const Report& report, const TextStyle& style) {
  for (const Detail& detail : kDetails) {
    const Page page = TextReport(report, style, detail).build();
    if (page.size() <= kScreenLines || &detail == &kDetails.back()) return page.text();
  }
  return {};
}

}  // namespace xic
