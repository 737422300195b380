// Questions about grants on this host.
#pragma once

#include <memory>
#include <set>

#include "host/live/sysctl.h"
#include "host/live/xen_call.h"
#include "host/ports.h"

struct xengntdev_handle;

namespace xic {

class LiveGrantTables final : public GrantTables {
 public:
  /// Refused frames that are remembered; no further frame is asked for then.
  static constexpr std::size_t kMaxRefused = 4096;

  /// `call` and `sysctl` must outlive it.
  LiveGrantTables(XenCall& call, Sysctl& sysctl) : call_(call), sysctl_(sysctl) {}
  Expected<void> print_all() override { return sysctl_.print_grant_tables(); }
  Expected<GrantedNow::Answer> granted_now(Frame frame) override;
  Expected<GrantTableSize> size(DomId domain) override;
  Expected<RingPage> copy_ring(const TxRing& ring) override;
  Expected<void> touch(const ReservedPage& page) override;

 private:
  struct Close {
    void operator()(xengntdev_handle* handle) const;
  };
  /// Maps one page read-only, copies it (unless `copy` is null), unmaps it: nothing between the
  /// mapping and its end can fail or take time.
  [[nodiscard]] Expected<void> map_briefly(DomId domain, GrantRef ref, const std::string& name,
                                           std::byte* copy);

  XenCall& call_;
  Sysctl& sysctl_;
  std::set<Frame> refused_;  ///< Free, or Xen's: the refusal leaks a reference in the hypervisor.
  std::unique_ptr<xengntdev_handle, Close> gntdev_;
};

}  // namespace xic
