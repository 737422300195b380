// Files of the kernel that hold one value.
#pragma once

#include <string>

#include "core/types.h"

namespace xic {

/// The content without its last newline; at most 64 KiB, more is an error (too_large).
[[nodiscard]] Expected<std::string> read_small_file(const std::string& path);

}  // namespace xic
