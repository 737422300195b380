// What the hypervisor prints about itself.
#pragma once

#include <cstdint>
#include <optional>

#include "core/console/line.h"
#include "core/hypervisor/boot_tracker.h"
#include "core/hypervisor/driver_lines.h"
#include "core/hypervisor/fact_store.h"
#include "core/hypervisor/key_listing.h"

namespace xic {

/// Reads messages that Xen speaks: banner, command line, set-up of memory, dom0 and domains, key
/// 'h'.
class XenLines {
 public:
  /// Both must outlive it.
  XenLines(FactStore* store, BootTracker* boots)
      : store_(*store), boots_(*boots), drivers_(store) {}

  Consumed consume(const Line& line, bool last_chance);

 private:
  void forget(const std::optional<Staleness>& stale);
  Consumed read_banner(const Line& line, bool last_chance);
  Consumed read_changeset(const Line& line, bool last_chance);
  Consumed read_build_id(const Line& line);
  Consumed read_key(const Line& line, char key);
  /// Lines that Arm prints before the banner.
  bool read_early(const Line& line);
  Consumed read_command_line(const Line& line, bool last_chance);
  bool read_crash(const Line& line);
  /// Lines between the banner and dom0's start.
  bool read_setup(const Line& line);
  bool read_allocation(const Line& line, Origin origin);
  bool read_extended_region(const Line& line);
  bool read_colouring(const Line& line, Origin origin);
  bool read_domains(const Line& line);
  /// Only within a boot whose beginning was seen: after the ring has wrapped, the first message of
  /// dom0's that is left says nothing about its start.
  void note_dom0_start(const Line& line, Rank rank);

  FactStore& store_;
  BootTracker& boots_;
  DriverLines drivers_;
  KeyListing listing_;
  // Where the last command line stood: it may be offered again, joined with what follows.
  std::uint32_t command_line_input_ = 0;
  std::uint64_t command_line_at_ = 0;
};

}  // namespace xic
