// The sysctls this program uses, as a way to issue them.
#pragma once

#include <cstdint>
#include <span>

#include "core/hypervisor/answers.h"
#include "host/ports.h"

namespace xic {

/// XEN_SYSCTL_readconsole (public/sysctl.h) without its `clear`.
struct ConsoleRead {
  bool incremental = false;  ///< Begin behind `index`, not at the oldest byte.
  std::uint32_t index = 0;   ///< Out: index behind the last byte copied.
  std::uint32_t count = 0;   ///< Out: bytes copied.
};

/// Each call returns 0, or an errno. EACCES comes from the wrong interface number, which the
/// hypervisor compares before it looks at anything else, and from its policy (Flask:
/// xsm/flask/avc.c).
class SysctlRoute {
 public:
  virtual ~SysctlRoute() = default;
  [[nodiscard]] virtual int read_console(ConsoleRead& read, std::span<char> buffer) = 0;
  /// Debug key 'g'.
  [[nodiscard]] virtual int print_grant_tables() = 0;
  [[nodiscard]] virtual int physical_info(PhysicalInfo& info) = 0;
  /// Which number it uses.
  [[nodiscard]] virtual SysctlInterface interface() const = 0;
};

}  // namespace xic
