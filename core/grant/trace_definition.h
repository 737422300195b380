// The trace events that the flight recorder has dom0's kernel record: what defines them and what
// reads them must agree.
#pragma once

#include <array>
#include <string_view>

namespace xic {

/// One kprobe event. On arm64 x0 .. x3 hold the arguments of
///   set_foreign_p2m_mapping(map_ops, kmap_ops, pages, count)   called when the maps are done
///   gnttab_unmap_refs(unmap_ops, kunmap_ops, pages, count)
///   __set_phys_to_machine_multi(pfn, mfn, pages)               per page of either, mfn ~0 =
///   unmapped
/// (linux: arch/arm/xen/p2m.c, drivers/xen/grant-table.c; the same from 5.10 to 6.12).
///
/// Only the first operation of a batch is fetched. An array of all would need a length that kprobe
/// events cannot take from a register, and reading past the end may reach a page that dom0 has
/// given back to Xen: the kernel has no fixup for the abort that Xen answers with, and dies of it
/// (seen with Linux 6.12; facts: arch/arm64/mm/fault.c, fault_info[0] = do_bad). A filter does not
/// help: it is asked after the fetch.
struct TraceEventDefinition {
  std::string_view name;
  std::string_view symbol;
  std::string_view arguments;
};

inline constexpr std::string_view kTraceGroup = "xen_iommu";
/// What the recorder writes into its own ring as its first record.
inline constexpr std::string_view kTraceStartMark = "xen_iommu recorder started";

inline constexpr TraceEventDefinition kTraceMap{"map", "set_foreign_p2m_mapping",
                                                "n=%x3:u32 o=+0(%x0):x64[4]"};
inline constexpr TraceEventDefinition kTraceUnmap{"unmap", "gnttab_unmap_refs", "n=%x3:u32"};
inline constexpr TraceEventDefinition kTracePage{"page", "__set_phys_to_machine_multi",
                                                 "pfn=%x0:x64 mfn=%x1:x64 nr=%x2:u64"};
inline constexpr std::array<TraceEventDefinition, 3> kTraceEvents{kTraceMap, kTraceUnmap,
                                                                  kTracePage};

}  // namespace xic
