// When a line was printed, on whose clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace xic {

enum class Clock : std::uint8_t {
  none,        ///< The line carries no time.
  xen_boot,    ///< "[    3.378169]" after "(XEN)": nanoseconds since Xen started.
  xen_wall,    ///< "[2026-11-23 09:15:02.114]" after "(XEN)": nanoseconds since 1970, UTC.
  xen_cycles,  ///< "[0000001b1ffedeb8]" after "(XEN)": raw counter; not comparable with the others.
  dom0_uptime,  ///< "[   68.290307]" of dom0's Linux: nanoseconds since that kernel started.
};

/// A point in time on one clock. Values of different clocks are never compared.
struct Timestamp {
  Clock clock = Clock::none;
  std::uint64_t value = 0;  ///< Nanoseconds; for xen_cycles the counter itself.
};

/// What printk_start_of_line() of Xen prints for each console_timestamps= setting (Xen 4.4 to
/// master, drivers/char/console.c). On success `*text` is advanced past the stamp and its blank.
/// Unstamped text is left alone and gives Clock::none. Never fails.
[[nodiscard]] Timestamp take_xen_timestamp(std::string_view* text);

/// Linux's printk time "[   68.290307] ", optionally with a caller id "[ T123]" behind it.
[[nodiscard]] Timestamp take_linux_timestamp(std::string_view* text);

/// `later - earlier` in nanoseconds where both are on the same, linear clock; else nothing.
[[nodiscard]] std::optional<std::int64_t> elapsed_ns(Timestamp earlier, Timestamp later);

}  // namespace xic
