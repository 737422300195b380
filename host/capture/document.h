// One file of a capture, in memory, and what may be in it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnosis/facts.h"
#include "host/capture/recognise.h"

namespace xic {

struct Document {
  std::string name;  ///< Path within the capture.
  std::string bytes;
  std::optional<TextKind> kind{};  ///< By the word of who recorded it; else its content tells.
  bool verbatim = false;           ///< As a program read it: no paste, nothing wrapped or quoted.
};

/// What a folder or an archive held.
struct Collection {
  std::vector<Document> documents;  ///< By name.
  std::vector<Limit> limits;        ///< What was left out, and why.
};

/// How much of a capture is read.
struct CaptureBounds {
  std::size_t entries = 4096;
  std::size_t file_bytes = std::size_t{64} * 1024 * 1024;
  std::size_t total_bytes = std::size_t{256} * 1024 * 1024;
  std::size_t depth = 16;  ///< Folders within folders.
  /// Of an archive after decompression, what is skipped over included: a small file can unpack to
  /// terabytes.
  std::size_t unpacked_bytes = std::size_t{1024} * 1024 * 1024;
};

/// The limit for a file that was not read.
[[nodiscard]] inline Limit skipped(std::string_view name, std::string_view why) {
  return {"capture_file_skipped", "a file of the capture was not read",
          std::string(name) + ": " + std::string(why)};
}

/// The limit for a capture that was not read to its end.
[[nodiscard]] inline Limit truncated(std::string_view name, std::string_view why) {
  return {"capture_truncated", "the capture was read in part",
          std::string(name) + ": " + std::string(why)};
}

}  // namespace xic
