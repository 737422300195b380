// Joins faults with what the flight recorder holds: who had granted the frame, at the fault's time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/fault/fault.h"
#include "core/grant/clock_relation.h"
#include "core/observer.h"
#include "host/ports.h"

namespace xic {

/// For whatever watches a host. Around every read of the console: reading_begins(), the read,
/// reading_ended(), then feed the bytes, handing each fault to on_fault(), then testify().
class RecorderWitness {
 public:
  /// Faults that one testify() answers for; the rest are counted and have no sighting.
  static constexpr std::size_t kMostFaults = 4096;

  /// Both must outlive it.
  RecorderWitness(GrantRecorder* recorder, Observer* observer)
      : recorder_(recorder), observer_(observer) {}

  void reading_begins();
  void reading_ended();
  void on_fault(const Fault& fault, std::optional<std::size_t> group);
  /// Xen printed a line with this stamp within `host`: for lines whose printing we caused ourselves
  /// (the 'g' dump), which relate the clocks best.
  void printed(Timestamp xen, TimeSpan host) { clocks_.observe(xen, host); }

  /// Reads the recorder once if faults wait, and gives the observer what it says of each. After an
  /// error the faults are given up: a later trace would say less.
  [[nodiscard]] Expected<void> testify();
  /// Width of what is not known about Xen's clock, in ns; nothing before it was related.
  [[nodiscard]] std::optional<std::uint64_t> clock_uncertainty() const {
    return clocks_.uncertainty();
  }
  [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

 private:
  struct Waiting {
    std::size_t group = 0;
    Frame frame;
    Timestamp xen;
    TimeSpan poll;  ///< Between which it was printed.
  };
  struct Stamp {
    Timestamp xen;
    TimeSpan poll;
  };
  [[nodiscard]] TimeSpan time_of(const Waiting& fault) const;

  GrantRecorder* recorder_;
  Observer* observer_;
  ClockRelation clocks_;
  std::uint64_t before_ = 0;  ///< Begin of the read before; 0: there was none.
  std::uint64_t reading_since_ = 0;
  TimeSpan poll_;
  std::vector<Waiting> waiting_;
  std::vector<Stamp> stamps_;  ///< Of faults since the clocks were related last.
  std::uint64_t given_up_ = 0;
};

}  // namespace xic
