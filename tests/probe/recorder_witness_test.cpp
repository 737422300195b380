// From a line in the console ring to the recorder's word on its frame.
#include "host/recorder/recorder_witness.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_ports.h"
#include "tests/probe/trace_text.h"

namespace xic {
namespace {

using namespace testing;
using State = TraceSighting::State;

constexpr std::uint64_t kMs = 1'000'000;

/// Recorder time 0 is Xen's time 10 s. The page 0x62cb1 is mapped from 20.000 s to 20.004 s.
class WitnessFixture : public ::testing::Test, public FaultListener {
 protected:
  void SetUp() override {
    recorder_.now_state.recording = true;
    recorder_.now_state.drift_ppm = 1;
    recorder_.text = TraceText()
                         .started(1'000'000)
                         .map(20'000'000, 1, 8, 0x62cb1, 5)
                         .unmap_begins(20'004'000)
                         .unmap_ended(20'004'100, 5)
                         .text;
    observer_.set_mode(InputMode::live, true);
    observer_.set_listener(this);
    Observer::InputOptions options;
    options.name = "console";
    input_ = observer_.open_input(options);
    read_at(10'000 * kMs, 10'001 * kMs, "");
  }
  void on_fault(const Fault& fault, std::optional<std::size_t> group, bool) override {
    witness_.on_fault(fault, group);
  }
  /// One read of the console, on the recorder's clock.
  void read_at(std::uint64_t begin, std::uint64_t end, const std::string& text) {
    recorder_.clock_ns = begin;
    witness_.reading_begins();
    recorder_.clock_ns = end;
    witness_.reading_ended();
    observer_.feed(input_, text);
  }
  static std::string fault_line(const std::string& stamp) {
    return "(XEN) " + stamp +
           "smmu: /smmu@bff00000: Unhandled context fault: fsr=0x402, iova=0x62cb1148, "
           "fsynr=0xb0001, cb=0\n";
  }
  TraceSighting sighting() {
    recorder_.clock_ns += 10 * kMs;
    EXPECT_TRUE(witness_.testify());
    const Facts facts = observer_.snapshot();
    EXPECT_EQ(facts.faults.size(), 1U);
    const auto& recorded = facts.faults.at(0).recorded;
    return recorded ? recorded->sighting : TraceSighting{};
  }

  FakeGrantRecorder recorder_;
  Observer observer_;
  RecorderWitness witness_{&recorder_, &observer_};
  Observer::InputId input_;
};

TEST_F(WitnessFixture, WithoutStampsTheTimeIsThePoll) {
  read_at(20'001 * kMs, 20'001 * kMs, "");
  read_at(20'003 * kMs, 20'003 * kMs, fault_line(""));
  const TraceSighting seen = sighting();
  EXPECT_EQ(seen.state, State::mapped);
  EXPECT_EQ(seen.granter, DomId{1});
  EXPECT_EQ(seen.at.begin, 20'001 * kMs - kReportLatencyNs);
  EXPECT_EQ(seen.at.end, 20'003 * kMs);
}

TEST_F(WitnessFixture, AGrantShorterThanThePollIsUnclear) {
  read_at(19'500 * kMs, 19'500 * kMs, "");
  read_at(20'500 * kMs, 20'500 * kMs, fault_line(""));
  EXPECT_EQ(sighting().state, State::unclear);
}

TEST_F(WitnessFixture, AStampNarrowsALongPoll) {
  // The dump's begin was printed by our own hypercall: Xen 25 s is recorder 15 s, to 0.2 ms.
  witness_.printed({Clock::xen_boot, 25'000 * kMs}, {15'000 * kMs, 15'000 * kMs + kMs / 5});
  read_at(19'500 * kMs, 19'500 * kMs, "");
  read_at(20'500 * kMs, 20'500 * kMs, fault_line("[   30.002000] "));
  const TraceSighting seen = sighting();
  EXPECT_EQ(seen.state, State::mapped);
  EXPECT_LT(seen.at.end - seen.at.begin, kMs);
}

TEST_F(WitnessFixture, ClocksThatDriftKnowItLessWell) {
  recorder_.now_state.drift_ppm = 500;
  witness_.printed({Clock::xen_boot, 25'000 * kMs}, {15'000 * kMs, 15'000 * kMs + kMs / 5});
  read_at(19'500 * kMs, 19'500 * kMs, "");
  read_at(20'500 * kMs, 20'500 * kMs, fault_line("[   30.002000] "));
  const TraceSighting seen = sighting();
  EXPECT_EQ(seen.state, State::unclear);
  EXPECT_GT(seen.at.end - seen.at.begin, 5 * kMs);
}

TEST_F(WitnessFixture, DmaAfterUnmapIsTold) {
  witness_.printed({Clock::xen_boot, 25'000 * kMs}, {15'000 * kMs, 15'000 * kMs + kMs / 5});
  read_at(19'500 * kMs, 19'500 * kMs, "");
  read_at(20'500 * kMs, 20'500 * kMs, fault_line("[   30.008000] "));
  EXPECT_EQ(sighting().state, State::ended);
}

TEST_F(WitnessFixture, TheRecorderIsReadOnceAndOnlyForFaults) {
  EXPECT_TRUE(witness_.testify());
  EXPECT_EQ(recorder_.log.count("read"), 0U);
  read_at(20'001 * kMs, 20'001 * kMs, "");
  read_at(20'003 * kMs, 20'003 * kMs, fault_line("") + fault_line(""));
  (void)sighting();
  EXPECT_EQ(recorder_.log.count("read"), 1U);
  EXPECT_EQ(observer_.snapshot().faults.at(0).recorded->mapped, 2U);
  EXPECT_TRUE(witness_.testify());
  EXPECT_EQ(recorder_.log.count("read"), 1U);
}

TEST_F(WitnessFixture, ARecorderThatIsOffOrFailsSaysNothing) {
  recorder_.now_state.recording = false;
  read_at(20'001 * kMs, 20'001 * kMs, "");
  read_at(20'003 * kMs, 20'003 * kMs, fault_line(""));
  EXPECT_TRUE(witness_.testify());
  EXPECT_FALSE(observer_.snapshot().faults.at(0).recorded);
  recorder_.now_state.recording = true;
  recorder_.log.fail("read", failure(EIO));
  read_at(20'003 * kMs, 20'003 * kMs, fault_line(""));
  EXPECT_FALSE(witness_.testify());
  EXPECT_EQ(witness_.given_up(), 1U);
  EXPECT_FALSE(observer_.snapshot().faults.at(0).recorded);
}

TEST_F(WitnessFixture, RecordsThatWereMissedMakeItUnclear) {
  recorder_.now_state.missed = 1;
  read_at(20'001 * kMs, 20'001 * kMs, "");
  read_at(20'003 * kMs, 20'003 * kMs, fault_line(""));
  EXPECT_EQ(sighting().state, State::unclear);
}

}  // namespace
}  // namespace xic
