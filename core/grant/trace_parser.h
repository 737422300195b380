// The flight recorder's text -> what dom0's kernel mapped and unmapped, when, for whom.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/types.h"

namespace xic {

/// One record. Views are valid during the call that delivers it.
struct GrantTraceEvent {
  enum class Kind : std::uint8_t {
    started,  ///< Recording began.
    maps,     ///< A batch of grants was mapped by Xen; `set` records of its pages follow.
    set,      ///< One page of such a batch, or of none: then `whole`.
    unmaps,   ///< A batch is about to be unmapped: gnttab_unmap_refs() is entered.
    cleared,  ///< One page of it: it is gone.
  } kind = Kind::started;
  std::uint64_t time_ns = 0;  ///< On the recorder's clock.
  std::uint32_t count = 0;    ///< maps, unmaps: grants in the batch.
  std::uint64_t pfn = 0;      ///< set, cleared: where dom0 has it; maps: of its first grant.
  Frame frame;                ///< set; maps: of its first grant.
  bool whole = false;         ///< set: domain, ref and read_only are known of this page.
  DomId domain;               ///< maps: whose page the first grant's is.
  GrantRef ref;               ///< maps: of the first grant.
  bool read_only = false;     ///< maps: of the first grant (GNTMAP_readonly).
  bool failed = false;        ///< maps: Xen refused the first grant.
  std::string_view task;      ///< At most 15 characters, any bytes: set by programs.
  std::uint32_t pid = 0;
  std::uint32_t cpu = 0;
  bool in_softirq = false;  ///< Not the task's own doing: it was interrupted.
};

class GrantTraceSink {
 public:
  virtual ~GrantTraceSink() = default;
  virtual void on_grant_trace(const GrantTraceEvent& event) = 0;
};

/// What the text says of its own completeness.
struct GrantTraceQuality {
  std::uint64_t records = 0;      ///< Lines that were understood.
  std::uint64_t damaged = 0;      ///< Lines of ours that were not.
  std::uint64_t overwritten = 0;  ///< Records that the ring has dropped (its header).
};

/// Reads the text of a tracefs `trace` file with the events that core/grant/trace_definition.h
/// defines. Hostile input: task names hold any bytes, and lines of other forms are skipped.
/// Layout: struct gnttab_map_grant_ref of Xen's public/grant_table.h, as 64-bit little-endian
/// words.
[[nodiscard]] GrantTraceQuality read_grant_trace(std::string_view text, GrantTraceSink* sink);

}  // namespace xic
