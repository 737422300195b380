// The report as one page: a file of its own, without scripts, without anything to load.
#include <fmt/format.h>

#include <string>

#include "report/describe.h"
#include "report/html/markup.h"
#include "report/html/parts.h"
#include "report/names.h"
#include "report/report.h"

namespace xic {
namespace {

using html::View;
using html::Writer;

// Nothing may run and nothing may be loaded, whatever the data say.
constexpr std::string_view kPolicy =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

void write_head(const Report& report, Writer* page) {
  const auto head = page->in("head");
  page->leaf("meta", {{"charset", "utf-8"}});
  page->leaf("meta",
             {{"http-equiv", "Content-Security-Policy"}, {"content", std::string(kPolicy)}});
  page->leaf("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  page->leaf("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  page->leaf("meta", {{"name", "referrer"}, {"content", "no-referrer"}});
  page->leaf("meta",
             {{"name", "generator"}, {"content", "xen-iommu-check " + report.tool_version}});
  const auto& version = report.facts->hypervisor.version;
  page->element("title",
                fmt::format("{}: {} IOMMU report", render::words(report.diagnosis->verdict.state),
                            version ? "Xen " + version->value.text() : "Xen"));
  page->style(html::style_sheet());
}

void write_footer(const Report& report, Writer* page) {
  const auto footer = page->in("footer");
  page->text(fmt::format("xen-iommu-check {}, knowledge of {}, {}. More: ", report.tool_version,
                         report.knowledge_date, render::rfc3339(report.generated_at)));
  page->element("code", "xen-iommu-check explain " + report.diagnosis->verdict.id);
}

}  // namespace

std::string render_html(const Report& report) {
  const View view(report);
  Writer page;
  {
    const auto root = page.in("html", {{"lang", "en"}});
    write_head(report, &page);
    const auto body = page.in("body");
    const auto main = page.in("main");
    html::write_verdict(view, &page);
    {
      const auto columns = page.in("div", {{"class", "columns"}});
      html::write_why(view, &page);
      html::write_actions(view, &page);
    }
    html::write_memory_map(view, &page);
    html::write_time_line(view, &page);
    html::write_faults(view, &page);
    html::write_messages(view, &page);
    html::write_limits(view, &page);
    html::write_inputs(view, &page);
    write_footer(report, &page);
  }
  return page.take();
}

}  // namespace xic
