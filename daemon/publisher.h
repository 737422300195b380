// The state file and the metrics: when they are due, and what they hold.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "core/diagnosis/diagnosis.h"
#include "daemon/files.h"
#include "host/ports.h"
#include "report/daemon_status.h"

namespace xic::daemon {

class Publisher {
 public:
  static constexpr std::uint64_t kAtMostEveryNs = 1'000'000'000;
  static constexpr std::uint64_t kAtLeastEveryNs = 60'000'000'000;
  /// Nobody reads the console while they are written: at most one part in this of the time.
  static constexpr std::uint64_t kShare = 20;

  /// Neither `files` nor `clock` is owned. `version`: of this program.
  Publisher(PublishedFiles* files, HostClock* clock, std::string version)
      : files_(files), clock_(clock), version_(std::move(version)) {}

  /// Something is known that the files do not hold yet.
  void changed() { changed_ = true; }
  [[nodiscard]] bool due() const;
  /// Writes both. `facts` and `diagnosis` belong together.
  [[nodiscard]] Expected<void> publish(const Facts& facts, const Diagnosis& diagnosis,
                                       const DaemonStatus& status);

 private:
  PublishedFiles* files_;
  HostClock* clock_;
  std::string version_;
  bool changed_ = true;
  std::uint64_t next_ = 0;  ///< Not before; on the clock of HostClock::uptime().
  std::uint64_t last_ = 0;
};

}  // namespace xic::daemon
