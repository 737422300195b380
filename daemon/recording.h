// The flight recorder of grant maps, as the daemon uses it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/observer.h"
#include "daemon/settings.h"
#include "host/inquiry/grant_dump.h"
#include "host/ports.h"
#include "host/recorder/recorder_witness.h"

namespace xic::daemon {

/// Starts and stops it as configured, tries it on a guest's page before it is believed
/// (self_test()), and has it testify for faults. Everything is nothing while it does not record.
class Recording {
 public:
  static constexpr std::uint64_t kRetryNs = 60'000'000'000;   ///< Of a start that failed.
  static constexpr std::uint64_t kTestifyNs = 1'000'000'000;  ///< Between two, in a storm.

  /// All must outlive it; `recorder` may be null where there is none.
  Recording(GrantRecorder* recorder, GrantTables* grants, HostClock* clock, Observer* observer)
      : recorder_(recorder), grants_(grants), clock_(clock), witness_(recorder, observer) {}

  void set_mode(RecorderMode mode) { mode_ = mode; }
  /// Whose pages it can be tried on.
  void set_guests(std::vector<DomId> guests);
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
  /// For whoever has a 'g' dump printed: the moments at which Xen prints it relate its clock to the
  /// recorder's better than any fault does. Null while it does not record.
  [[nodiscard]] GrantRecorder* stopwatch() const { return recording_ ? recorder_ : nullptr; }
  /// A whole one was printed meanwhile.
  void on_dump(const GrantDump& dump, TimeSpan printed);

 private:
  [[nodiscard]] Expected<void> try_it();

  GrantRecorder* recorder_;
  GrantTables* grants_;
  HostClock* clock_;
  RecorderWitness witness_;
  RecorderMode mode_ = RecorderMode::off;
  bool wanted_ = false;
  bool recording_ = false;
  bool tried_ = false;   ///< The self-test was passed.
  bool may_try_ = true;  ///< There may be a page to try it on.
  std::vector<DomId> guests_;
  std::optional<Error> problem_;
  std::uint64_t not_before_ = 0;
  std::uint64_t testified_ = 0;
};

}  // namespace xic::daemon
