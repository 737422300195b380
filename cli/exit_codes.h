// What the process says with its exit status.
#pragma once

#include "core/types.h"

namespace xic::cli {

/// 0 to 3 are the verdict of `check`; the rest follow sysexits.h.
enum ExitCode : int {
  kExitOk = 0,
  kExitUnknown = 3,       ///< Also Nagios' UNKNOWN.
  kExitUsage = 64,        ///< The command line is wrong.
  kExitUnavailable = 69,  ///< What it asks for cannot be had here.
  kExitInternal = 70,
  kExitIo = 74,  ///< Input unreadable or malformed, or output could not be written.
  kExitPermission = 77,
};

/// The status that tells `code`.
[[nodiscard]] constexpr ExitCode exit_code_for(Error::Code code) {
  switch (code) {
    case Error::Code::denied:
      return kExitPermission;
    case Error::Code::abi_mismatch:
    case Error::Code::unavailable:
      return kExitUnavailable;
    case Error::Code::not_found:
    case Error::Code::malformed:
    case Error::Code::too_large:
    case Error::Code::io:
      return kExitIo;
  }
  return kExitInternal;
}

}  // namespace xic::cli
