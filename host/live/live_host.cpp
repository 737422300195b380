#include "host/live/live_host.h"

#include <utility>

#include "host/live/console_ring.h"
#include "host/live/dev_kmsg.h"
#include "host/live/dom0_files.h"
#include "host/live/grant_tables.h"
#include "host/live/hypervisor_info.h"
#include "host/live/lib_xenstore.h"
#include "host/live/sysctl.h"
#include "host/live/system_clock.h"
#include "host/live/xen_call.h"

namespace xic {

struct LiveHost::Impl {
  explicit Impl(std::string root_of_files)
      : root(std::move(root_of_files)),
        sysctl(call),
        console(sysctl),
        hypervisor(root, call, sysctl),
        grants(call, sysctl),
        kernel(DevKmsg::From::oldest, root + "/dev/kmsg"),
        system(root) {}

  std::string root;
  XenCall call;
  Sysctl sysctl;
  LiveConsoleRing console;
  LiveHypervisorInfo hypervisor;
  LiveGrantTables grants;
  LibXenStore store;
  DevKmsg kernel;
  Dom0Files system;
  SystemClock clock;
};

LiveHost::LiveHost(std::string root) : impl_(std::make_unique<Impl>(std::move(root))) {}
LiveHost::~LiveHost() = default;

Ports LiveHost::ports() {
  return {&impl_->console, &impl_->hypervisor, &impl_->grants, &impl_->store,
          &impl_->kernel,  &impl_->system,     &impl_->clock};
}

}  // namespace xic
