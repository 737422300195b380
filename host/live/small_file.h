// Files of the kernel that hold one value.
#pragma once

#include <string>

#include "core/types.h"

namespace xic {

/// The whole content; more than 64 KiB is an error (too_large).
[[nodiscard]] Expected<std::string> read_small_file(const std::string& path);

/// The content without its last newline.
[[nodiscard]] Expected<std::string> read_value(const std::string& path);

}  // namespace xic
