// One message of a console text, with its provenance.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/console/timestamp.h"

namespace xic {

/// Which program printed the message, as far as its form tells.
enum class Speaker : std::uint8_t {
  xen,          ///< Carries "(XEN) ".
  dom0_kernel,  ///< Carries Linux's "[ uptime ]", or a journald/syslog "kernel:" prefix.
  unknown,      ///< Neither: tool output, an unstamped kernel line, a continuation.
};

/// One message. A physical line holds more than one where messages are glued together:
/// "(XEN) part of one(XEN) smmu: ..." or "... mask 0x7fff<2>smmu: ..." (Xen 4.7 and later keep
/// continuation state per CPU, commit 1e8193b578).
/// All views point into the reader's buffer and are valid only during the call that delivers them.
struct Line {
  std::string_view text;  ///< The message itself: no prefix, no stamp, no end-of-line bytes.
  std::string_view raw;   ///< The whole physical line as found, but for marks of mail quoting; of
                          ///< joined lines all, with a LF between.
  Speaker speaker = Speaker::unknown;
  Timestamp time;
  bool mid_line = false;     ///< Other text stands before this message on its line: its author is
                             ///< uncertain, a guest may have written it.
  bool repaired = false;     ///< Put together from a wrapped or quoted paste.
  std::uint64_t offset = 0;  ///< Of the physical line, in bytes, in the input it came from.
  std::uint32_t input = 0;   ///< Which input (index into the caller's list of sources).
};

/// What a consumer did with a line.
enum class Consumed : std::uint8_t {
  no,          ///< Not mine.
  yes,         ///< Understood, or mine and recorded as damaged.
  needs_more,  ///< The start of mine, cut off: offer it again joined with the next line.
};

}  // namespace xic
