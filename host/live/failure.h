// Errors of system and library calls, in words.
#pragma once

#include <string>

#include "core/types.h"

namespace xic {

/// The error of a call that ended with `sys_errno`. `what` says what was tried and on what: "read
/// the console ring (XEN_SYSCTL_readconsole)"; `hint` what the user can do.
[[nodiscard]] Error failure(int sys_errno, const std::string& what, std::string hint = "");

/// The error of opening a device node of Xen. `module` is the Linux module that makes it.
[[nodiscard]] Error open_failure(int sys_errno, const std::string& nodes,
                                 const std::string& module);

/// The error of a hypercall, or of the hypercall behind a library call.
[[nodiscard]] Error hypercall_failure(int sys_errno, const std::string& what);

/// errno after a call of a library that failed: never 0.
[[nodiscard]] int failed_errno();

}  // namespace xic
