// The hypervisor's account of itself by hypercall (XENVER).
#pragma once

#include "core/hypervisor/answers.h"
#include "host/live/xen_call.h"

namespace xic {

/// An error where `call` cannot be opened or the version is not told; whatever else is not told, or
/// answered with "<denied>", is absent.
[[nodiscard]] Expected<XenIdentity> ask_xenver(XenCall& call);

}  // namespace xic
