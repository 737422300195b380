// Sysctls through libxenctrl: of the release this program was built with, and of no other.
#pragma once

#include <memory>

#include "host/live/sysctl_route.h"

namespace xic {

[[nodiscard]] Expected<std::unique_ptr<SysctlRoute>> open_libxenctrl_route();

}  // namespace xic
