// The files of a folder.
#pragma once

#include <string>

#include "core/types.h"
#include "host/capture/document.h"
#include "host/capture/file.h"

namespace xic {

/// Reads the regular files under the open folder `root`, in order of their names. Links, devices,
/// pipes and sockets are neither opened nor followed.
[[nodiscard]] Expected<Collection> collect_directory(UniqueFd root, const std::string& name,
                                                     const CaptureBounds& bounds = {});

}  // namespace xic
