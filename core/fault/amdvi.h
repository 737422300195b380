// What Xen's and Linux's AMD-Vi messages have in common.
#pragma once

#include <cstdint>
#include <optional>

#include "core/fault/fault.h"

namespace xic::amdvi {

// Flags of an IO_PAGE_FAULT event (AMD I/O Virtualization Technology specification, 48882).
inline constexpr std::uint64_t kInterrupt = 0x8;
inline constexpr std::uint64_t kPresent = 0x10;
inline constexpr std::uint64_t kWrite = 0x20;
inline constexpr std::uint64_t kReservedBits = 0x80;
inline constexpr std::uint64_t kTranslationRequest = 0x100;

/// RW means something only where the page was present and the request was an access to memory.
[[nodiscard]] Access access_of(std::uint64_t flags);

/// Takes the flags into the fault.
void apply_flags(Fault* fault, std::uint64_t flags, std::uint8_t digits);

}  // namespace xic::amdvi
