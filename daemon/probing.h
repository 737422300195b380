// The probe (docs/probe.md), as the daemon makes it: where it is configured, once per boot.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/diagnosis/facts.h"
#include "daemon/settings.h"
#include "daemon/state_file.h"
#include "host/ports.h"

namespace xic::daemon {

/// Makes it, by what is known of the host. May take seconds. Empty where there is none.
using RunProbe = std::function<ProbeResult(const Facts&)>;

/// Remembers its answer over restarts, and that it was begun: a run that did not live to see its
/// end does not begin another in the same boot.
class Probing {
 public:
  static constexpr std::uint64_t kAgainNs = 600'000'000'000;  ///< After one that gave no answer.

  /// `clock` must outlive it.
  Probing(StateFile memory, HostClock* clock, RunProbe run)
      : memory_(std::move(memory)), clock_(clock), run_(std::move(run)) {}

  void set_mode(ProbeMode mode);
  /// What an earlier run has found in this boot, if it did.
  [[nodiscard]] std::optional<ProbeResult> recall(const std::string& boot);
  /// It should be made now. Without a guest it has no page to ask about.
  [[nodiscard]] bool due(const Facts& facts) const;
  /// Makes it. Nothing where the state directory could not take down that it was begun.
  [[nodiscard]] std::optional<ProbeResult> make(const Facts& facts);
  /// Why there is no answer, where one is wanted and was tried for.
  [[nodiscard]] Expected<void> problem() const;

 private:
  [[nodiscard]] Expected<void> remember(const char* state, const ProbeResult* result);

  StateFile memory_;
  HostClock* clock_;
  RunProbe run_;
  ProbeMode mode_ = ProbeMode::never;
  std::string boot_;
  bool settled_ = false;  ///< Answered, or not to be made again in this boot.
  std::uint64_t not_before_ = 0;
  std::optional<Error> problem_;
};

}  // namespace xic::daemon
