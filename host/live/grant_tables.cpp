#include "host/live/grant_tables.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "host/live/failure.h"
#include "host/live/hex.h"
#include "host/live/quiet_logger.h"
#include "host/live/xen/interface.h"
#include "host/live/xen/xengnttab.h"

namespace xic {
namespace {

constexpr std::size_t kPageSize = std::size_t{1} << kPageShift;
constexpr std::uint64_t kFrames = std::uint64_t{1} << (64U - kPageShift);

template <class T>
std::span<std::byte> bytes_of(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

}  // namespace

Expected<GrantedNow::Answer> LiveGrantTables::granted_now(Frame frame) {
  const std::string what =
      "ask whether frame " + hex_of(frame.value()) + " is granted (GNTTABOP_cache_flush)";
  if (frame.value() >= kFrames) {
    return tl::unexpected(Error{Error::Code::malformed, 0, "cannot " + what + ": no such frame",
                                "give a machine frame number, not an address"});
  }
  if (refused_.contains(frame)) return GrantedNow::Answer::free_or_xen;
  if (refused_.size() >= kMaxRefused) {
    return tl::unexpected(Error{Error::Code::too_large, 0,
                                "cannot " + what + ": " + std::to_string(kMaxRefused) +
                                    " frames were free or Xen's already",
                                "each such answer costs the hypervisor a reference; faults at so "
                                "many free frames need no further ones"});
  }
  if (auto opened = call_.open(); !opened) return tl::unexpected(opened.error());
  gnttab_cache_flush question{};
  question.a.dev_bus_addr = address_of(frame).value();
  question.length = 64;  // one cache line: with 0 nothing is checked
  question.op = GNTTAB_CACHE_CLEAN;
  const XenCall::Answer answer = call_.grant_table(GrantOp::cache_flush, bytes_of(question));
  if (answer) return GrantedNow::Answer::granted_or_own;
  switch (answer.error()) {
    case EINVAL:
      return GrantedNow::Answer::not_granted;
    case EPERM:
      refused_.insert(frame);
      return GrantedNow::Answer::free_or_xen;
    default:
      return tl::unexpected(hypercall_failure(answer.error(), what));
  }
}

Expected<GrantTableSize> LiveGrantTables::size(DomId domain) {
  const std::string what = "ask for the size of the grant table of domain " +
                           std::to_string(domain.value()) + " (GNTTABOP_query_size)";
  if (auto opened = call_.open(); !opened) return tl::unexpected(opened.error());
  gnttab_query_size question{};
  question.dom = domain.value();
  const XenCall::Answer answer = call_.grant_table(GrantOp::query_size, bytes_of(question));
  if (!answer) return tl::unexpected(hypercall_failure(answer.error(), what));
  switch (question.status) {
    case GNTST_okay:
      return GrantTableSize{question.nr_frames, question.max_nr_frames};
    case GNTST_bad_domain:
      return tl::unexpected(hypercall_failure(ESRCH, what));
    case GNTST_permission_denied:
      return tl::unexpected(hypercall_failure(EPERM, what));
    default:
      return tl::unexpected(
          Error{Error::Code::io, 0,
                "cannot " + what + ": the hypervisor says " + std::to_string(question.status),
                "not expected: please report it together with `xl info`"});
  }
}

void LiveGrantTables::Close::operator()(xengntdev_handle* handle) const {
  xengnttab_close(handle);
}

Expected<void> LiveGrantTables::map_briefly(DomId domain, GrantRef ref, const std::string& name,
                                            std::byte* copy) {
  const std::string which = name + " of domain " + std::to_string(domain.value()) + " (grant " +
                            hex_of(std::uint64_t{ref.value()}) + ")";
  if (!gntdev_) {
    errno = 0;
    gntdev_.reset(xengnttab_open(quiet_logger(), 0));
    if (!gntdev_) {
      return tl::unexpected(open_failure(failed_errno(), "/dev/xen/gntdev", "xen-gntdev"));
    }
  }
  errno = 0;
  void* mapped = xengnttab_map_grant_ref(gntdev_.get(), domain.value(), ref.value(), PROT_READ);
  if (mapped == nullptr) {
    return tl::unexpected(failure(failed_errno(), "map the " + which,
                                  "the guest may have closed it, or be gone: try again"));
  }
  if (copy != nullptr) std::memcpy(copy, mapped, kPageSize);
  errno = 0;
  if (xengnttab_unmap(gntdev_.get(), mapped, 1) != 0) {
    return tl::unexpected(
        failure(failed_errno(), "unmap the " + which, "it is unmapped when this program ends"));
  }
  return {};
}

Expected<RingPage> LiveGrantTables::copy_ring(const TxRing& ring) {
  RingPage page(kPageSize);
  if (auto copied = map_briefly(ring.domain(), ring.ref(), "transmit ring", page.data()); !copied) {
    return tl::unexpected(copied.error());
  }
  return page;
}

Expected<void> LiveGrantTables::touch(const ReservedPage& page) {
  const bool console = page.kind() == ReservedPage::Kind::console;
  return map_briefly(page.domain(), page.ref(), console ? "console page" : "xenstore page",
                     nullptr);
}

}  // namespace xic
