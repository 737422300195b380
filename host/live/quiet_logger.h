// Xen's libraries explain their failures on stderr unless they are given somewhere else to.
#pragma once

struct xentoollog_logger;

namespace xic {

/// Swallows what the libraries would print: the caller makes an Error of errno. Lives forever.
[[nodiscard]] xentoollog_logger* quiet_logger();

}  // namespace xic
