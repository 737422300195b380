// Xen's console ring -> the observer, with exact places and losses.
#pragma once

#include <cstdint>
#include <optional>

#include "core/observer.h"
#include "host/inquiry/console_reader.h"
#include "host/ports.h"

namespace xic::daemon {

/// Reads the ring from its oldest byte on, so that the observer knows what was printed at boot;
/// whoever watches leaves out what it has seen before, by offset. Offsets are Xen's index,
/// continued beyond 32 bits.
class ConsoleTap {
 public:
  /// Of the console among the observer's inputs: it is the first that is opened.
  static constexpr std::uint32_t kInput = 0;

  ConsoleTap(ConsoleRing* ring, Observer* observer) : ring_(ring), observer_(observer) {}

  struct Begin {
    bool goes_on = false;    ///< The cursor given lies in, or before, what the ring holds.
    std::uint64_t lost = 0;  ///< Overwritten between that cursor and the oldest byte.
    std::uint64_t oldest = 0;
  };
  /// Looks where the ring stands; reads nothing to the observer yet. `saved`: an earlier cursor.
  [[nodiscard]] Expected<Begin> begin(std::optional<std::uint64_t> saved);

  struct Step {
    std::uint64_t bytes = 0;  ///< Fed. 0: nothing new.
    std::uint64_t lost = 0;   ///< In front of them.
  };
  /// Whose chunks are to be given to take(), each and in order.
  [[nodiscard]] ConsoleReader* reader() { return &*reader_; }
  Step take(const ConsoleChunk& chunk);

  /// Everything before it was delivered; see Observer::unsettled_from().
  [[nodiscard]] std::uint64_t cursor() const;

 private:
  [[nodiscard]] Expected<RingIndex> find_end(RingIndex oldest);

  ConsoleRing* ring_;
  Observer* observer_;
  std::optional<ConsoleReader> reader_;  ///< From begin() on.
  std::uint64_t end_ = 0;                ///< Of what was fed.
  std::optional<Observer::InputId> input_;
};

}  // namespace xic::daemon
