// libxencall on the scripted hypervisor.
#include "host/live/xen/xencall.h"

#include <cerrno>
#include <cstring>

#include "host/live/xen/interface.h"
#include "tests/fakes/xen/hypervisor.h"

using fake_xen::Hypervisor;
using fake_xen::result;

struct xencall_handle {
  int unused;
};

namespace {

/// struct xen_sysctl of public/sysctl.h, by offsets: the layouts of 4.11 to master.
struct Sysctl {
  std::byte* at;
  template <class T>
  T get(std::size_t offset) const {
    T value;
    std::memcpy(&value, at + offset, sizeof value);
    return value;
  }
  template <class T>
  void set(std::size_t offset, T value) const {
    std::memcpy(at + offset, &value, sizeof value);
  }
};

int read_console(const Sysctl& sysctl) {
  Hypervisor& xen = Hypervisor::instance();
  Hypervisor::Read read{sysctl.get<std::uint8_t>(8) != 0, sysctl.get<std::uint8_t>(9) != 0,
                        sysctl.get<std::uint32_t>(12), sysctl.get<std::uint32_t>(24)};
  const auto buffer = sysctl.get<std::uint64_t>(16);
  if (!xen.accessible(buffer, read.count)) return EFAULT;
  const int error = xen.read_console(read, reinterpret_cast<char*>(buffer));
  if (error != 0) return error;
  sysctl.set(12, read.index);
  sysctl.set(24, read.count);
  return 0;
}

int do_sysctl(std::uint64_t argument) {
  Hypervisor& xen = Hypervisor::instance();
  if (!xen.has_sysctls()) return ENOSYS;
  if (!xen.accessible(argument, 136)) return EFAULT;
  const Sysctl sysctl{reinterpret_cast<std::byte*>(argument)};
  const auto number = sysctl.get<std::uint32_t>(4);
  if (!xen.is_sysctl_number(number)) {
    const int error = xen.enter("sysctl", "number=" + std::to_string(number));
    return error != 0 ? error : EACCES;
  }
  switch (sysctl.get<std::uint32_t>(0)) {
    case 1:
      return read_console(sysctl);
    case 3: {
      std::uint32_t cpus = 0;
      std::uint32_t capabilities = 0;
      const int error = xen.physinfo(cpus, capabilities);
      sysctl.set(16, cpus);
      sysctl.set(36, capabilities);
      return error;
    }
    case 7: {
      const auto keys = sysctl.get<std::uint64_t>(8);
      const auto count = sysctl.get<std::uint32_t>(16);
      if (!xen.accessible(keys, count)) return EFAULT;
      return xen.debug_keys({reinterpret_cast<const char*>(keys), count});
    }
    default:
      return ENOSYS;
  }
}

int do_grant_table(std::uint64_t op, std::uint64_t argument, std::uint64_t count) {
  Hypervisor& xen = Hypervisor::instance();
  if (count != 1) return EINVAL;
  if (op == GNTTABOP_cache_flush) {
    gnttab_cache_flush question;
    if (!xen.accessible(argument, sizeof question)) return EFAULT;
    std::memcpy(&question, reinterpret_cast<const void*>(argument), sizeof question);
    return xen.cache_flush(question.a.dev_bus_addr, question.offset, question.length, question.op);
  }
  if (op == GNTTABOP_query_size) {
    gnttab_query_size question;
    if (!xen.accessible(argument, sizeof question)) return EFAULT;
    std::memcpy(&question, reinterpret_cast<const void*>(argument), sizeof question);
    int status = 0;
    const int error =
        xen.query_size(question.dom, question.nr_frames, question.max_nr_frames, status);
    question.status = static_cast<std::int16_t>(status);
    std::memcpy(reinterpret_cast<void*>(argument), &question, sizeof question);
    return error;
  }
  xen.enter("grant_table_op", std::to_string(op));
  return ENOSYS;
}

}  // namespace

extern "C" {

xencall_handle* xencall_open(xentoollog_logger*, unsigned) {
  return Hypervisor::instance().open_handle<xencall_handle>("open_xencall");
}

int xencall_close(xencall_handle* handle) {
  if (handle == nullptr) return 0;
  Hypervisor::instance().enter("close_xencall");
  Hypervisor::instance().take(handle);
  return 0;
}

void* xencall_alloc_buffer(xencall_handle*, size_t size) {
  return Hypervisor::instance().allocate(size);
}

void xencall_free_buffer(xencall_handle*, void* memory) {
  if (memory != nullptr) Hypervisor::instance().take(memory);
}

int xencall1(xencall_handle*, unsigned op, uint64_t argument) {
  return result(op == __HYPERVISOR_sysctl ? do_sysctl(argument) : ENOSYS, 0);
}

int xencall2(xencall_handle*, unsigned op, uint64_t command, uint64_t argument) {
  if (op != __HYPERVISOR_xen_version) return result(ENOSYS, 0);
  Hypervisor& xen = Hypervisor::instance();
  if (argument != 0 && !xen.accessible(argument, 1)) return result(EFAULT, 0);
  long value = 0;
  const int error =
      xen.version(static_cast<unsigned>(command), reinterpret_cast<void*>(argument), value);
  return result(error, static_cast<int>(value));
}

long xencall2L(xencall_handle*, unsigned op, uint64_t command, uint64_t) {
  if (op != __HYPERVISOR_memory_op || command != XENMEM_maximum_gpfn) return result(ENOSYS, 0L);
  long value = 0;
  const int error = Hypervisor::instance().maximum_gpfn(value);
  return result(error, value);
}

int xencall3(xencall_handle*, unsigned op, uint64_t command, uint64_t argument, uint64_t count) {
  if (op != __HYPERVISOR_grant_table_op) return result(ENOSYS, 0);
  return result(do_grant_table(command, argument, count), 0);
}

}  // extern "C"
