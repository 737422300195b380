// What one host could tell at one time, live or recorded: judged the same way either way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/console/ring_cursor.h"
#include "core/observer.h"
#include "host/capture/document.h"
#include "host/capture/observation.h"

namespace xic {

struct HostRecord {
  std::vector<Document> texts;            ///< As a capture holds them.
  std::vector<Observation> observations;  ///< Answers, in the order given.
  std::vector<Attempt> tried;             ///< What was asked for, and what failed.
  bool root = false;
  std::int64_t recorded_at = 0;  ///< Seconds since 1970, UTC.
  /// Live: where who follows the console goes on. Not part of a capture.
  std::optional<RingPosition> console_end{};
};

/// Feeds all of it; whatever judges the observer's facts cannot tell a record from its host but by
/// `mode`. Where it holds the flight recorder's records, `observer` loses its listener. False where
/// none of the texts is evidence and nothing was answered.
bool observe(const HostRecord& record, InputMode mode, Observer* observer);

}  // namespace xic
