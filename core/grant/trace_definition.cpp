#include "core/grant/trace_definition.h"

namespace xic {
namespace {

/// Fields of struct gnttab_map_grant_ref at the register of `site` (public/grant_table.h).
std::string operation_arguments(const MapCallSite& site) {
  const std::string at = "(%x" + std::to_string(site.operation) + ")";
  return "pfn=%x0:x64 mfn=%x1:x64 flags=+8" + at + ":x32 ref=+12" + at + ":x32 dom=+16" + at +
         ":u16";
}

}  // namespace

std::vector<TraceEventDefinition> trace_events(const std::optional<MapCallSite>& site) {
  const auto place = [](TraceEventKind kind) { return std::string(kind.symbol); };
  const auto name = [](TraceEventKind kind) { return std::string(kind.name); };
  std::vector<TraceEventDefinition> events;
  if (site) {
    events.push_back({name(kTraceOperation),
                      place(kTraceOperation) + '+' + std::to_string(site->offset),
                      operation_arguments(*site), ""});
  } else {
    events.push_back({name(kTraceMap), place(kTraceMap), "n=%x3:u32 o=+0(%x0):x64[4]", ""});
  }
  events.push_back({name(kTraceUnmap), place(kTraceUnmap), "n=%x3:u32", ""});
  // The mapped ones are known from their operations.
  events.push_back({name(kTracePage), place(kTracePage), "pfn=%x0:x64 mfn=%x1:x64 nr=%x2:u64",
                    site ? "mfn==0xffffffffffffffff" : ""});
  return events;
}

}  // namespace xic
