// Commits as builds name them.
#pragma once

#include <optional>
#include <string_view>

#include "core/hypervisor/hypervisor.h"

namespace xic {

/// "Mon Feb 8 10:49:32 2021 -0800 git:04085ec1ac-dirty" (Xen's tools/scmversion). The date is the
/// author's, so it decides nothing and is not read.
[[nodiscard]] std::optional<Commit> commit_in_changeset(std::string_view text);

/// "Debian 4.14.0+88-g1d1d1f5391-2": the upstream commit a package was cut from.
[[nodiscard]] std::optional<Commit> commit_in_package_version(std::string_view text);

/// "xen-4.14+stableAUTOINC+ad844aa352-r0": Yocto's PF, in compile_by with
/// BUILD_REPRODUCIBLE_BINARIES=1. The hypercall's field holds 15 characters, so the hash may be cut
/// short there; below 7 digits it names nothing.
[[nodiscard]] std::optional<Commit> commit_in_recipe(std::string_view compile_by);

}  // namespace xic
