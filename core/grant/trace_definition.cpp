#include "core/grant/trace_definition.h"

#include <utility>

namespace xic {
namespace {

/// Fields of struct gnttab_map_grant_ref at the register of `site` (public/grant_table.h).
std::string operation_arguments(const MapCallSite& site) {
  const std::string at = "(%x" + std::to_string(site.operation) + ")";
  return "pfn=%x0:x64 mfn=%x1:x64 flags=+8" + at + ":x32 ref=+12" + at + ":x32 dom=+16" + at +
         ":u16";
}

}  // namespace

std::vector<TraceEventDefinition> trace_events(const std::optional<TraceSites>& sites) {
  const auto event = [](TraceEventKind kind, std::optional<std::uint32_t> offset,
                        std::string arguments) {
    std::string place(kind.symbol);
    if (offset) place += '+' + std::to_string(*offset);
    return TraceEventDefinition{std::string(kind.name), std::move(place), std::move(arguments)};
  };
  constexpr const char* kPage = "pfn=%x0:x64 mfn=%x1:x64 nr=%x2:u64";
  constexpr const char* kCount = "n=%x3:u32";
  if (!sites) {
    return {event(kTraceMap, std::nullopt, "n=%x3:u32 o=+0(%x0):x64[4]"),
            event(kTraceUnmap, std::nullopt, kCount), event(kTracePage, std::nullopt, kPage)};
  }
  return {event(kTraceOperation, sites->map.offset, operation_arguments(sites->map)),
          event(kTraceUnmap, std::nullopt, kCount), event(kTraceGone, sites->clear_offset, kPage)};
}

}  // namespace xic
