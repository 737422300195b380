// The parts of the page that are lists: verdict, why, what to do, messages, limits, inputs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>

#include "report/describe.h"
#include "report/html/parts.h"
#include "report/layout.h"
#include "report/names.h"

namespace xic::html {
namespace {

constexpr std::size_t kMaxRows = 60;  // Of each table.

std::string_view tone(int exit_code) {
  switch (exit_code) {
    case 0:
      return "verdict good";
    case 1:
      return "verdict warn";
    case 2:
      return "verdict bad";
    default:
      return "verdict open";
  }
}

void write_more(std::size_t rows, std::size_t columns, Writer* page) {
  if (rows <= kMaxRows) return;
  const auto row = page->in("tr");
  page->element("td", {{"colspan", fmt::format("{}", columns)}},
                fmt::format("and {} more (--json)", rows - kMaxRows));
}

void write_foreign(const View& view, Writer* page) {
  const std::vector<FaultGroup>& faults = view.facts().foreign_faults;
  if (faults.empty()) return;
  page->element("h3", "Faults of Linux's own IOMMU driver, not Xen's");
  const auto table = page->in("table");
  write_table_head({"fault", "seen", "cause"}, page);
  const auto body = page->in("tbody");
  for (std::size_t i = 0; i < std::min(faults.size(), kMaxRows); ++i) {
    const auto row = page->in("tr");
    page->element("td", render::fault_words(faults[i]));
    page->element("td", render::fault_place(faults[i]));
    page->element("td", i < view.diagnosis().foreign.size() ? view.diagnosis().foreign[i].id : "");
  }
  write_more(faults.size(), 3, page);
}

void write_errors(const View& view, Writer* page) {
  const std::vector<Dom0Error>& errors = view.facts().dom0_errors;
  if (errors.empty()) return;
  page->element("h3", "Errors of dom0's drivers");
  const auto table = page->in("table");
  write_table_head({"message", "beside a fault"}, page);
  const auto body = page->in("tbody");
  for (std::size_t i = 0; i < std::min(errors.size(), kMaxRows); ++i) {
    const auto row = page->in("tr");
    page->element("td", render::dom0_error_words(errors[i]));
    page->element("td", errors[i].near_fault ? "yes" : "no");
  }
  write_more(errors.size(), 2, page);
}

void write_events(const View& view, Writer* page) {
  const std::vector<HypervisorEvent>& events = view.facts().events;
  if (events.empty()) return;
  page->element("h3", "What else was said about the IOMMU");
  const auto table = page->in("table");
  write_table_head({"message", "time", "cause"}, page);
  const auto body = page->in("tbody");
  for (std::size_t i = 0; i < std::min(events.size(), kMaxRows); ++i) {
    const auto row = page->in("tr");
    std::string message = render::outside(events[i].message, 200);
    if (events[i].count > 1) message += fmt::format(" ({} times)", events[i].count);
    page->element("td", message);
    page->element("td", render::time_words(events[i].time));
    const std::string id =
        i < view.diagnosis().events.size() ? view.diagnosis().events[i].id : std::string();
    page->element("td", id.empty() ? id : fmt::format("{} {}", id, view.cause_title(id)));
  }
  write_more(events.size(), 3, page);
}

// "yes", "no", "not known".
std::string_view answer(const std::optional<bool>& value) {
  return !value ? "not known" : *value ? "yes" : "no";
}

void write_hypervisor(const View& view, Writer* page) {
  const Hypervisor& h = view.facts().hypervisor;
  const auto list = page->in("dl");
  const auto field = [&](std::string_view term, const std::string& words) {
    if (words.empty()) return;
    page->element("dt", term);
    page->element("dd", words);
  };
  field("Xen", h.version ? fmt::format("{} [{}]", render::outside(h.version->value.text()),
                                       render::outside(h.version->source))
                         : "version not known");
  field("commit", render::outside(render::changeset(h).value_or("not known")));
  if (h.distribution) field("package", render::outside(h.distribution->value));
  field("IOMMU in use",
        fmt::format(
            "{}{}", answer(h.iommu_enabled()),
            h.iommu_kinds.empty() ? "" : fmt::format(" ({})", fmt::join(h.iommu_kinds, ", "))));
  field("dom0 direct-mapped", std::string(answer(h.direct_mapped())));
  if (view.facts().dom0_kernel) field("dom0's kernel", render::outside(*view.facts().dom0_kernel));
}

}  // namespace

View::View(const Report& report) : report_(report), order_(render::fault_order(report)) {}

std::string View::link(std::size_t index) const {
  const auto shown =
      order_.begin() + static_cast<std::ptrdiff_t>(std::min(order_.size(), kMaxCards));
  const auto found = std::find(order_.begin(), shown, index);
  return found == shown ? std::string() : fmt::format("#fault-{}", found - order_.begin() + 1);
}

std::string View::cause_title(std::string_view id) const {
  const Entry* entry = report_.knowledge != nullptr ? report_.knowledge->cause(id) : nullptr;
  return entry != nullptr ? std::string(entry->title) : std::string();
}

void write_table_head(std::initializer_list<std::string_view> head, Writer* page) {
  const auto group = page->in("thead");
  const auto row = page->in("tr");
  for (const std::string_view title : head) page->element("th", {{"scope", "col"}}, title);
}

void write_verdict(const View& view, Writer* page) {
  const Verdict& verdict = view.diagnosis().verdict;
  const auto section =
      page->in("section", {{"class", std::string(tone(view.diagnosis().exit_code))},
                           {"aria-labelledby", "verdict-title"}});
  page->element("span", {{"class", "sign"}, {"aria-hidden", "true"}},
                render::sign_of(view.diagnosis().exit_code).symbol);
  const auto words = page->in("div");
  page->element("h1", {{"id", "verdict-title"}}, render::words(verdict.state));
  page->element("p", {{"class", "summary"}}, render::outside(verdict.summary, 300));
  page->element("p", {{"class", "quiet"}}, render::standing_words(verdict));
}

void write_why(const View& view, Writer* page) {
  const auto section = page->in("section", {{"aria-labelledby", "why-title"}});
  page->element("h2", {{"id", "why-title"}}, "Why");
  const std::vector<Evidence>& evidence = view.diagnosis().evidence;
  if (evidence.empty()) {
    page->element("p", {{"class", "quiet"}}, "Nothing in the input speaks for or against it.");
    return;
  }
  const auto list = page->in("ul", {{"class", "evidence"}});
  for (std::size_t i = 0; i < std::min(evidence.size(), kMaxRows); ++i) {
    const Evidence& e = evidence[i];
    const auto item = page->in("li");
    page->element("span", {{"class", "kind"}}, render::spaced(e.kind));
    page->text(" " + render::outside(e.value, 200) + " ");
    if (e.supports != "context") {
      page->element("span", {{"class", "chip"}}, render::spaced(e.supports));
      page->text(" ");
    }
    page->element("span", {{"class", "source"}}, render::outside(e.source, 80));
  }
  if (evidence.size() > kMaxRows) {
    page->element("li", fmt::format("and {} more (--json)", evidence.size() - kMaxRows));
  }
}

void write_actions(const View& view, Writer* page) {
  const std::vector<Action>& actions = view.diagnosis().actions;
  if (actions.empty()) return;
  const auto section = page->in("section", {{"aria-labelledby", "do-title"}});
  page->element("h2", {{"id", "do-title"}}, "What to do");
  const auto list = page->in("ol", {{"class", "actions"}});
  for (const Action& action : actions) page->element("li", render::outside(action.text, 400));
}

void write_messages(const View& view, Writer* page) {
  const Facts& facts = view.facts();
  if (facts.foreign_faults.empty() && facts.dom0_errors.empty() && facts.events.empty()) return;
  const auto section = page->in("section", {{"aria-labelledby", "messages-title"}});
  page->element("h2", {{"id", "messages-title"}}, "Beside the faults");
  write_foreign(view, page);
  write_errors(view, page);
  write_events(view, page);
}

void write_limits(const View& view, Writer* page) {
  const std::vector<Limit>& limits = view.diagnosis().limits;
  if (limits.empty()) return;
  const auto section = page->in("section", {{"aria-labelledby", "limits-title"}});
  page->element("h2", {{"id", "limits-title"}}, "What could not be seen");
  const auto list = page->in("ul", {{"class", "limits"}});
  for (std::size_t i = 0; i < std::min(limits.size(), kMaxRows); ++i) {
    const auto item = page->in("li");
    page->element("b", render::outside(limits[i].what, 200));
    if (!limits[i].detail.empty()) page->text(" " + render::outside(limits[i].detail, 300));
  }
  if (limits.size() > kMaxRows) {
    page->element("li", fmt::format("and {} more (--json)", limits.size() - kMaxRows));
  }
}

void write_inputs(const View& view, Writer* page) {
  const auto section = page->in("section", {{"aria-labelledby", "inputs-title"}});
  page->element("h2", {{"id", "inputs-title"}}, "What was read");
  write_hypervisor(view, page);
  const std::vector<InputSource>& sources = view.facts().sources;
  if (sources.empty()) return;
  const auto table = page->in("table");
  write_table_head({"source", "recognised as", "bytes"}, page);
  const auto body = page->in("tbody");
  for (std::size_t i = 0; i < std::min(sources.size(), kMaxRows); ++i) {
    const auto row = page->in("tr");
    page->element("td", render::outside(sources[i].name, 100));
    page->element("td", render::outside(sources[i].recognised_as));
    page->element("td", {{"class", "hex"}}, fmt::format("{}", sources[i].bytes));
  }
  write_more(sources.size(), 3, page);
}

}  // namespace xic::html
