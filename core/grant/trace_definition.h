// The trace events that the flight recorder has dom0's kernel record: what defines them and what
// reads them must agree.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace xic {

/// One kprobe event. On arm64 x0 .. x3 hold the arguments of
///   set_foreign_p2m_mapping(map_ops, kmap_ops, pages, count)      called when the maps are done
///   gnttab_unmap_refs(unmap_ops, kunmap_ops, pages, count)
///   clear_foreign_p2m_mapping(unmap_ops, kunmap_ops, pages, count) called when the unmaps are done
/// (linux: arch/arm/xen/p2m.c, drivers/xen/grant-table.c; the same from 5.10 to 6.12).
struct TraceEventDefinition {
  std::string_view name;
  std::string_view symbol;
  std::string_view arguments;
  std::string_view
      filter;  ///< Of what was fetched; "" for none. Keeps small batches' records small.
};

inline constexpr std::string_view kTraceGroup = "xen_iommu";

/// What the recorder writes into its own ring as its first record.
inline constexpr std::string_view kTraceStartMark = "xen_iommu recorder started";

inline constexpr std::array<TraceEventDefinition, 7> kTraceEvents{{
    {"map1", "set_foreign_p2m_mapping", "n=%x3:u32 o0=+0(%x0):x64[4]", "n == 1"},
    {"map8", "set_foreign_p2m_mapping", "n=%x3:u32 o0=+0(%x0):x64[32]", "n > 1 && n <= 8"},
    {"map64", "set_foreign_p2m_mapping",
     "n=%x3:u32 o0=+0(%x0):x64[64] o1=+512(%x0):x64[64] o2=+1024(%x0):x64[64] "
     "o3=+1536(%x0):x64[64]",
     "n > 8"},
    {"unmap1", "gnttab_unmap_refs", "n=%x3:u32 b=%x0:x64 o0=+0(%x0):x64[3]", "n == 1"},
    {"unmap8", "gnttab_unmap_refs", "n=%x3:u32 b=%x0:x64 o0=+0(%x0):x64[24]", "n > 1 && n <= 8"},
    {"unmap64", "gnttab_unmap_refs",
     "n=%x3:u32 b=%x0:x64 o0=+0(%x0):x64[64] o1=+512(%x0):x64[64] o2=+1024(%x0):x64[64]", "n > 8"},
    {"unmapped", "clear_foreign_p2m_mapping", "n=%x3:u32 b=%x0:x64", ""},
}};

}  // namespace xic
