// What xen-iommud says of itself: daemon{} of its state file, and its metrics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xic {

struct DaemonStatus {
  std::string version;
  std::int64_t pid = 0;
  std::int64_t started_at = 0;  ///< Seconds since 1970, as all times here; 0: never.

  struct Console {
    std::string source;        ///< "sysctl" or "file:/var/log/xen/console/hypervisor.log"
    std::string epoch;         ///< Names the console of this boot.
    std::uint64_t cursor = 0;  ///< Everything before it is done with.
    std::uint64_t read_bytes = 0;
    std::uint64_t lost_bytes = 0;
    std::uint64_t gaps = 0;
    std::uint64_t read_errors = 0;
    std::uint64_t abi_errors = 0;  ///< Of those: the hypervisor speaks another interface.
    std::int64_t last_read_at = 0;
  } console;

  struct Faults {
    std::uint64_t seen = 0;       ///< Since the daemon's start.
    std::uint64_t earlier = 0;    ///< Of this boot, in the history, from before.
    std::uint64_t waiting = 0;    ///< Counted for a summary that is not due yet.
    std::uint64_t uncertain = 0;  ///< Of `seen`: a guest may have written the line.
    std::int64_t last_at = 0;
    std::string last_id;
  } faults;

  struct History {
    std::uint64_t written = 0;  ///< Faults, since the start.
    std::uint64_t dropped = 0;  ///< Faults that found no room while nothing could be written.
  } history;

  struct Journal {
    std::uint64_t entries = 0;  ///< Taken by the journal, since the start.
    std::uint64_t waiting = 0;  ///< Not taken yet.
    std::uint64_t dropped = 0;  ///< Given up while the journal took none.
  } journal;

  std::uint64_t kernel_records_lost = 0;

  struct Trouble {
    std::string id;  ///< "history", "journal", "xenstore", ...
    std::int64_t since = 0;
    std::string detail;
  };
  std::vector<Trouble> troubles;

  /// Since the start, by what may be a label.
  struct Counter {
    std::string iommu;
    std::string kind;
    std::string access;
    std::string attribution;
    std::uint64_t count = 0;
    std::int64_t last_at = 0;
  };
  std::vector<Counter> counters;
};

}  // namespace xic
