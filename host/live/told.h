// What the hypervisor says of itself, and what it says instead.
#pragma once

#include <optional>
#include <string>

namespace xic {

/// Nothing where the hypervisor's policy put "<denied>" in the place of `text` (xen_deny() of
/// common/kernel.c).
[[nodiscard]] inline std::optional<std::string> told(const std::string& text) {
  if (text == "<denied>") return std::nullopt;
  return text;
}

}  // namespace xic
