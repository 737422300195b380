// What log daemons and tools put in front of a line. Private to core/console.
#pragma once

#include <cstddef>
#include <string_view>

namespace xic {

struct LogPrefix {
  std::size_t length = 0;  ///< Blanks in front and behind included.
  bool stamped = false;    ///< There is more than blanks.
  bool kernel = false;     ///< A log daemon says that the kernel of this system printed it.
};

/// The prefix of `line`: blanks; a date and time of syslog, journald or a terminal program, with
/// host and program behind it; "<6>" of `dmesg -r`; "kern  :info  : " of `dmesg -x`; the
/// "0x000000000277BBFA |   1263.468579:   " of a vendor's log tool.
[[nodiscard]] LogPrefix parse_log_prefix(std::string_view line);

/// journalctl -o short-monotonic puts "host kernel: " behind Linux's stamp: takes it off.
void strip_host_and_kernel(std::string_view* text);

}  // namespace xic
