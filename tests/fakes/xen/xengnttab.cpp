// libxengnttab on the scripted hypervisor.
#include "host/live/xen/xengnttab.h"

#include <cerrno>

#include "tests/fakes/xen/hypervisor.h"

using fake_xen::Hypervisor;

struct xengntdev_handle {
  int unused;
};

extern "C" {

xengnttab_handle* xengnttab_open(xentoollog_logger*, unsigned) {
  return Hypervisor::instance().open_handle<xengnttab_handle>("open_gntdev");
}

int xengnttab_close(xengnttab_handle* handle) {
  Hypervisor::instance().enter("close_gntdev");
  Hypervisor::instance().take(handle);
  return 0;
}

void* xengnttab_map_grant_ref(xengnttab_handle*, uint32_t domain, uint32_t ref, int prot) {
  return Hypervisor::instance().map(domain, ref, prot);
}

int xengnttab_unmap(xengnttab_handle*, void* at, uint32_t count) {
  return fake_xen::result(Hypervisor::instance().unmap(at, count), 0);
}

}  // extern "C"
