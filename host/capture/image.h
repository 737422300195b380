// What a hypervisor binary says about itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/hypervisor/hypervisor.h"

namespace xic {

/// A build's self-description, as found; absent = not found.
struct ImageIdentity {
  std::optional<std::string> version;  ///< "4.14.1"
  std::optional<std::string>
      changeset;                       ///< "Thu Dec 17 17:47:25 2020 +0100 git:ad844aa352", or "".
  std::optional<std::string> vendor;   ///< "Debian"
  std::optional<std::string> package;  ///< "4.17.7+13-g2445b30a44-0+deb12u1"
  std::optional<std::string> compile_by;
  std::optional<std::string> compile_domain;
  std::optional<std::string> compiler;  ///< "aarch64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0"
  std::optional<std::string> build_id;  ///< Hex.
  std::optional<bool> debug_build;
  std::optional<Arch> arch;
};

/// Scans an unpacked image (raw arm64 or arm32, EFI, ELF). Linear; any bytes.
[[nodiscard]] ImageIdentity scan_image(std::string_view image);

/// The lines in which such a hypervisor would introduce itself on its console.
[[nodiscard]] std::string console_lines(const ImageIdentity& identity);

/// Strips a U-Boot header and unpacks gzip, as often as they are nested, at most four times.
[[nodiscard]] Expected<std::string> unpack_image(std::string bytes, const std::string& name);

}  // namespace xic
