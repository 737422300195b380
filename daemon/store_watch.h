// Keeps what is known of guests and their devices as fresh as xenstore's events allow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/observer.h"
#include "host/ports.h"

namespace xic::daemon {

/// Lists xenstore at first, and again when a domain or a backend has come, gone or changed. Guests
/// can cause such changes: listings are bounded in time, and take a small part of it.
class StoreWatch {
 public:
  static constexpr std::uint64_t kLeastNs = 1'000'000'000;  ///< Between two listings.
  /// A listing takes at most one part in this of the time.
  static constexpr std::uint64_t kShare = 20;
  /// That one may take; one that was cut short is taken again with twice the time.
  static constexpr std::uint64_t kListingNs = 1'000'000'000;
  static constexpr std::uint64_t kMostListingNs = 4'000'000'000;
  static constexpr std::uint64_t kRetryNs = 5'000'000'000;  ///< After a failure, at least.

  /// All must outlive it.
  StoreWatch(Store* store, HostClock* clock, Observer* observer)
      : store_(store), clock_(clock), observer_(observer) {}

  /// Takes the events there are and lists where that is due. True where the observer knows more
  /// now. An error stays until a later try succeeds; what is known stays as well.
  [[nodiscard]] Expected<bool> look();
  /// When it wants to look again because of changes seen; nothing where it only waits for events.
  [[nodiscard]] std::optional<std::uint64_t> next_look() const;
  /// Nothing is missing in what the observer knows.
  [[nodiscard]] bool complete() const { return complete_; }

 private:
  [[nodiscard]] Expected<void> take_events();
  [[nodiscard]] Expected<void> list();

  Store* store_;
  HostClock* clock_;
  Observer* observer_;
  std::size_t watched_ = 0;  ///< Of the paths, set.
  bool changed_ = true;
  bool complete_ = false;
  bool whole_ = false;  ///< What the observer knows was listed to its end.
  std::uint64_t budget_ = kListingNs;
  std::optional<Error> problem_;
  std::uint64_t not_before_ = 0;  ///< On HostClock::uptime().
};

}  // namespace xic::daemon
