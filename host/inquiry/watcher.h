// Follows a live host's console and kernel log.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/observer.h"
#include "host/inquiry/console_reader.h"
#include "host/inquiry/fault_witness.h"
#include "host/inquiry/poll_policy.h"
#include "host/look_listener.h"
#include "host/ports.h"

namespace xic {

/// What one look at the host brought.
struct Look {
  /// A fault each: its index into Facts::faults; nothing beyond the bound of groups.
  std::vector<std::optional<std::size_t>> faults;
  std::uint64_t lost = 0;     ///< Console bytes.
  bool restarted = false;     ///< Xen has booted.
  std::uint64_t next_ns = 0;  ///< When to look again.
};

/// One look reads what is new, bounded, and looks into new faults as they arrive.
class Watcher {
 public:
  static constexpr std::size_t kMostPerLook = std::size_t{1} << 20;
  static constexpr std::uint64_t kListingAge = 10 * kSecond;

  /// `ports` and `observer` must outlive it. What the observer knows already is the host's state;
  /// the console is followed from `cursor` on. xenstore is listed again when faults come and the
  /// last listing is older than kListingAge: guests come and go.
  Watcher(const Ports& ports, Observer* observer, RingCursor cursor);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  /// Null for none. Must outlive it.
  void set_listener(LookListener* listener) { listener_ = listener; }

  /// An error where the console can no longer be read; the next look tries again.
  [[nodiscard]] Expected<Look> look();

 private:
  void read_kernel_log();
  void list_devices();
  [[nodiscard]] Expected<std::optional<ConsoleChunk>> read_console();

  Ports ports_;
  Observer* observer_;
  ConsoleReader console_;
  FaultWitness witness_;
  PollPolicy policy_;
  Observer::InputId console_input_;
  Observer::InputId kernel_input_;
  LookListener* listener_ = nullptr;
  bool kernel_readable_ = true;
  std::uint64_t listed_ = 0;  ///< Uptime of the last listing.
  Look current_;
};

}  // namespace xic
