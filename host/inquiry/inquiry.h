// Asks a live host for everything it can tell, and yields it as one value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/observer.h"
#include "host/capture/record.h"
#include "host/inquiry/deadline.h"
#include "host/ports.h"

namespace xic {

struct InquiryOptions {
  /// When the grant tables are dumped (debug key 'g'). Never without root, and, but for `always`,
  /// never where GrantEstimate does not call the dump small.
  enum class Dump : std::uint8_t {
    never,
    for_faults,  ///< Where faults hit what may be another domain's page.
    if_small,
    always,
  };
  bool root = false;
  Dump dump = Dump::for_faults;
  bool ask_granted_frames = false;  ///< Whether each frame in the dump is mapped now.
  bool whole_store = false;         ///< Also what no rule looks at: for a record.
  std::uint64_t budget_ns = 30 * kSecond;
  /// Of xenconsoled; read where the ring cannot be. "" for none.
  std::string hypervisor_log = "/var/log/xen/console/hypervisor.log";
};

/// Read-only, bounded and time-boxed: what could not be had, or had in time, is an attempt that
/// failed. Guests are asked nothing and nothing of theirs is mapped, but for the copies that
/// estimate_grants() takes and, where a flight recorder runs, the page it is tried on. See
/// observe() for what to do with the record. `judged`, where not null, gets an observer that was
/// told this very record as a live one, if there is one: to decide what to ask, the inquiry judges
/// what it knows so far.
[[nodiscard]] HostRecord inquire(const Ports& ports, const InquiryOptions& options, Pause* pause,
                                 std::optional<Observer>* judged = nullptr);

}  // namespace xic
