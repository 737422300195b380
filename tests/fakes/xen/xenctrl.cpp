// libxenctrl on the scripted hypervisor.
#include "host/live/xen/xenctrl.h"

#include <cerrno>

#include "tests/fakes/xen/hypervisor.h"

using fake_xen::Hypervisor;
using fake_xen::result;

struct xc_interface_core {
  int unused;
};

namespace {

/// What every sysctl begins with: the hypervisor's look at the number this library has built in.
int refused() {
  Hypervisor& xen = Hypervisor::instance();
  if (!xen.has_sysctls()) return ENOSYS;
  if (xen.is_sysctl_number(XEN_SYSCTL_INTERFACE_VERSION)) return 0;
  const int error = xen.enter("sysctl", "number=" + std::to_string(XEN_SYSCTL_INTERFACE_VERSION));
  return error != 0 ? error : EACCES;
}

}  // namespace

extern "C" {

xc_interface* xc_interface_open(xentoollog_logger*, xentoollog_logger*, unsigned) {
  return Hypervisor::instance().open_handle<xc_interface>("open_xenctrl");
}

int xc_interface_close(xc_interface* handle) {
  Hypervisor::instance().enter("close_xenctrl");
  Hypervisor::instance().take(handle);
  return 0;
}

int xc_readconsolering(xc_interface*, char* buffer, unsigned int* count, int clear, int incremental,
                       uint32_t* index) {
  if (const int error = refused(); error != 0) return result(error, 0);
  Hypervisor::Read read{clear != 0, incremental != 0, index != nullptr ? *index : 0, *count};
  if (const int error = Hypervisor::instance().read_console(read, buffer); error != 0) {
    return result(error, 0);
  }
  *count = read.count;
  if (index != nullptr) *index = read.index;
  return 0;
}

int xc_send_debug_keys(xc_interface*, const char* keys) {
  if (const int error = refused(); error != 0) return result(error, 0);
  return result(Hypervisor::instance().debug_keys(keys), 0);
}

int xc_physinfo(xc_interface*, xc_physinfo_t* info) {
  if (const int error = refused(); error != 0) return result(error, 0);
  return result(Hypervisor::instance().physinfo(info->nr_cpus, info->capabilities), 0);
}

}  // extern "C"
