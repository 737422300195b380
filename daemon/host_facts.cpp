#include "daemon/host_facts.h"

#include <string>

namespace xic::daemon {

void tell_host_facts(const Ports& ports, Observer* observer) {
  if (const auto identity = ports.hypervisor->identity()) observer->set_identity(*identity);
  if (const auto interface = ports.hypervisor->sysctl_interface()) {
    observer->set_sysctl_abi(interface->number, "hypervisor's answer");
  }
  if (const auto physical = ports.hypervisor->physical_info()) {
    observer->set_physical_info(*physical, "physinfo");
  }
  if (const auto release = ports.system->kernel_release()) {
    observer->set_dom0_kernel(*release, "uname");
  }
  if (const auto memory = ports.system->boot_memory(); memory && *memory) {
    observer->set_boot_memory(**memory);
  }
  if (const auto regions = ports.system->xen_regions(); regions && *regions) {
    observer->set_xen_regions(**regions);
  }
}

}  // namespace xic::daemon
