// Being woken when Xen prints (VIRQ_CON_RING), for those who ask for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/types.h"

struct xenevtchn_handle;

namespace xic {

/// One holder per domain: an xenconsoled that wants it and does not get it exits, and takes the
/// guests' consoles along. So this is made on an administrator's explicit request only.
class ConsoleWakeup {
 public:
  /// Binds it; refused where an xenconsoled on this host logs, or may log, the hypervisor's
  /// console. `root` stands before /proc.
  [[nodiscard]] static Expected<ConsoleWakeup> bind(const std::string& root = "");

  /// Readable when Xen has printed.
  [[nodiscard]] int fd() const;
  /// Takes what made fd() readable, so that the next print makes it so again. Never blocks.
  [[nodiscard]] Expected<void> acknowledge();

 private:
  struct Close {
    void operator()(xenevtchn_handle* handle) const;
  };
  explicit ConsoleWakeup(std::unique_ptr<xenevtchn_handle, Close> handle)
      : handle_(std::move(handle)) {}
  std::unique_ptr<xenevtchn_handle, Close> handle_;
};

}  // namespace xic
