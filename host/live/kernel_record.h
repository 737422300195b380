// One record of the kernel log, from any of the ways to it, in the form that `dmesg` prints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xic {

/// "[   68.290307] macb ff0e0000.ethernet eth0: ..." (kernel/printk/printk.c: print_time). Bytes
/// that are not printable ASCII become \xNN, as the kernel itself writes them to /dev/kmsg, so that
/// one record stays one line; a tab stays a tab.
[[nodiscard]] std::string dmesg_line(std::uint64_t microseconds, std::string_view text);

/// A record as /dev/kmsg hands it out (Linux: Documentation/ABI/testing/dev-kmsg):
/// "prio,sequence,microseconds,flags[,...];text\n KEY=value\n". Views are into what was parsed.
struct KmsgRecord {
  std::uint32_t priority = 0;  ///< Level in the low three bits, facility above: 0 is the kernel.
  std::uint64_t sequence = 0;
  std::uint64_t microseconds = 0;
  std::string_view text;  ///< Still with the kernel's \xNN.
  [[nodiscard]] bool from_kernel() const { return priority >> 3 == 0; }
};
[[nodiscard]] std::optional<KmsgRecord> parse_kmsg(std::string_view record);

/// The kernel's \xNN undone where that gives a printable character: it escapes its own backslashes.
[[nodiscard]] std::string unescape_kmsg(std::string_view text);

}  // namespace xic
