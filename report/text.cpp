// The report for people: verdict, why, faults, what could not be seen, what to do. One screen.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "report/describe.h"
#include "report/layout.h"
#include "report/names.h"
#include "report/probe_words.h"
#include "report/utf8.h"
#include "report/why.h"

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
  bool cause_summaries;
  bool limit_details;  // not only their titles
  std::size_t actions;
};
constexpr std::array<Detail, 8> kDetails{{{8, 3, 0, 6, true, true, 6},
                                          {8, 1, 2, 6, false, true, 6},
                                          {7, 1, 2, 4, false, true, 6},
                                          {7, 1, 2, 4, false, false, 6},
                                          {6, 1, 1, 4, false, false, 6},
                                          {6, 1, 0, 3, false, false, 5},
                                          {5, 1, 0, 3, false, false, 5},
                                          {4, 1, 0, 2, false, false, 4}}};

constexpr std::string_view kBad = "1;37;41";
constexpr std::string_view kWarn = "1;33";
constexpr std::string_view kGood = "1;32";
constexpr std::string_view kAsk = "1;36";
constexpr std::string_view kHeading = "1";

std::string_view sgr_of(int exit_code) {
  constexpr std::array kByCode{kGood, kWarn, kBad};
  return exit_code >= 0 && exit_code < 3 ? kByCode[static_cast<std::size_t>(exit_code)] : kAsk;
}

class TextReport {
 public:
  TextReport(const Report& report, const TextStyle& style, const Detail& detail)
      : report_(report), style_(style), detail_(detail), page_(style) {}

  Page build() {
    verdict();
    why();
    probe();
    faults();
    could_not_see();
    to_do();
    more();
    return page_;
  }

 private:
  static constexpr std::size_t kIndent = 4;

  // What a section leaves out is counted in its heading: a line of its own would leave out more.
  void heading(std::string_view title, std::size_t hidden = 0) {
    page_.blank();
    page_.put("  " + render::coloured(style_, kHeading, title) + "  ",
              hidden > 0 ? fmt::format("({} more with --json)", hidden) : std::string());
  }

  void verdict() {
    const Verdict& verdict = report_.diagnosis->verdict;
    const int exit_code = report_.diagnosis->exit_code;
    const render::Sign sign = render::sign_of(exit_code);
    const std::string head =
        fmt::format("{} {}", style_.ascii ? sign.ascii : sign.symbol, render::words(verdict.state));
    page_.put(render::coloured(style_, sgr_of(exit_code), head) + "   ",
              outside(verdict.summary, 300));
    page_.put(std::string(render::display_width(head) + 3, ' '), render::standing_words(verdict));
  }

  void why() {
    render::WhyRows why = render::why_rows(report_, detail_.evidence);
    heading("Why", why.hidden);
    if (why.rows.empty()) {
      page_.put(std::string(kIndent, ' '), "nothing in the input speaks for or against it");
      return;
    }
    std::size_t label_width = 0;
    for (render::WhyRow& row : why.rows) {
      row.source = "[" + row.source + "]";
      label_width = std::max(label_width, render::display_width(row.label) + 2);
    }
    // Sources stand in the column that most rows fit, behind the value in the others.
    const std::size_t room = page_.width() - kIndent - label_width;
    const auto aligned = [&](const render::WhyRow& row, std::size_t column) {
      return render::display_width(row.value) + 2 <= column &&
             column + render::display_width(row.source) <= room;
    };
    std::size_t column = 0;
    std::ptrdiff_t most = 0;
    for (const render::WhyRow& row : why.rows) {
      const std::size_t candidate = render::display_width(row.value) + 2;
      const auto fits =
          std::count_if(why.rows.begin(), why.rows.end(),
                        [&](const render::WhyRow& r) { return aligned(r, candidate); });
      if (fits > most || (fits == most && candidate < column)) column = candidate, most = fits;
    }
    for (const render::WhyRow& row : why.rows) {
      page_.field(
          kIndent, row.label, label_width,
          (aligned(row, column) ? render::pad(row.value, column) : row.value + "  ") + row.source);
    }
  }

  // Each step of the proof, page by page.
  void probe() {
    const std::vector<std::string> lines = render::probe_lines(*report_.facts);
    if (lines.empty()) return;
    heading("Probe");
    for (const std::string& line : lines) page_.put(std::string(kIndent, ' '), line);
  }

  void faults() {
    const Facts& facts = *report_.facts;
    const std::vector<std::size_t> order = render::fault_order(report_);
    const std::uint64_t all = render::total(facts.faults);
    heading(all == 0 ? std::string("Faults: none of Xen's in the input")
            : facts.faults.size() == 1
                ? fmt::format("Fault ({})", all == 1 ? "1 event" : fmt::format("{} events", all))
                : fmt::format("Faults ({} events in {} groups)", all, facts.faults.size()));
    std::size_t shown = 0;
    std::uint64_t shown_events = 0;
    std::vector<std::string> other_causes;
    for (const std::size_t i : order) {
      if (shown >= detail_.full_faults + detail_.brief_faults) {
        add_once(&other_causes, report_.diagnosis->faults[i].cause.id);
        continue;
      }
      fault(facts.faults[i], report_.diagnosis->faults[i], shown < detail_.full_faults);
      shown_events += facts.faults[i].count;
      ++shown;
    }
    if (shown < facts.faults.size()) {
      page_.put(std::string(kIndent, ' '),
                fmt::format("and {} in {} ({}): --json", counted(all - shown_events, "event"),
                            counted(facts.faults.size() - shown, "more group"),
                            fmt::join(other_causes, ", ")));
    }
    foreign();
    events();
    loose_errors();
  }

