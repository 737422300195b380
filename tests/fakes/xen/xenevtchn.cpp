// libxenevtchn on the scripted hypervisor.
#include "host/live/xen/xenevtchn.h"

#include <cerrno>

#include "tests/fakes/xen/hypervisor.h"

using fake_xen::Hypervisor;
using fake_xen::result;

struct xenevtchn_handle {
  int unused;
};

namespace {

constexpr xenevtchn_port_or_error_t kPort = 7;

}  // namespace

extern "C" {

xenevtchn_handle* xenevtchn_open(xentoollog_logger*, unsigned) {
  return Hypervisor::instance().open_handle<xenevtchn_handle>("open_evtchn");
}

int xenevtchn_close(xenevtchn_handle* handle) {
  Hypervisor::instance().enter("close_evtchn");
  Hypervisor::instance().take(handle);
  return 0;
}

int xenevtchn_fd(xenevtchn_handle*) {
  return Hypervisor::instance().event_fd();
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle*, unsigned virq) {
  return result(Hypervisor::instance().bind_virq(virq), kPort);
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle*) {
  return result(Hypervisor::instance().pending(), kPort);
}

int xenevtchn_unmask(xenevtchn_handle*, evtchn_port_t port) {
  return result(port == kPort ? Hypervisor::instance().unmask() : EINVAL, 0);
}

}  // extern "C"
