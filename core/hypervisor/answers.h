// What a hypervisor answers when it is asked, in its own words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace xic {

/// The hypervisor's account of itself. XENVER has a stable ABI and asks for no rights, except where
/// noted; what an older hypervisor or a policy does not tell is absent.
struct XenIdentity {
  unsigned major = 0;
  unsigned minor = 0;
  std::string extra;  ///< ".1-pre"
  std::optional<std::string> compiler;
  std::optional<std::string> compile_by;
  std::optional<std::string> compile_domain;
  std::optional<std::string> compile_date;
  std::optional<std::string> capabilities;  ///< "xen-3.0-aarch64 xen-3.0-armv7l"
  std::optional<std::string> changeset;     ///< "" where the build names none.
  std::optional<std::string> command_line;  ///< Privileged.
  std::optional<std::string> build_id;      ///< Hex; privileged.
  std::optional<std::uint64_t> features;    ///< XENFEAT words 0 and 1.
  std::string source;                       ///< "/sys/hypervisor" or "XENVER hypercall"
};

/// XEN_SYSCTL_physinfo, as far as every layout from 4.11 on agrees.
struct PhysicalInfo {
  std::uint32_t cpus = 0;
  std::uint32_t capabilities = 0;  ///< XEN_SYSCTL_PHYSCAP bits; see facts of the release.
};

}  // namespace xic
