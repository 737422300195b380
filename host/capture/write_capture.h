// A record of a host -> a capture that read_capture() takes.
#pragma once

#include <string>
#include <vector>

#include "core/types.h"
#include "host/capture/document.h"
#include "host/capture/record.h"

namespace xic {

/// The files of a capture: the texts, observations.ndjson and manifest.json.
[[nodiscard]] std::vector<Document> capture_files(const HostRecord& record,
                                                  const std::string& tool_version, bool masked);

/// Writes them as a .tar.gz or .tgz, by the name of `path`, or as a folder. It appears whole or not
/// at all, readable by its owner only: kernel logs and xenstore are not for everybody. Nothing that
/// exists is replaced.
[[nodiscard]] Expected<void> write_capture(const std::vector<Document>& files,
                                           const std::string& path);

}  // namespace xic
