// Waiting: one sd-event loop around the watcher.
#pragma once

#include <functional>
#include <memory>

#include "core/types.h"
#include "daemon/settings.h"
#include "daemon/watcher.h"
#include "host/console_event.h"
#include "host/ports.h"

namespace xic::daemon {

/// Takes Xen's console event (VIRQ_CON_RING) for this process; called only for Wakeup=virq.
using BindConsoleEvent = std::function<Expected<std::unique_ptr<ConsoleEvent>>()>;

/// Runs until SIGTERM or SIGINT, with systemd's notifications: READY=1 after the console's first
/// read, STATUS=, RELOADING=1 around a SIGHUP, WATCHDOG=1 from the loop itself. `load` reads the
/// configuration again. The error, if any, is that of the loop.
[[nodiscard]] Expected<void> run_loop(Watcher* watcher, const Ports& ports,
                                      const std::function<LoadedSettings()>& load,
                                      const BindConsoleEvent& bind);

}  // namespace xic::daemon
