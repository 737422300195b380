// The lines in which a hypervisor names itself.
#pragma once

#include <optional>
#include <string_view>

#include "core/hypervisor/hypervisor.h"

namespace xic {

/// "Xen version 4.14.1 (@) (aarch64-linux-gnu-gcc ...) debug=n  Mon ..." (console_init_preirq).
/// Views point into the text.
struct Banner {
  Version version;
  std::string_view distribution;  ///< "Debian 4.14.6-1", or "".
  std::string_view compile_by;    ///< What stands before the "@", or "".
  std::optional<Arch> arch;       ///< By the compiler's triple, where it has one.
  std::optional<bool> debug;
};
[[nodiscard]] std::optional<Banner> parse_banner(std::string_view text);

/// "----[ Xen-4.14.0  arm64  debug=y   Not tainted ]----", the head of a register dump.
struct CrashBanner {
  Version version;
  std::optional<Arch> arch;
  std::optional<bool> debug;
};
[[nodiscard]] std::optional<CrashBanner> parse_crash_banner(std::string_view text);

/// "Xen 4.13.0 (c/s Tue Dec 17 14:19:49 2019 +0000 git:a2e84d8e42-dirty) EFI loader"
struct LoaderBanner {
  Version version;
  std::string_view changeset;
};
[[nodiscard]] std::optional<LoaderBanner> parse_loader_banner(std::string_view text);

/// " Xen 4.13-unstable" alone on its line (xen_banner(), no "(XEN)" in front).
[[nodiscard]] std::optional<Version> parse_plain_banner(std::string_view text);

/// By the first component of a compiler's or a machine's name: "aarch64-linux-gnu-gcc", "x86_64",
/// "armv7l".
[[nodiscard]] std::optional<Arch> arch_of(std::string_view name);

/// "debug=y" within a banner.
[[nodiscard]] std::optional<bool> debug_state(std::string_view text);

}  // namespace xic
