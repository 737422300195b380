// The trace events that the flight recorder has dom0's kernel record: what defines them and what
// reads them must agree.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/grant/map_call_site.h"

namespace xic {

/// How the records of one event are recognised: its name, and the function it stands in.
struct TraceEventKind {
  std::string_view name;
  std::string_view symbol;
};

/// set_foreign_p2m_mapping(map_ops, kmap_ops, pages, count): Xen has mapped a batch.
inline constexpr TraceEventKind kTraceMap{"map", "set_foreign_p2m_mapping"};
/// Within it, one operation of the batch.
inline constexpr TraceEventKind kTraceOperation{"op", "set_foreign_p2m_mapping"};
/// gnttab_unmap_refs(unmap_ops, kunmap_ops, pages, count): about to be unmapped.
inline constexpr TraceEventKind kTraceUnmap{"unmap", "gnttab_unmap_refs"};
/// clear_foreign_p2m_mapping(unmap_ops, kunmap_ops, pages, count): within it, one page is gone.
inline constexpr TraceEventKind kTraceGone{"gone", "clear_foreign_p2m_mapping"};
/// __set_phys_to_machine_multi(pfn, mfn, pages): one page of either; mfn ~0: it is gone.
/// (linux: arch/arm/xen/p2m.c, drivers/xen/grant-table.c; the same from 5.10 to 6.12.)
inline constexpr TraceEventKind kTracePage{"page", "__set_phys_to_machine_multi"};
inline constexpr std::array<TraceEventKind, 5> kTraceKinds{kTraceMap, kTraceOperation, kTraceUnmap,
                                                           kTraceGone, kTracePage};

/// Where the kernel calls kTracePage's function, for one page each.
struct TraceSites {
  MapCallSite map;                 ///< In kTraceOperation's function.
  std::uint32_t clear_offset = 0;  ///< In kTraceGone's, from its begin, in bytes.
};

/// One kprobe event, as the kernel is told of it.
struct TraceEventDefinition {
  std::string name;
  std::string place;      ///< Symbol, or symbol+offset.
  std::string arguments;  ///< What is fetched. On arm64 x0 .. x3 hold a function's arguments.
};

/// The events to define. With `sites`, domain and reference are read of every operation, from
/// memory that the kernel has read through the same register just before; and each stands at a
/// branch, which costs the kernel one exception and not two. Without, of the first
/// of a batch only: an array of all would need a length that kprobe events cannot take from a
/// register, and reading past the end may reach a page that dom0 has given back to Xen. The kernel
/// has no fixup for the abort that Xen answers with, and dies of it (seen with Linux 6.12; facts:
/// arch/arm64/mm/fault.c, fault_info[0] = do_bad).
[[nodiscard]] std::vector<TraceEventDefinition> trace_events(
    const std::optional<TraceSites>& sites);

inline constexpr std::string_view kTraceGroup = "xen_iommu";
/// What the recorder writes into its own ring as its first record.
inline constexpr std::string_view kTraceStartMark = "xen_iommu recorder started";

}  // namespace xic
