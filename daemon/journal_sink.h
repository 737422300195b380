// Events -> the journal, with fields.
#pragma once

#include <memory>

#include "daemon/event.h"

namespace xic::daemon {

/// Over sd_journal_sendv. It would wait without end for a journald that does not read, so a socket
/// of our own is asked first whether there is room.
[[nodiscard]] std::unique_ptr<EventSink> journal_sink();

}  // namespace xic::daemon
