// The flight recorder's text -> what was mapped and unmapped, when, by whom.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/types.h"

namespace xic {

/// One operation of dom0's kernel on one grant. Views are valid during the call that delivers it.
struct GrantTraceEvent {
  enum class Kind : std::uint8_t {
    started,       ///< Recording began.
    mapped,        ///< Xen has mapped it; the record is made right after the hypercall.
    unmap_begins,  ///< gnttab_unmap_refs() is entered: the mapping may go from here on.
    unmap_ended,   ///< The hypercall of the batch has come back: it is gone. Names no single grant.
  } kind = Kind::mapped;
  std::uint64_t time_ns = 0;  ///< On the recorder's clock.
  DomId domain;               ///< mapped: whose page it is.
  GrantRef ref;               ///< mapped.
  Frame frame;                ///< mapped.
  bool read_only = false;     ///< mapped: GNTMAP_readonly.
  std::uint32_t handle = 0;   ///< mapped, unmap_begins: Xen's number of this mapping.
  std::uint64_t batch = 0;    ///< unmap_begins, unmap_ended: pairs the two within one task.
  std::string_view task;      ///< Of the task, at most 15 characters, any bytes: set by programs.
  std::uint32_t pid = 0;
  std::uint32_t cpu = 0;
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
  std::uint64_t unseen = 0;       ///< Operations of batches larger than a record holds.
  std::uint64_t overwritten = 0;  ///< Records that the ring has dropped (its header).
};

/// Operations that one record holds (the kernel's bound on a record's size).
inline constexpr std::uint32_t kTracedOperations = 64;

/// Reads the text of a tracefs `trace` file with the events that core/grant/trace_definition.h
/// defines. Hostile input: task names hold any bytes, and lines of other forms are skipped.
/// Layouts: struct gnttab_map_grant_ref (32 bytes) and gnttab_unmap_grant_ref (24 bytes) of Xen's
/// public/grant_table.h, as 64-bit little-endian words.
[[nodiscard]] GrantTraceQuality read_grant_trace(std::string_view text, GrantTraceSink* sink);

}  // namespace xic
