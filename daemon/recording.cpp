#include "daemon/recording.h"

#include <utility>

#include "host/recorder/self_test.h"

namespace xic::daemon {

Expected<void> Recording::run() {
  if (recorder_ == nullptr) return {};
  const bool record =
      mode_ == RecorderMode::always || (mode_ == RecorderMode::after_first_fault && wanted_);
  if (!record) {
    problem_.reset();
    return stop();
  }
  if (recording_) return try_it();
  const std::uint64_t now = clock_->uptime();
  if (problem_ && now < not_before_) return tl::unexpected(*problem_);
  problem_.reset();
  if (auto started = recorder_->start({}); !started) {
    problem_ = started.error();
    not_before_ = now + kRetryNs;
    return started;
  }
  recording_ = true;
  tried_ = false;
  may_try_ = true;
  return try_it();
}

void Recording::set_guests(std::vector<DomId> guests) {
  may_try_ = may_try_ || guests != guests_;
  guests_ = std::move(guests);
}

Expected<void> Recording::try_it() {
  if (tried_ || !std::exchange(may_try_, false)) return {};
  const auto result = self_test(recorder_, grants_, guests_);
  if (result) {
    tried_ = *result == SelfTest::passed;
    return {};
  }
  (void)stop();
  problem_ = result.error();
  not_before_ = clock_->uptime() + kRetryNs;
  return tl::unexpected(*problem_);
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
  if (!recording_ || !tried_) return {};
  const std::uint64_t time = clock_->uptime();
  if (!now && time - testified_ < kTestifyNs) return {};
  testified_ = time;
  return witness_.testify();
}

void Recording::on_dump(const GrantDump& dump, TimeSpan printed) {
  if (!recording_) return;
  witness_.printed(dump.begin_time, printed);
  witness_.printed(dump.end_time, printed);
}

}  // namespace xic::daemon
