// A fault as the daemon keeps it: everything its views pointed to, and what was asked about it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/diagnosis/diagnosis.h"
#include "core/diagnosis/facts.h"
#include "core/fault/fault.h"
#include "daemon/event_id.h"
#include "daemon/storm_control.h"

namespace xic::daemon {

struct SeenFault {
  static constexpr std::size_t kMaxRawBytes =
      1024;  ///< Of all its lines; real ones have about 105.

  EventId id;
  std::string epoch;
  std::int64_t wall = 0;      ///< When it was read, nanoseconds since 1970.
  std::uint64_t read_at = 0;  ///< The same on HostClock::uptime().
  FaultKind kind = FaultKind::smmuv2_context;
  Access access = Access::unknown;
  bool complete = true;
  bool uncertain_author = false;  ///< Other text stood on its line: a guest may have written it.
  std::string iommu;
  std::string device;
  std::optional<Iova> iova;
  std::optional<std::uint32_t> cb;
  std::optional<std::uint32_t> stream_id;
  std::optional<DomId> domain;
  RegisterSet registers;
  Timestamp time;
  std::string raw;                   ///< Its lines, joined by LF; any bytes.
  std::optional<std::size_t> group;  ///< Of Facts::faults.
  bool first = false;                ///< Of its group.
  bool admitted = false;  ///< By storm control: it is told by itself, and not only counted.
  std::optional<GrantedNow::Answer> granted_now;  ///< Asked when it arrived.
  /// Of its group; absent where the group was not judged when this was recorded.
  std::optional<Attribution> attribution;
  std::string cause;  ///< "XIC-1008", or "".
  std::optional<bool> authentic;
};

/// Copies what `fault` shows. Bounded.
[[nodiscard]] SeenFault keep(const Fault& fault);
[[nodiscard]] FaultIdentity identity_of(const SeenFault& fault);
/// "cb0", "stream 0x10", or "".
[[nodiscard]] std::string stream_words(const SeenFault& fault);

}  // namespace xic::daemon
