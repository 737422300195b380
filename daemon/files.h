// The files the daemon writes, as ports: tests let them fail, and die, at any operation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/types.h"

namespace xic::daemon {

/// Append-only files of the state directory, by name.
class HistoryFiles {
 public:
  virtual ~HistoryFiles() = default;
  /// All of a file, at most `limit` bytes (its last ones, where it is longer); nothing where there
  /// is none.
  [[nodiscard]] virtual Expected<std::optional<std::string>> read(const std::string& name,
                                                                  std::size_t limit) = 0;
  /// Appends and syncs. May take less than all, as a full disk does: how many bytes, never 0.
  [[nodiscard]] virtual Expected<std::size_t> append(const std::string& name,
                                                     std::string_view bytes) = 0;
  [[nodiscard]] virtual Expected<void> rename(const std::string& from, const std::string& to) = 0;
};

/// Files that others read while they are written.
class PublishedFiles {
 public:
  virtual ~PublishedFiles() = default;
  /// The file holds all of `text`, mode 0644, or what it held before.
  [[nodiscard]] virtual Expected<void> replace(const std::string& name, std::string_view text) = 0;
};

/// In a folder that exists. Files are opened when used, so that a folder that was repaired is used
/// again.
[[nodiscard]] std::unique_ptr<HistoryFiles> history_files(const std::string& folder);
[[nodiscard]] std::unique_ptr<PublishedFiles> published_files(const std::string& folder);

}  // namespace xic::daemon
