// The daemon that serves the guests' consoles and may log the hypervisor's.
#pragma once

#include <optional>
#include <string>

#include "core/types.h"

namespace xic {

/// How one can tell that an xenconsoled of this host logs the hypervisor's console, or that it
/// cannot be excluded; nothing where none does. `root` stands before /proc. An error where /proc
/// cannot be read.
[[nodiscard]] Expected<std::optional<std::string>> xenconsoled_logs_hypervisor(
    const std::string& root);

}  // namespace xic
