// xenconsoled's copy of the hypervisor's console.
#pragma once

#include <string>

#include "core/types.h"

namespace xic {

/// The last MiB of it, from the beginning of a line.
[[nodiscard]] Expected<std::string> read_hypervisor_log(const std::string& path);

}  // namespace xic
