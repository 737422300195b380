// The kernel's tracing file system, as the flight recorder uses it.
#pragma once

#include <string>
#include <vector>

#include "core/types.h"

namespace xic {

/// Paths are relative to its mount point.
class Tracefs {
 public:
  virtual ~Tracefs() = default;
  [[nodiscard]] virtual Expected<std::string> read(const std::string& path) = 0;
  /// One write(2) of all of `text`. `append`: a list file whose other lines stay.
  [[nodiscard]] virtual Expected<void> write(const std::string& path, const std::string& text,
                                             bool append) = 0;
  /// Makes an instance (a directory). No error where it is there already.
  [[nodiscard]] virtual Expected<void> make(const std::string& directory) = 0;
  /// Removes an instance. No error where there is none.
  [[nodiscard]] virtual Expected<void> remove(const std::string& directory) = 0;
  /// Names in a directory; empty where there is none.
  [[nodiscard]] virtual Expected<std::vector<std::string>> list(const std::string& directory) = 0;
};

/// The mounted one, at /sys/kernel/tracing or /sys/kernel/debug/tracing.
class MountedTracefs final : public Tracefs {
 public:
  /// `root`: "" for where the kernel's documentation mounts it; it is never mounted here.
  explicit MountedTracefs(std::string root = "");
  Expected<std::string> read(const std::string& path) override;
  Expected<void> write(const std::string& path, const std::string& text, bool append) override;
  Expected<void> make(const std::string& directory) override;
  Expected<void> remove(const std::string& directory) override;
  Expected<std::vector<std::string>> list(const std::string& directory) override;

 private:
  std::string root_;
};

}  // namespace xic
