#include "host/live/live_host.h"

#include <utility>

#include "host/live/unbuilt.h"

namespace xic {

struct LiveHost::Impl {
  std::string root;
  unbuilt::Console console;
  unbuilt::Hypervisor hypervisor;
  unbuilt::Grants grants;
  unbuilt::Xenstore store;
  unbuilt::Kernel kernel;
  unbuilt::System system;
  unbuilt::Clock clock;
};

LiveHost::LiveHost(std::string root) : impl_(std::make_unique<Impl>()) {
  impl_->root = std::move(root);
}
LiveHost::~LiveHost() = default;

Ports LiveHost::ports() {
  return {&impl_->console, &impl_->hypervisor, &impl_->grants, &impl_->store,
          &impl_->kernel,  &impl_->system,     &impl_->clock};
}

}  // namespace xic
