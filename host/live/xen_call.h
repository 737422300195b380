// Hypercalls through libxencall, whose interface is stable: one build serves every Xen release.
//
// Only those that this program may use can be expressed. None of them changes the hypervisor, a
// domain, or anybody's view of the console.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/types.h"

struct xencall_handle;

namespace xic {

struct FreeHypercallMemory {
  xencall_handle* handle = nullptr;
  void operator()(std::byte* memory) const;
};

/// Memory that the hypervisor can read and write.
class HypercallBuffer {
 public:
  HypercallBuffer() = default;
  [[nodiscard]] std::byte* data() const { return memory_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::uint64_t address() const;

 private:
  friend class XenCall;
  HypercallBuffer(xencall_handle* handle, std::byte* memory, std::size_t size)
      : memory_(memory, FreeHypercallMemory{handle}), size_(size) {}
  std::unique_ptr<std::byte, FreeHypercallMemory> memory_;
  std::size_t size_ = 0;
};

/// Sub-operations of the hypercalls used, by their numbers (public/version.h of Xen 4.20 for the
/// last four, which older ones do not have; public/grant_table.h).
enum class VersionOp : unsigned {
  version = 0,
  extraversion = 1,
  compile_info = 2,
  capabilities = 3,
  changeset = 4,
  features = 6,
  command_line = 9,
  build_id = 10,
  long_extraversion = 11,
  long_capabilities = 12,
  long_changeset = 13,
  long_command_line = 14,
};
enum class GrantOp : unsigned { query_size = 6, cache_flush = 12 };

class XenCall {
 public:
  /// Bytes of an argument, at most.
  static constexpr std::size_t kMaxArgument = 16384;
  /// The hypercall's value, or its errno.
  using Answer = tl::expected<long, int>;

  XenCall();
  ~XenCall();
  XenCall(const XenCall&) = delete;
  XenCall& operator=(const XenCall&) = delete;

  /// Opens /dev/xen/privcmd unless it is open. The other calls need it done, and then fail in the
  /// hypervisor only: their errno is its answer.
  [[nodiscard]] Expected<void> open();
  /// Zeroed. Must not outlive this object.
  [[nodiscard]] Expected<HypercallBuffer> allocate(std::size_t size);

  /// XENVER; `argument` may be empty (a null argument).
  [[nodiscard]] Answer version(VersionOp op, std::span<std::byte> argument);
  /// GNTTABOP with one element, `argument`.
  [[nodiscard]] Answer grant_table(GrantOp op, std::span<std::byte> argument);
  /// XENMEM_maximum_gpfn of this domain.
  [[nodiscard]] Answer maximum_gpfn();
  /// `argument` is a struct xen_sysctl.
  [[nodiscard]] Answer sysctl(const HypercallBuffer& argument);

 private:
  struct Close {
    void operator()(xencall_handle* handle) const;
  };
  /// Copies an argument to where the hypervisor can read it: there, or 0 where it is empty.
  [[nodiscard]] std::uint64_t put(std::span<const std::byte> argument) const;

  std::unique_ptr<xencall_handle, Close> handle_;
  HypercallBuffer argument_;
};

}  // namespace xic
