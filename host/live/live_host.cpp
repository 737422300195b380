#include "host/live/live_host.h"

#include <utility>

#include "host/live/console_ring.h"
#include "host/live/grant_tables.h"
#include "host/live/hypervisor_info.h"
#include "host/live/sysctl.h"
#include "host/live/unbuilt.h"
#include "host/live/xen_call.h"

namespace xic {

struct LiveHost::Impl {
  explicit Impl(std::string root_of_files)
      : root(std::move(root_of_files)),
        sysctl(call),
        console(sysctl),
        hypervisor(root, call, sysctl),
        grants(call, sysctl) {}

  std::string root;
  XenCall call;
  Sysctl sysctl;
  LiveConsoleRing console;
  LiveHypervisorInfo hypervisor;
  LiveGrantTables grants;
  unbuilt::Xenstore store;
  unbuilt::Kernel kernel;
  unbuilt::System system;
  unbuilt::Clock clock;
};

LiveHost::LiveHost(std::string root) : impl_(std::make_unique<Impl>(std::move(root))) {}
LiveHost::~LiveHost() = default;

Ports LiveHost::ports() {
  return {&impl_->console, &impl_->hypervisor, &impl_->grants, &impl_->store,
          &impl_->kernel,  &impl_->system,     &impl_->clock};
}

}  // namespace xic
