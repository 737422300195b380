// Being woken when Xen prints (VIRQ_CON_RING), for those who ask for it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/types.h"
#include "host/console_event.h"

struct xenevtchn_handle;

namespace xic {

/// One holder per domain: an xenconsoled that wants it and does not get it exits, and takes the
/// guests' consoles along. So this is made on an administrator's explicit request only.
class ConsoleWakeup final : public ConsoleEvent {
 public:
  /// Binds it; refused where an xenconsoled on this host logs, or may log, the hypervisor's
  /// console. `root` stands before /proc.
  [[nodiscard]] static Expected<ConsoleWakeup> bind(const std::string& root = "");

  [[nodiscard]] int fd() const override;
  [[nodiscard]] Expected<void> acknowledge() override;

 private:
  struct Close {
    void operator()(xenevtchn_handle* handle) const;
  };
  explicit ConsoleWakeup(std::unique_ptr<xenevtchn_handle, Close> handle)
      : handle_(std::move(handle)) {}
  std::unique_ptr<xenevtchn_handle, Close> handle_;
};

}  // namespace xic
