#include "host/live/xen_call.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "host/live/failure.h"
#include "host/live/quiet_logger.h"
#include "host/live/xen/interface.h"
#include "host/live/xen/xencall.h"

namespace xic {
namespace {

static_assert(static_cast<unsigned>(VersionOp::build_id) == XENVER_build_id);
static_assert(static_cast<unsigned>(GrantOp::query_size) == GNTTABOP_query_size);
static_assert(static_cast<unsigned>(GrantOp::cache_flush) == GNTTABOP_cache_flush);

XenCall::Answer answer(long value) {
  if (value < 0) return tl::unexpected(failed_errno());
  return value;
}

}  // namespace

std::uint64_t HypercallBuffer::address() const {
  return reinterpret_cast<std::uintptr_t>(memory_.get());
}

void FreeHypercallMemory::operator()(std::byte* memory) const {
  xencall_free_buffer(handle, memory);
}

void XenCall::Close::operator()(xencall_handle* handle) const {
  xencall_close(handle);
}

XenCall::XenCall() = default;
XenCall::~XenCall() = default;

Expected<void> XenCall::open() {
  if (argument_.size() != 0) return {};
  if (!handle_) {
    errno = 0;
    handle_.reset(xencall_open(quiet_logger(), 0));
    if (!handle_) {
      // The library opens the second one too where it exists, and gives up if it may not.
      return tl::unexpected(
          open_failure(failed_errno(), "/dev/xen/privcmd and /dev/xen/hypercall", "xen-privcmd"));
    }
  }
  auto argument = allocate(kMaxArgument);
  if (!argument) return tl::unexpected(argument.error());
  argument_ = std::move(*argument);
  return {};
}

Expected<HypercallBuffer> XenCall::allocate(std::size_t size) {
  errno = 0;
  void* memory = xencall_alloc_buffer(handle_.get(), size);
  if (memory == nullptr) {
    return tl::unexpected(
        failure(failed_errno(), "allocate memory for a hypercall", "free some of dom0's memory"));
  }
  std::memset(memory, 0, size);
  return HypercallBuffer(handle_.get(), static_cast<std::byte*>(memory), size);
}

std::uint64_t XenCall::put(std::span<const std::byte> argument) const {
  std::copy(argument.begin(), argument.end(), argument_.data());
  errno = 0;
  return argument.empty() ? 0 : argument_.address();
}

XenCall::Answer XenCall::version(VersionOp op, std::span<std::byte> argument) {
  const std::uint64_t address = put(argument);
  const Answer result = answer(
      xencall2(handle_.get(), __HYPERVISOR_xen_version, static_cast<std::uint64_t>(op), address));
  std::copy_n(argument_.data(), argument.size(), argument.begin());
  return result;
}

XenCall::Answer XenCall::grant_table(GrantOp op, std::span<std::byte> argument) {
  const std::uint64_t address = put(argument);
  const Answer result = answer(xencall3(handle_.get(), __HYPERVISOR_grant_table_op,
                                        static_cast<std::uint64_t>(op), address, 1));
  std::copy_n(argument_.data(), argument.size(), argument.begin());
  return result;
}

XenCall::Answer XenCall::maximum_gpfn() {
  constexpr domid_t self = DOMID_SELF;
  const std::uint64_t address = put(std::as_bytes(std::span(&self, 1)));
  return answer(xencall2L(handle_.get(), __HYPERVISOR_memory_op, XENMEM_maximum_gpfn, address));
}

XenCall::Answer XenCall::sysctl(const HypercallBuffer& argument) {
  errno = 0;
  return answer(xencall1(handle_.get(), __HYPERVISOR_sysctl, argument.address()));
}

}  // namespace xic
