#include "host/live/hypervisor_info.h"

#include <utility>

#include "host/live/failure.h"
#include "host/live/sys_hypervisor.h"
#include "host/live/xenver.h"

namespace xic {
namespace {

template <class T>
void complete(std::optional<T>& answer, const std::optional<T>& other) {
  if (!answer) answer = other;
}

}  // namespace

Expected<XenIdentity> LiveHypervisorInfo::identity() {
  auto files = read_sys_hypervisor(root_);
  auto asked = ask_xenver(call_);
  if (!asked) {
    if (!files) return tl::unexpected(files.error());
    if (*files) return std::move(**files);
    Error error = std::move(asked.error());
    error.message = "there is no /sys/hypervisor of Xen's, and: " + error.message;
    return tl::unexpected(std::move(error));
  }
  if (files && *files) {
    complete(asked->compiler, (*files)->compiler);
    complete(asked->compile_by, (*files)->compile_by);
    complete(asked->compile_date, (*files)->compile_date);
    complete(asked->capabilities, (*files)->capabilities);
    complete(asked->changeset, (*files)->changeset);
    complete(asked->build_id, (*files)->build_id);
    complete(asked->features, (*files)->features);
  }
  return asked;
}

Expected<Frame> LiveHypervisorInfo::maximum_gpfn() {
  if (auto opened = call_.open(); !opened) return tl::unexpected(opened.error());
  const XenCall::Answer answer = call_.maximum_gpfn();
  if (!answer) {
    return tl::unexpected(hypercall_failure(
        answer.error(), "ask for the highest frame of this domain (XENMEM_maximum_gpfn)"));
  }
  return Frame{static_cast<std::uint64_t>(*answer)};
}

}  // namespace xic
