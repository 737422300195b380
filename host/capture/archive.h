// The files of a tar archive, and gzip.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/types.h"
#include "host/capture/document.h"
#include "host/capture/file.h"

namespace xic {

/// Reads the regular files of a tar archive, plain or compressed with gzip, xz, bzip2 or zstd.
/// Nothing is written anywhere; links and devices are passed over. A damaged or truncated archive
/// is an error: a part of a capture could tell the opposite of the whole.
[[nodiscard]] Expected<Collection> collect_archive(UniqueFd file, const std::string& name,
                                                   const CaptureBounds& bounds = {});

[[nodiscard]] bool is_gzip(std::string_view bytes);

/// Unpacks gzip; more than `limit` bytes are an error.
[[nodiscard]] Expected<std::string> gunzip(std::string_view bytes, std::size_t limit,
                                           const std::string& name);

}  // namespace xic
