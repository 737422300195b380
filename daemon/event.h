// What the daemon has to tell, as a value; and where it goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"

namespace xic::daemon {

/// In the order of knowledge/events.toml, whose entries explain them in the journal's catalog.
enum class EventKind : std::uint8_t {
  started,
  stopped,
  fault,
  fault_summary,
  lost,
  verdict,
  abi_mismatch,
  trouble,
  recovered,
  probed,
};

/// A constant per kind: the journal finds its catalog entry, and a user all events, by message_id.
struct EventKindInfo {
  EventKind kind;
  std::string_view id;          ///< "fault_summary"
  std::string_view message_id;  ///< 32 hex digits.
};
/// Generated from knowledge/events.toml.
[[nodiscard]] const EventKindInfo& info(EventKind kind);

/// syslog's priorities, as far as they are used.
enum class Priority : std::uint8_t { error = 3, warning = 4, notice = 5, info = 6 };

struct EventField {
  std::string_view name;  ///< Static storage, upper case, without the prefix XEN_IOMMU_.
  std::string value;      ///< Any bytes.
};

struct Event {
  EventKind kind = EventKind::started;
  Priority priority = Priority::info;
  std::string message;  ///< One line, safe to print.
  std::vector<EventField> fields;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  /// Never blocks. An error: not taken; offer it again later.
  [[nodiscard]] virtual Expected<void> publish(const Event& event) = 0;
};

}  // namespace xic::daemon
