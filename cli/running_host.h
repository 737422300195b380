// The host this program runs on.
#pragma once

#include <memory>
#include <string>

#include "core/diagnosis/facts.h"
#include "core/types.h"
#include "host/console_event.h"
#include "host/ports.h"

namespace xic::cli {

class RunningHost {
 public:
  virtual ~RunningHost() = default;
  /// Valid as long as this object.
  [[nodiscard]] virtual Ports ports() = 0;
  /// Takes Xen's console event for this process: only where the user asked for it.
  [[nodiscard]] virtual Expected<std::unique_ptr<ConsoleEvent>> console_event() = 0;
  /// The flight recorder of dom0's kernel; valid as long as this object.
  [[nodiscard]] virtual GrantRecorder* recorder() = 0;
  /// The probe (docs/probe.md), with `facts` as what is known of this host now: only where the user
  /// asked for it.
  [[nodiscard]] virtual ProbeResult probe(const Facts& facts) = 0;
};

/// `root` stands before /proc, /sys and /dev/kmsg. An error where this build has no Xen libraries.
[[nodiscard]] Expected<std::unique_ptr<RunningHost>> running_host(const std::string& root);

}  // namespace xic::cli
