#include "host/live/libxenctrl_route.h"

#include <cerrno>

#include "host/live/failure.h"
#include "host/live/quiet_logger.h"
#include "host/live/xen/xenctrl.h"

namespace xic {
namespace {

struct Close {
  void operator()(xc_interface* handle) const { xc_interface_close(handle); }
};

class LibxenctrlRoute final : public SysctlRoute {
 public:
  explicit LibxenctrlRoute(std::unique_ptr<xc_interface, Close> handle)
      : handle_(std::move(handle)) {}

  int read_console(ConsoleRead& read, std::span<char> buffer) override {
    constexpr int keep = 0;
    unsigned count = static_cast<unsigned>(buffer.size());
    errno = 0;
    if (xc_readconsolering(handle_.get(), buffer.data(), &count, keep, read.incremental ? 1 : 0,
                           &read.index) != 0) {
      return failed_errno();
    }
    read.count = count;
    return 0;
  }
  int print_grant_tables() override {
    errno = 0;
    return xc_send_debug_keys(handle_.get(), "g") == 0 ? 0 : failed_errno();
  }
  int physical_info(PhysicalInfo& info) override {
    xc_physinfo_t answer{};
    errno = 0;
    if (xc_physinfo(handle_.get(), &answer) != 0) return failed_errno();
    info = {answer.nr_cpus, answer.capabilities};
    return 0;
  }
  [[nodiscard]] SysctlInterface interface() const override {
    return {XEN_SYSCTL_INTERFACE_VERSION, true};
  }

 private:
  std::unique_ptr<xc_interface, Close> handle_;
};

}  // namespace

Expected<std::unique_ptr<SysctlRoute>> open_libxenctrl_route() {
  errno = 0;
  std::unique_ptr<xc_interface, Close> handle(xc_interface_open(quiet_logger(), quiet_logger(), 0));
  if (!handle) {
    return tl::unexpected(
        open_failure(failed_errno(), "/dev/xen/privcmd and /dev/xen/hypercall", "xen-privcmd"));
  }
  return std::make_unique<LibxenctrlRoute>(std::move(handle));
}

}  // namespace xic
