#include "host/live/failure.h"

#include <cerrno>
#include <system_error>
#include <utility>

namespace xic {
namespace {

Error::Code code_of(int sys_errno) {
  switch (sys_errno) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ESRCH:
    case ENOSYS:
    case EOPNOTSUPP:
      return Error::Code::not_found;
    case EACCES:
    case EPERM:
      return Error::Code::denied;
    default:
      return Error::Code::io;
  }
}

}  // namespace

Error failure(int sys_errno, const std::string& what, std::string hint) {
  return {code_of(sys_errno), sys_errno,
          "cannot " + what + ": " + std::generic_category().message(sys_errno), std::move(hint)};
}

Error open_failure(int sys_errno, const std::string& nodes, const std::string& module) {
  std::string hint;
  switch (sys_errno) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      hint = "run it in dom0 of a Xen host; if this is dom0: modprobe " + module;
      break;
    case EACCES:
      hint = "run as root";
      break;
    case EPERM:
      hint = "a device policy (a container, DeviceAllow= of systemd) forbids it: allow " + nodes;
      break;
    default:
      hint = "see dom0's kernel log (dmesg)";
  }
  return failure(sys_errno, "open " + nodes, std::move(hint));
}

Error hypercall_failure(int sys_errno, const std::string& what) {
  if (sys_errno == ESRCH) {
    return {Error::Code::not_found, sys_errno, "cannot " + what + ": there is no such domain",
            "it may just have ended"};
  }
  std::string hint;
  switch (sys_errno) {
    case EPERM:
    case EACCES:
      hint =
          "Xen answers this only to a privileged domain (dom0), and its policy (Flask) may "
          "forbid even that";
      break;
    case ENOSYS:
    case EOPNOTSUPP:
      hint = "this hypervisor was built without it, or is too old";
      break;
    case EAGAIN:
    case EBUSY:
    case EINTR:
    case ENOMEM:
      hint = "try again";
      break;
    default:
      hint = "not expected: please report it together with `xl info`";
  }
  return failure(sys_errno, what, std::move(hint));
}

int failed_errno() {
  return errno != 0 ? errno : EIO;
}

}  // namespace xic
