#include "daemon/outbox.h"

#include <utility>

namespace xic::daemon {

bool Outbox::send(Event event) {
  waiting_.push_back(std::move(event));
  if (waiting_.size() > kMost) {
    waiting_.pop_front();
    ++dropped_;
  }
  // A sink that is known to refuse is asked by retry(), once a round.
  if (!problem_) retry();
  return waiting_.empty();
}

void Outbox::retry() {
  problem_.reset();
  while (!waiting_.empty()) {
    if (auto sent = sink_->publish(waiting_.front()); !sent) {
      problem_ = std::move(sent.error());
      return;
    }
    waiting_.pop_front();
    ++taken_;
  }
}

}  // namespace xic::daemon
