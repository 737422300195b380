// Which fault: its place in the console of one boot.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace xic::daemon {

/// Where a fault's line begins in the console of one boot: the ring's free-running index, continued
/// beyond 32 bits. Faults that share a line are numbered. The same line read twice gives the same
/// id.
struct EventId {
  std::uint64_t offset = 0;
  std::uint32_t ordinal = 0;
  friend auto operator<=>(const EventId&, const EventId&) = default;
};

/// "8f7b0c7e...:73125", or "8f7b0c7e...:73125.1" for the second fault of a line. `epoch` names the
/// console: this boot's ring, or a log.
[[nodiscard]] inline std::string to_string(const std::string& epoch, EventId id) {
  std::string text = epoch + ':' + std::to_string(id.offset);
  if (id.ordinal != 0) text += '.' + std::to_string(id.ordinal);
  return text;
}

}  // namespace xic::daemon
