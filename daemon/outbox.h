// Events on their way to the journal, which may not take them now.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "daemon/event.h"

namespace xic::daemon {

/// Keeps the order. What the sink refuses waits, at most kMost of it; then the oldest is given up
/// and counted.
class Outbox {
 public:
  static constexpr std::size_t kMost = 512;

  /// `sink` must outlive it.
  explicit Outbox(EventSink* sink) : sink_(sink) {}

  /// True where the sink took it at once.
  bool send(Event event);
  /// Offers what waits again.
  void retry();

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  /// Why the sink does not take the first that waits.
  [[nodiscard]] const std::optional<Error>& problem() const { return problem_; }

 private:
  EventSink* sink_;
  std::deque<Event> waiting_;
  std::uint64_t taken_ = 0;
  std::uint64_t dropped_ = 0;
  std::optional<Error> problem_;
};

}  // namespace xic::daemon
