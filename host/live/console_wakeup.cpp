#include "host/live/console_wakeup.h"

#include <fcntl.h>

#include <cerrno>
#include <utility>

#include "host/live/failure.h"
#include "host/live/quiet_logger.h"
#include "host/live/xen/interface.h"
#include "host/live/xen/xenevtchn.h"
#include "host/live/xenconsoled.h"

namespace xic {
namespace {

constexpr const char* kBind = "bind the hypervisor's console event (VIRQ_CON_RING)";

Error bind_failure(int sys_errno) {
  switch (sys_errno) {
    case EEXIST:
      return {Error::Code::denied, sys_errno,
              std::string("cannot ") + kBind + ": another process of this domain has it",
              "do without: the ring is read on a timer, which loses nothing that this would save"};
    case EBUSY:
      return {Error::Code::denied, sys_errno,
              std::string("cannot ") + kBind + ": Xen gives it to another domain",
              "do without: the ring is read on a timer"};
    default:
      return hypercall_failure(sys_errno, kBind);
  }
}

}  // namespace

void ConsoleWakeup::Close::operator()(xenevtchn_handle* handle) const {
  xenevtchn_close(handle);
}

Expected<ConsoleWakeup> ConsoleWakeup::bind(const std::string& root) {
  auto logging = xenconsoled_logs_hypervisor(root);
  if (!logging) return tl::unexpected(logging.error());
  if (*logging) {
    return tl::unexpected(Error{
        Error::Code::denied, 0,
        std::string("will not ") + kBind + ": xenconsoled needs it (" + **logging + ")",
        "do without: the ring is read on a timer, and xenconsoled's hypervisor.log is there"});
  }
  errno = 0;
  std::unique_ptr<xenevtchn_handle, Close> handle(xenevtchn_open(quiet_logger(), 0));
  if (!handle) {
    return tl::unexpected(open_failure(failed_errno(), "/dev/xen/evtchn", "xen-evtchn"));
  }
  errno = 0;
  if (xenevtchn_bind_virq(handle.get(), VIRQ_CON_RING) < 0) {
    return tl::unexpected(bind_failure(failed_errno()));
  }
  const int fd = xenevtchn_fd(handle.get());
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
    return tl::unexpected(failure(errno, "prepare /dev/xen/evtchn"));
  }
  return ConsoleWakeup(std::move(handle));
}

int ConsoleWakeup::fd() const {
  return xenevtchn_fd(handle_.get());
}

Expected<void> ConsoleWakeup::acknowledge() {
  errno = 0;
  const xenevtchn_port_or_error_t port = xenevtchn_pending(handle_.get());
  if (port < 0) {
    const int error = failed_errno();
    if (error == EAGAIN || error == EINTR) return {};  // nothing there yet
    return tl::unexpected(failure(error, "read from /dev/xen/evtchn"));
  }
  errno = 0;
  if (xenevtchn_unmask(handle_.get(), static_cast<evtchn_port_t>(port)) != 0) {
    return tl::unexpected(failure(failed_errno(), "unmask the hypervisor's console event"));
  }
  return {};
}

}  // namespace xic
