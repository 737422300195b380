#include "daemon/recording.h"

namespace xic::daemon {

Expected<void> Recording::run() {
  if (recorder_ == nullptr) return {};
  const bool record =
      mode_ == RecorderMode::always || (mode_ == RecorderMode::after_first_fault && wanted_);
  if (!record) {
    problem_.reset();
    return stop();
  }
  if (recording_) return {};
  const std::uint64_t now = clock_->uptime();
  if (problem_ && now < not_before_) return tl::unexpected(*problem_);
  problem_.reset();
  if (auto started = recorder_->start({}); !started) {
    problem_ = started.error();
    not_before_ = now + kRetryNs;
    return started;
  }
  recording_ = true;
  return {};
}

Expected<void> Recording::stop() {
  if (!recording_) return {};
  recording_ = false;
  return recorder_->stop();
}

void Recording::reading_begins() {
  if (recording_) witness_.reading_begins();
}

void Recording::reading_ended() {
  if (recording_) witness_.reading_ended();
}

void Recording::on_fault(const Fault& fault, std::optional<std::size_t> group) {
  if (recording_) witness_.on_fault(fault, group);
}

Expected<void> Recording::testify(bool now) {
  if (problem_) return tl::unexpected(*problem_);
  if (!recording_) return {};
  const std::uint64_t time = clock_->uptime();
  if (!now && time - testified_ < kTestifyNs) return {};
  testified_ = time;
  return witness_.testify();
}

}  // namespace xic::daemon
