// Waiting, with an ear for signals and events.
#pragma once

#include <vector>

#include "host/capture/file.h"
#include "host/inquiry/deadline.h"

namespace xic::cli {

/// For verbs that end by themselves: a signal ends the process as usual.
class SleepPause final : public Pause {
 public:
  [[nodiscard]] bool wait(std::uint64_t ns) override;
};

/// For `watch`: SIGINT, SIGTERM and SIGHUP are held back from its making on, and end a wait. To be
/// made before any thread (libxenstore starts one).
class SignalPause final : public Pause {
 public:
  [[nodiscard]] static Expected<SignalPause> make();
  /// A wait ends early, too, when `fd` is readable.
  void also(int fd) { events_.push_back(fd); }
  [[nodiscard]] bool wait(std::uint64_t ns) override;

 private:
  explicit SignalPause(UniqueFd signals) : signals_(std::move(signals)) {}
  UniqueFd signals_;
  std::vector<int> events_;
};

}  // namespace xic::cli
