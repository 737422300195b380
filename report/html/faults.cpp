// A card for each fault: what the device did, to whose page, what its registers say, why.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "report/describe.h"
#include "report/html/parts.h"
#include "report/layout.h"
#include "report/names.h"

namespace xic::html {
namespace {

// A term and what is said about it; nothing where nothing is.
void field(Writer* page, std::string_view term, std::string_view words) {
  if (words.empty()) return;
  page->element("dt", term);
  page->element("dd", words);
}

std::string standing(const FaultFinding& finding) {
  if (finding.accuses) return "exactly attributed";
  if (finding.signature) return "looks like XIC-1001";
  return "another cause";
}

void write_registers(const FaultGroup& fault, Writer* page) {
  const std::vector<std::string> lines = describe_registers(fault.kind, fault.registers);
  if (lines.empty()) return;
  const auto list = page->in("ul", {{"class", "registers"}});
  for (const std::string& line : lines) {
    const auto item = page->in("li");
    const std::size_t colon = line.find(": ");
    page->element("code", line.substr(0, colon));
    if (colon != std::string::npos) page->text(line.substr(colon + 1));
  }
}

void write_raw(const std::vector<std::string>& lines, Writer* page) {
  if (lines.empty()) return;
  const auto block = page->in("pre");
  for (const std::string& line : lines) {
    page->text(render::raw_line(line));
    page->text_line_end();
  }
}

void write_card(const View& view, std::size_t index, std::size_t rank, Writer* page) {
  const FaultGroup& fault = view.facts().faults[index];
  const FaultFinding& finding = view.diagnosis().faults[index];
  const std::string id = view.link(index).substr(1);
  const auto card = page->in("article", {{"class", finding.accuses     ? "card proof"
                                                   : finding.signature ? "card sign"
                                                                       : "card"},
                                         {"id", id},
                                         {"aria-labelledby", id + "-title"}});
  {
    const auto heading = page->in("h3", {{"id", id + "-title"}});
    page->element("span", {{"class", "rank"}}, fmt::format("{}", rank));
    page->text(render::fault_words(fault));
  }
  page->element("span", {{"class", "chip"}}, standing(finding));
  {
    const auto list = page->in("dl");
    field(page, "at", render::fault_place(fault));
    field(page, "owner", render::owner_words(fault, finding));
    if (fault.dom0_error && *fault.dom0_error < view.facts().dom0_errors.size()) {
      field(page, "effect", render::dom0_error_words(view.facts().dom0_errors[*fault.dom0_error]));
    }
    field(page, "cause", render::cause_words(finding.cause, view.report().knowledge));
    if (finding.signature && !finding.accuses) {
      field(page, "unproven", render::outside(finding.why_not, 200));
    }
    field(page, finding.authentic ? "authentic" : "author uncertain",
          render::outside(finding.authentic_why, 200));
  }
  write_registers(fault, page);
  write_raw(fault.raw, page);
}

void write_rest(const View& view, Writer* page) {
  if (view.order().size() <= View::kMaxCards) return;
  const auto details = page->in("details");
  page->element("summary",
                fmt::format("{} with fewer events, one line each",
                            render::counted(view.order().size() - View::kMaxCards, "more group")));
  const auto table = page->in("table");
  write_table_head({"fault", "events", "cause"}, page);
  const auto body = page->in("tbody");
  for (std::size_t i = View::kMaxCards; i < view.order().size(); ++i) {
    const std::size_t index = view.order()[i];
    const auto row = page->in("tr");
    page->element("td", render::fault_words(view.facts().faults[index]));
    page->element("td", fmt::format("{}", view.facts().faults[index].count));
    page->element("td", view.diagnosis().faults[index].cause.id);
  }
}

}  // namespace

void write_faults(const View& view, Writer* page) {
  const auto section = page->in("section", {{"aria-labelledby", "faults-title"}});
  const std::uint64_t events = render::total(view.facts().faults);
  page->element("h2", {{"id", "faults-title"}},
                events == 0 ? std::string("Faults")
                            : fmt::format("Faults ({} in {})", render::counted(events, "event"),
                                          render::counted(view.facts().faults.size(), "group")));
  if (events == 0) page->element("p", {{"class", "quiet"}}, "None of Xen's in the input.");
  for (std::size_t i = 0; i < std::min(view.order().size(), View::kMaxCards); ++i) {
    write_card(view, view.order()[i], i + 1, page);
  }
  write_rest(view, page);
}

}  // namespace xic::html
