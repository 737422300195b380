// What xen-iommud has published, for those who may not ask the host themselves.
#pragma once

#include <cstdint>
#include <string>

#include "report/stored_report.h"

namespace xic::cli {

/// Where the daemon publishes its state.
inline constexpr const char* kStateFile = "/run/xen-iommud/state.json";

struct PublishedState {
  StoredReport report;
  std::int64_t age =
      0;  ///< Seconds since it was written; may be negative where a clock was set back.
  bool alive = false;  ///< Its writer runs, and has written when it should have.
};

/// Reads the state file at `path`. not_found where the daemon does not run and has left none.
[[nodiscard]] Expected<PublishedState> read_published_state(const std::string& path);

}  // namespace xic::cli
