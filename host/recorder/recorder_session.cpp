#include "host/recorder/recorder_session.h"

#include <utility>

#include "core/backend/guests.h"
#include "host/recorder/self_test.h"

namespace xic {

RecorderSession::RecorderSession(GrantRecorder* recorder, GrantTables* grants, Observer* observer,
                                 RecorderPlan plan)
    : recorder_(recorder),
      grants_(grants),
      observer_(observer),
      plan_(std::move(plan)),
      witness_(recorder, observer) {
  if (plan_.mode == RecorderMode::always) start();
}

RecorderSession::~RecorderSession() {
  if (started_) (void)recorder_->stop();
}

void RecorderSession::on_fault(const Fault& fault, std::optional<std::size_t> group) {
  wanted_ = true;
  witness_.on_fault(fault, group);
}

void RecorderSession::looked() {
  use_dump();
  if (!std::exchange(wanted_, false)) return;
  const auto state = recorder_->state();
  if (state && state->recording && !tried()) return;
  if (const auto said = witness_.testify(); !said) give_up(said.error());
  if (plan_.mode == RecorderMode::after_first_fault && !started_ && state && !state->recording)
    start();
}

void RecorderSession::start() {
  // One that somebody else has started is theirs to stop.
  const auto before = recorder_->state();
  if (before && before->recording) return;
  if (const auto done = recorder_->start({}); !done) {
    give_up(done.error());
    return;
  }
  started_ = true;
  if (tried() || started_) relate_clocks();
}

void RecorderSession::relate_clocks() {
  if (!plan_.may_dump || !plan_.may_dump()) return;
  dumps_before_ = observer_->snapshot().complete_dumps;
  const std::uint64_t begin = recorder_->now();
  if (grants_->print_all()) dump_ = TimeSpan{begin, recorder_->now()};
}

/// Its first and its last line were printed while the hypercall ran.
void RecorderSession::use_dump() {
  if (!dump_) return;
  const Facts facts = observer_->snapshot();
  if (facts.complete_dumps == dumps_before_ || !facts.latest_dump) return;
  witness_.printed(facts.latest_dump->begin_time, *dump_);
  witness_.printed(facts.latest_dump->end_time, *dump_);
  dump_.reset();
}

/// May it be believed? Where no guest is there to try it on, the next fault asks again.
bool RecorderSession::tried() {
  if (tried_) return true;
  const auto result = self_test(recorder_, grants_, guests(observer_->snapshot().backends));
  if (!result) {
    give_up(result.error());
    return false;
  }
  tried_ = *result == SelfTest::passed;
  return tried_;
}

void RecorderSession::give_up(const Error& error) {
  if (started_) (void)recorder_->stop();
  started_ = false;
  plan_.mode = RecorderMode::off;
  if (plan_.complain) std::exchange(plan_.complain, nullptr)(error);
}

}  // namespace xic
