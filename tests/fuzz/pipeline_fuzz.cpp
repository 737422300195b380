// Any bytes, in two portions, through the whole core and every output format.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/diagnosis/diagnosis.h"
#include "core/observer.h"
#include "report/report.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = text.empty() ? 0 : data[0] % (text.size() + 1);
  xic::Observer observer;
  observer.begin_input({.name = "fuzz", .recognised_as = "", .repair_pastes = data[0] % 2 == 0});
  observer.feed(text.substr(0, cut));
  observer.feed(text.substr(cut));
  observer.end_input();
  const xic::Facts facts = observer.snapshot();
  const xic::Diagnosis diagnosis = xic::diagnose(facts, xic::built_in_knowledge());
  const xic::Report report{.tool_version = "0",
                           .knowledge_date = "",
                           .generated_at = 0,
                           .facts = &facts,
                           .diagnosis = &diagnosis,
                           .knowledge = &xic::built_in_knowledge()};
  (void)xic::render_text(report, {});
  (void)xic::render_json(report);
  (void)xic::render_prometheus(report);
  (void)xic::render_nagios(report);
  (void)xic::render_grants_text(report, {});
  (void)xic::render_explained_faults(report, {});
  return 0;
}