  void fault(const FaultGroup& group, const FaultFinding& finding, bool full) {
    constexpr std::size_t kSub = 6;
    constexpr std::size_t kLabel = 10;
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
    const std::string cause =
        render::cause_words(finding.cause, report_.knowledge, detail_.cause_summaries);
    if (!cause.empty()) page_.field(kSub, "cause", kLabel, cause);
    if (finding.signature && !finding.accuses && !finding.why_not.empty()) {
      page_.field(kSub, "unproven", kLabel, outside(finding.why_not, 200));
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

  // Up to four distinct ids.
  static void add_once(std::vector<std::string>* ids, const std::string& id) {
    if (!id.empty() && ids->size() < 4 && std::find(ids->begin(), ids->end(), id) == ids->end()) {
      ids->push_back(id);
    }
  }

  // What Xen or dom0 said that is no fault, by cause: one line each, at most two.
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
      page_.put(std::string(kIndent, ' '),
                fmt::format("{} said: {}; {} {}", speaker(facts.events[i]),
                            outside(facts.events[i].message, 120), id, title(id)));
    }
    if (others > 0) {
      page_.put(std::string(kIndent, ' '),
                fmt::format("and {} that are no faults: --json", counted(others, "more event")));
    }
  }

  static std::string_view speaker(const HypervisorEvent& event) {
    const bool dom0 = event.kind == HypervisorEvent::Kind::swiotlb ||
                      event.kind == HypervisorEvent::Kind::self_grant;
    return dom0 ? "dom0" : "Xen";
  }

  // dom0 driver errors that no fault explains and no event tells already.
  void loose_errors() {
    const std::vector<Dom0Error>& errors = report_.facts->dom0_errors;
    const Dom0Error* first = nullptr;
    std::size_t loose = 0;
    for (const Dom0Error& error : errors) {
      if (error.near_fault || told_by_an_event(error)) continue;
      if (first == nullptr) first = &error;
      ++loose;
    }
    if (first == nullptr) return;
    std::string text = "dom0 without a fault beside it: " + render::dom0_error_words(*first);
    if (loose > 1) text += fmt::format("; and {}", counted(loose - 1, "more error"));
    page_.put(std::string(kIndent, ' '), text);
  }

  [[nodiscard]] bool told_by_an_event(const Dom0Error& error) const {
    const std::vector<HypervisorEvent>& events = report_.facts->events;
    return std::any_of(events.begin(), events.end(), [&](const HypervisorEvent& event) {
      return event.message.ends_with(error.message);
    });
  }

  void could_not_see() {
    const std::vector<Limit>& limits = report_.diagnosis->limits;
    if (limits.empty()) return;
    const std::string mark = std::string(kIndent, ' ') + render::coloured(style_, kWarn, "!") + " ";
    const std::size_t shown = std::min(limits.size(), detail_.limits);
    heading("Could not see", limits.size() - shown);
    for (std::size_t i = 0; i < shown; ++i) {
      std::string text = outside(limits[i].what, 200);
      if (detail_.limit_details && !limits[i].detail.empty()) {
        text += ": " + outside(limits[i].detail, 200);
      }
      page_.put(mark, text);
    }
  }

  void to_do() {
    const std::vector<Action>& actions = report_.diagnosis->actions;
    if (actions.empty()) return;
    const std::size_t shown = std::min(actions.size(), detail_.actions);
    heading("Do", actions.size() - shown);
    for (std::size_t i = 0; i < shown; ++i) {
      page_.put(fmt::format("{:>{}}. ", i + 1, kIndent + 1), outside(actions[i].text, 400));
    }
  }

  // The ids that `explain` knows: the verdict's, and those of the faults shown.
  void more() {
    const Verdict& verdict = report_.diagnosis->verdict;
    std::vector<std::string> ids;
    if (verdict.state != VerdictState::not_affected || report_.diagnosis->faults.empty()) {
      add_once(&ids, verdict.id);
    }
    for (const std::size_t i : render::fault_order(report_))
      add_once(&ids, report_.diagnosis->faults[i].cause.id);
    for (const CauseFinding& cause : report_.diagnosis->events) add_once(&ids, cause.id);
    if (ids.empty()) ids.push_back(verdict.id);
    page_.blank();
    std::string text = "xen-iommu-check explain " + ids.front();
    if (ids.size() > 1) {
      text += fmt::format(" (or {})", fmt::join(ids.begin() + 1, ids.end(), ", "));
    }
    page_.put("  More: ", text);
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
