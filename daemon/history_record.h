// One record of the history, as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/event_id.h"
#include "daemon/seen_fault.h"

namespace xic::daemon {

/// What recovery needs of a record.
struct ReadRecord {
  std::string epoch;
  EventId id;
  std::uint64_t cursor = 0;
  bool is_fault = false;
  bool untold = false;                         ///< A fault without an entry in the journal.
  std::optional<std::uint64_t> still_waiting;  ///< See History::add_told().
};
/// Nothing where `line` is no whole record.
[[nodiscard]] std::optional<ReadRecord> read_record(std::string_view line);

/// A record but for its cursor and end. `more`: further members of the object, or "".
[[nodiscard]] std::string open_record(std::string_view type, std::string_view id, std::int64_t wall,
                                      std::string_view more);
/// The whole line, with LF.
[[nodiscard]] std::string close_record(const std::string& opened, std::uint64_t cursor);
/// The members that describe a fault.
[[nodiscard]] std::string fault_fields(const SeenFault& fault, bool told);

}  // namespace xic::daemon
