// The hypervisor this host runs on, by its own account.
#pragma once

#include <string>

#include "host/live/sysctl.h"
#include "host/live/xen_call.h"
#include "host/ports.h"

namespace xic {

class LiveHypervisorInfo final : public HypervisorInfo {
 public:
  /// `call` and `sysctl` must outlive it; `root` stands before /sys.
  LiveHypervisorInfo(std::string root, XenCall& call, Sysctl& sysctl)
      : root_(std::move(root)), call_(call), sysctl_(sysctl) {}
  Expected<XenIdentity> identity() override;
  Expected<SysctlInterface> sysctl_interface() override { return sysctl_.interface(); }
  Expected<PhysicalInfo> physical_info() override { return sysctl_.physical_info(); }
  Expected<Frame> maximum_gpfn() override;

 private:
  std::string root_;
  XenCall& call_;
  Sysctl& sysctl_;
};

}  // namespace xic
