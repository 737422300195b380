// The flight recorder of grant maps, as the daemon uses it.
#pragma once

#include <cstdint>
#include <optional>

#include "core/observer.h"
#include "daemon/settings.h"
#include "host/ports.h"
#include "host/recorder/recorder_witness.h"

namespace xic::daemon {

/// Starts and stops it as configured, and has it testify for faults. Everything is nothing while it
/// does not record.
class Recording {
 public:
  static constexpr std::uint64_t kRetryNs = 60'000'000'000;   ///< Of a start that failed.
  static constexpr std::uint64_t kTestifyNs = 1'000'000'000;  ///< Between two, in a storm.

  /// All must outlive it; `recorder` may be null where there is none.
  Recording(GrantRecorder* recorder, HostClock* clock, Observer* observer)
      : recorder_(recorder), clock_(clock), witness_(recorder, observer) {}

  void set_mode(RecorderMode mode) { mode_ = mode; }
  /// Does what the mode wants now. An error stays until a later try succeeds.
  [[nodiscard]] Expected<void> run();
  /// A fault came for which `after-first-fault` waits.
  void note_fault() { wanted_ = true; }
  /// Removes it from the kernel where this daemon runs it.
  [[nodiscard]] Expected<void> stop();

  // Around each reading of the console; see RecorderWitness.
  void reading_begins();
  void reading_ended();
  void on_fault(const Fault& fault, std::optional<std::size_t> group);
  /// `now`: whatever it costs; else only where the last time was a while ago.
  [[nodiscard]] Expected<void> testify(bool now);

 private:
  GrantRecorder* recorder_;
  HostClock* clock_;
  RecorderWitness witness_;
  RecorderMode mode_ = RecorderMode::off;
  bool wanted_ = false;
  bool recording_ = false;
  std::optional<Error> problem_;
  std::uint64_t not_before_ = 0;
  std::uint64_t testified_ = 0;
};

}  // namespace xic::daemon
