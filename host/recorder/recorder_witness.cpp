#include "host/recorder/recorder_witness.h"

#include <algorithm>
#include <utility>

#include "core/grant/grant_trace.h"

namespace xic {

void RecorderWitness::reading_begins() {
  before_ = std::exchange(reading_since_, recorder_->now());
}

void RecorderWitness::reading_ended() {
  // What comes now was not there yet when the read before was made.
  poll_ = {before_, recorder_->now()};
}

void RecorderWitness::on_fault(const Fault& fault, std::optional<std::size_t> group) {
  if (stamps_.size() < kMostFaults) stamps_.push_back({fault.time, poll_});
  if (!group || !fault.iova || fault.origin != FaultOrigin::xen) return;
  if (waiting_.size() == kMostFaults) {
    ++given_up_;
    return;
  }
  waiting_.push_back({*group, frame_of(*fault.iova), fault.time, poll_});
}

TimeSpan RecorderWitness::time_of(const Waiting& fault) const {
  TimeSpan time = fault.poll;
  if (const auto stamped = clocks_.host_time(fault.xen)) {
    const TimeSpan both{std::max(time.begin, stamped->begin), std::min(time.end, stamped->end)};
    if (both.begin <= both.end) time = both;
  }
  time.begin -= std::min(time.begin, kReportLatencyNs);
  return time;
}

Expected<void> RecorderWitness::testify() {
  if (waiting_.empty()) return {};
  const std::vector<Waiting> faults = std::exchange(waiting_, {});
  const auto give_up = [&](const Error& error) -> Expected<void> {
    given_up_ += faults.size();
    return tl::unexpected(error);
  };
  const auto state = recorder_->state();
  if (!state) return give_up(state.error());
  if (!state->recording) return {};
  // Not before it is known how fast the clocks drift.
  clocks_.set_drift(state->drift_ppm);
  for (const Stamp& seen : stamps_) clocks_.observe(seen.xen, seen.poll);
  stamps_.clear();
  // Up to here everything will be in what is read now.
  const std::uint64_t now = recorder_->now();
  const auto text = recorder_->read();
  if (!text) return give_up(text.error());
  const GrantTrace trace(*text, now, state->missed);
  for (const Waiting& fault : faults) {
    observer_->add_trace_sighting(fault.group, trace.look_up(fault.frame, time_of(fault)));
  }
  return {};
}

}  // namespace xic
