// Which boot this is.
#pragma once

#include <string>

#include "core/types.h"

namespace xic::daemon {

/// dom0's boot id (/proc/sys/kernel/random/boot_id), 32 hex digits. `root` stands before the path.
[[nodiscard]] Expected<std::string> boot_id(const std::string& root);

}  // namespace xic::daemon
