// The log for people: standard error, which is the journal under systemd.
#pragma once

#include <memory>

#include "daemon/event.h"

namespace xic::daemon {

/// spdlog's default logger writes to standard error from here on: with priorities as journald reads
/// them where it is connected there, with times on a terminal.
void set_up_log();

/// Passes events on to `next` and, where standard error is not the journal, logs their messages:
/// who runs the daemon by hand sees them.
[[nodiscard]] std::unique_ptr<EventSink> logging_sink(std::unique_ptr<EventSink> next);

}  // namespace xic::daemon
