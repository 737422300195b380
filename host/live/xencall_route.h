// Sysctls through libxencall, with an interface number of one's choice.
#pragma once

#include <memory>

#include "host/live/sysctl_route.h"
#include "host/live/xen_call.h"

namespace xic {

/// The layouts of the sysctls used here did not change from Xen 4.11 to 4.22, only the number that
/// is to stand before them.
class XencallRoute final : public SysctlRoute {
 public:
  /// `call` must outlive it.
  [[nodiscard]] static Expected<std::unique_ptr<XencallRoute>> open(XenCall& call);

  void use(std::uint32_t number) { number_ = number; }

  int read_console(ConsoleRead& read, std::span<char> buffer) override;
  int print_grant_tables() override;
  int physical_info(PhysicalInfo& info) override;
  [[nodiscard]] SysctlInterface interface() const override { return {number_, false}; }

 private:
  struct Layout;
  XencallRoute(XenCall& call, HypercallBuffer argument, HypercallBuffer data);
  [[nodiscard]] int issue(std::uint32_t command, Layout& layout);

  XenCall& call_;
  HypercallBuffer argument_;
  HypercallBuffer data_;
  std::uint32_t number_ = 0;
};

}  // namespace xic
