// A dump of the grant tables (debug key 'g'), from its begin to its end.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "host/inquiry/console_reader.h"
#include "host/inquiry/deadline.h"
#include "host/ports.h"

namespace xic {

/// Takes console chunks in order.
using ConsoleSink = std::function<void(const ConsoleChunk&)>;

/// Hands on what the ring holds now; stops at the deadline, and after 16 MiB: a storm never ends.
[[nodiscard]] Expected<void> drain(ConsoleReader* console, const Deadline& deadline,
                                   const ConsoleSink& sink);

struct DumpOutcome {
  bool begin_seen = false;
  bool end_seen = false;
  std::uint64_t lost = 0;  ///< Console bytes lost between begin and end.
  TimeSpan printed;        ///< On the clock given.
  [[nodiscard]] bool complete() const { return begin_seen && end_seen && lost == 0; }
};

/// Drains first, so that the dump overwrites nothing unread, sends the key, and hands on what is
/// printed until the dump's end was seen or the deadline has passed. `clock`: what tells when that
/// was; null for nobody who wants to know.
[[nodiscard]] Expected<DumpOutcome> dump_grants(GrantTables* grants, ConsoleReader* console,
                                                Pause* pause, const Deadline& deadline,
                                                const ConsoleSink& sink,
                                                GrantRecorder* clock = nullptr);

/// Lets those who would dump again and again do it once in a while.
class DumpRate {
 public:
  explicit DumpRate(std::uint64_t interval_ns) : interval_(interval_ns) {}
  /// True where a dump may be taken at `now` (HostClock::uptime()), which then counts as taken.
  [[nodiscard]] bool take(std::uint64_t now) {
    if (last_ && now - *last_ < interval_) return false;
    last_ = now;
    return true;
  }

 private:
  std::uint64_t interval_;
  std::optional<std::uint64_t> last_;
};

}  // namespace xic
