// The ports of the host this program runs on, over the Xen libraries and the kernel's files.
#pragma once

#include <memory>
#include <string>

#include "host/ports.h"

namespace xic {

/// Owns an adapter for every port. Nothing is opened before it is asked, and each answers for
/// itself: see docs/live.md.
class LiveHost {
 public:
  /// `root` stands before every file that is read (/proc, /sys, /dev/kmsg); Xen's device nodes are
  /// opened by its libraries.
  explicit LiveHost(std::string root = "");
  ~LiveHost();
  LiveHost(const LiveHost&) = delete;
  LiveHost& operator=(const LiveHost&) = delete;

  /// Valid as long as this object.
  [[nodiscard]] Ports ports();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xic
