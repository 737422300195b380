// Where recorded facts come from: log files, captures, hypervisor images.
#pragma once

#include <string>
#include <vector>

#include "core/observer.h"
#include "core/types.h"

namespace xic {

/// Reads the logs in the order given ("-" is standard input) into `observer`. Several logs are
/// aligned and merged first where each is at most kMaxMergeBytes; larger ones are streamed one
/// after the other in constant memory, which is recorded as a limit.
inline constexpr std::size_t kMaxMergeBytes = std::size_t{64} << 20;
[[nodiscard]] Expected<void> read_logs(const std::vector<std::string>& paths, Observer* observer);

/// A directory or .tar(.gz): every regular file is recognised by content, never by name. Links out
/// of the directory, devices and sockets are not followed; sizes and counts are bounded.
[[nodiscard]] Expected<void> read_capture(const std::string& path, Observer* observer);
/// The same together with logs of the same host: what they share is counted once.
[[nodiscard]] Expected<void> read_capture(const std::string& path,
                                          const std::vector<std::string>& logs, Observer* observer);

/// A hypervisor binary (raw arm64, EFI, gzip): banner, version, changeset, build id.
[[nodiscard]] Expected<void> read_image(const std::string& path, Observer* observer);

}  // namespace xic
