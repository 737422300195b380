// Takes a dump of the grant tables at a fault, where the administrator has allowed it.
#pragma once

#include <chrono>
#include <optional>

#include "core/backend/backend.h"
#include "host/inquiry/grant_dump.h"
#include "host/ports.h"

namespace xic::daemon {

/// Debug key 'g' has Xen print one line per active grant while the granter's table is locked: taken
/// seldom, and never where it would be long.
class GrantDumper {
 public:
  /// All must outlive it.
  GrantDumper(GrantTables* grants, Store* store, HostClock* clock)
      : grants_(grants), store_(store), clock_(clock) {}

  /// At most one dump in `interval`; a change begins anew. Nothing: none at all.
  void set_interval(std::optional<std::chrono::milliseconds> interval);
  /// Dumps where that is allowed now and, by what `backends` shows, would be small (GrantEstimate).
  /// `sink` gets what the console holds before it, and the dump; `stopwatch` may be null. Nothing
  /// where none was taken. An error is the dump's.
  [[nodiscard]] Expected<std::optional<DumpOutcome>> take(const Backends& backends,
                                                          ConsoleReader* console,
                                                          const ConsoleSink& sink,
                                                          GrantRecorder* stopwatch);

 private:
  GrantTables* grants_;
  Store* store_;
  HostClock* clock_;
  std::optional<std::chrono::milliseconds> interval_;
  std::optional<DumpRate> rate_;
};

}  // namespace xic::daemon
