// Sysctls on whatever release of Xen is running.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "host/live/sysctl_route.h"
#include "host/live/xen_call.h"
#include "host/live/xencall_route.h"

namespace xic {

/// Through libxenctrl where it is of the hypervisor's release, else through libxencall with the
/// number the hypervisor answers to, found by trying them in turn.
class Sysctl {
 public:
  static constexpr std::uint32_t kFirstNumber = 0x10;  ///< Xen 4.10
  static constexpr std::uint32_t kLastNumber = 0x2f;   ///< 4.22 and master have 0x16.

  /// `call` must outlive it.
  explicit Sysctl(XenCall& call) : call_(call) {}

  /// The oldest bytes behind `after` (see ConsoleRing), or the oldest there are. `buffer` must not
  /// be empty.
  [[nodiscard]] Expected<RingRead> read_console(std::optional<RingIndex> after,
                                                std::span<char> buffer);
  [[nodiscard]] Expected<void> print_grant_tables();
  [[nodiscard]] Expected<PhysicalInfo> physical_info();
  /// A number that the hypervisor has answered to.
  [[nodiscard]] Expected<SysctlInterface> interface();

 private:
  template <class Ask>
  [[nodiscard]] Expected<void> ask(const std::string& what, Ask ask);
  template <class Ask>
  [[nodiscard]] Expected<void> search(const std::string& what, Ask ask);

  XenCall& call_;
  std::unique_ptr<SysctlRoute> libxenctrl_;
  std::unique_ptr<XencallRoute> libxencall_;
  SysctlRoute* proven_ = nullptr;  ///< The one whose number was answered to.
};

}  // namespace xic
