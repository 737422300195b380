#include "host/live/sysctl.h"

#include <cerrno>
#include <utility>

#include "host/live/failure.h"
#include "host/live/libxenctrl_route.h"

namespace xic {
namespace {

Error sysctl_failure(int sys_errno, const std::string& what) {
  Error error = hypercall_failure(sys_errno, what);
  if (sys_errno == ENOSYS) {
    error.hint =
        "this hypervisor was built without sysctls (CONFIG_SYSCTL=n, Xen 4.21 and later): give "
        "the log of its serial console with --log";
  }
  return error;
}

}  // namespace

template <class Ask>
Expected<void> Sysctl::ask(const std::string& what, Ask ask) {
  if (proven_ != nullptr) {
    const int error = ask(*proven_);
    if (error != 0) return tl::unexpected(sysctl_failure(error, what));
    return {};
  }
  if (!libxenctrl_) {
    auto opened = open_libxenctrl_route();
    if (!opened) return tl::unexpected(opened.error());
    libxenctrl_ = std::move(*opened);
  }
  const int error = ask(*libxenctrl_);
  if (error == EACCES) return search(what, ask);
  if (error != 0) return tl::unexpected(sysctl_failure(error, what));
  proven_ = libxenctrl_.get();
  return {};
}

template <class Ask>
Expected<void> Sysctl::search(const std::string& what, Ask ask) {
  if (!libxencall_) {
    auto opened = XencallRoute::open(call_);
    if (!opened) return tl::unexpected(opened.error());
    libxencall_ = std::move(*opened);
  }
  for (std::uint32_t number = kFirstNumber; number <= kLastNumber; ++number) {
    libxencall_->use(number);
    const int error = ask(*libxencall_);
    if (error == EACCES) continue;
    if (error != 0) return tl::unexpected(sysctl_failure(error, what));
    proven_ = libxencall_.get();
    return {};
  }
  Error error = failure(EACCES, what);
  error.code = Error::Code::abi_mismatch;
  error.message += " under any sysctl interface number from 0x10 to 0x2f";
  error.hint =
      "either the hypervisor's policy (Flask) forbids it to this domain, or the hypervisor is "
      "newer than this program knows";
  return tl::unexpected(std::move(error));
}

Expected<RingRead> Sysctl::read_console(std::optional<RingIndex> after, std::span<char> buffer) {
  ConsoleRead read;
  auto done = ask("read the console ring (XEN_SYSCTL_readconsole)", [&](SysctlRoute& route) {
    read = {after.has_value(), after.value_or(RingIndex{}).value(), 0};
    return route.read_console(read, buffer);
  });
  if (!done) return tl::unexpected(done.error());
  if (read.count > buffer.size()) {
    return tl::unexpected(Error{Error::Code::malformed, 0,
                                "the hypervisor gave " + std::to_string(read.count) +
                                    " bytes of its console ring for " +
                                    std::to_string(buffer.size()) + " asked",
                                "not expected: please report it together with `xl info`"});
  }
  return RingRead{read.count, RingIndex{read.index}};
}

Expected<void> Sysctl::print_grant_tables() {
  return ask("have the hypervisor print all grants (debug key 'g')",
             [](SysctlRoute& route) { return route.print_grant_tables(); });
}

Expected<PhysicalInfo> Sysctl::physical_info() {
  PhysicalInfo info;
  auto done = ask("ask for the hypervisor's capabilities (XEN_SYSCTL_physinfo)",
                  [&](SysctlRoute& route) { return route.physical_info(info); });
  if (!done) return tl::unexpected(done.error());
  return info;
}

Expected<SysctlInterface> Sysctl::interface() {
  if (proven_ == nullptr) {
    char byte = 0;
    if (auto read = read_console(std::nullopt, {&byte, 1}); !read) {
      return tl::unexpected(read.error());
    }
  }
  return proven_->interface();
}

}  // namespace xic
