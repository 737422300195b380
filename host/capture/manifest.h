// manifest.json: who recorded a capture, what is in it, and what could not be recorded.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnosis/facts.h"
#include "host/capture/observation.h"
#include "host/capture/recognise.h"

namespace xic {

/// {"schema": "xen-iommu-check-capture/1", "tool": {...}, "recorded_at": "...", "root": true,
///  "masked": false, "files": [{"name": "xen-console.txt", "kind": "console text"}],
///  "tried": [{"what": "console ring", "ok": false, "limit": "console_not_read",
///             "error": "..."}]}
struct Manifest {
  std::string tool_version;
  std::int64_t recorded_at = 0;  ///< Seconds since 1970, UTC.
  bool root = false;
  bool masked = false;                    ///< Names and addresses were replaced.
  std::map<std::string, TextKind> files;  ///< Texts of the capture whose kind needs no guess.
  std::vector<Attempt> tried;
};

[[nodiscard]] std::string write_manifest(const Manifest& manifest);

/// What cannot be read is left out; `limits` tells so.
[[nodiscard]] Manifest read_manifest(std::string_view text, std::string_view name,
                                     std::vector<Limit>* limits);

}  // namespace xic
