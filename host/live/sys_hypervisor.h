// The hypervisor's account of itself in /sys/hypervisor (Linux: drivers/xen/sys-hypervisor.c).
#pragma once

#include <optional>
#include <string>

#include "core/hypervisor/answers.h"
#include "core/types.h"

namespace xic {

/// Needs no rights. Nothing where Linux does not run on Xen; an error where it does and the version
/// cannot be read. Other properties that cannot be read are absent: Linux gives the build id and
/// others as errors of their files.
[[nodiscard]] Expected<std::optional<XenIdentity>> read_sys_hypervisor(const std::string& root);

}  // namespace xic
