// When the recorder is started, tried and stopped while somebody watches.
#include "host/recorder/recorder_session.h"

#include <gtest/gtest.h>

#include "host/recorder/self_test.h"
#include "tests/fakes/fake_ports.h"
#include "tests/probe/trace_text.h"

namespace xic {
namespace {

using namespace testing;

constexpr std::uint64_t kMs = 1'000'000;

class SessionFixture : public ::testing::Test, public FaultListener {
 protected:
  void SetUp() override {
    observer_.set_mode(InputMode::live, true);
    Observer::InputOptions store;
    store.name = "xenstore";
    observer_.begin_input(store);
    observer_.feed("/local/domain/1/name = \"alpha\"\n");
    observer_.end_input();
    observer_.set_listener(this);
    input_ = observer_.open_input({.name = "console"});
    grants_.reserved.insert({DomId{1}, GrantRef{0}});
    grants_.on_touch = [this](const ReservedPage& page) {
      const std::uint64_t now = recorder_.clock_ns / 1000;
      recorder_.text = TraceText()
                           .started(1'000'000)
                           .operation(now, 1, page.ref().value(), 0xbdf33, 7, "check")
                           .unmap_begins(now, "check")
                           .unmap_ended(now, 7, "check")
                           .operation(62'000'000, 1, 8, 0x62cb1, 5)
                           .text;
    };
  }
  void on_fault(const Fault& fault, std::optional<std::size_t> group, bool) override {
    session_->on_fault(fault, group);
  }
  void begin(RecorderMode mode) {
    RecorderPlan plan;
    plan.mode = mode;
    plan.may_dump = [this] { return may_dump_; };
    plan.complain = [this](const Error& error) { complaints_.push_back(error.message); };
    session_ = std::make_unique<RecorderSession>(&recorder_, &grants_, &observer_, plan);
  }
  /// One look, `ms` after the one before, that brings `text`.
  void look(std::uint64_t ms, const std::string& text) {
    session_->reading_begins();
    recorder_.clock_ns += ms * kMs;
    session_->reading_ended();
    observer_.feed(input_, text);
    session_->looked();
  }
  static std::string fault(const std::string& stamp = "") {
    return "(XEN) " + stamp +
           "smmu: /smmu@bff00000: Unhandled context fault: fsr=0x402, iova=0x62cb1148, "
           "fsynr=0xb0001, cb=0\n";
  }
  [[nodiscard]] std::optional<RecordedGrant> recorded() {
    const Facts facts = observer_.snapshot();
    return facts.faults.empty() ? std::nullopt : facts.faults.front().recorded;
  }

  FakeGrantRecorder recorder_;
  FakeGrantTables grants_;
  Observer observer_;
  Observer::InputId input_{};
  std::unique_ptr<RecorderSession> session_;
  std::vector<std::string> complaints_;
  bool may_dump_ = false;
};

TEST_F(SessionFixture, AfterTheFirstFaultItRecordsAndTellsOfTheNext) {
  begin(RecorderMode::after_first_fault);
  look(10, "");
  EXPECT_EQ(recorder_.log.count("start"), 0U);
  look(10, fault());
  EXPECT_EQ(recorder_.log.count("start"), 1U);
  EXPECT_EQ(grants_.log.count("touch"), 1U);
  EXPECT_FALSE(recorded());
  look(3000, "");
  look(1, fault());
  ASSERT_TRUE(recorded());
  EXPECT_EQ(recorded()->sighting.granter, DomId{1});
  EXPECT_EQ(recorded()->sighting.ref, GrantRef{8});
  session_.reset();
  EXPECT_EQ(recorder_.log.count("stop"), 1U);
  EXPECT_TRUE(complaints_.empty());
}

TEST_F(SessionFixture, AlwaysMeansFromTheBegin) {
  begin(RecorderMode::always);
  EXPECT_EQ(recorder_.log.count("start"), 1U);
  look(3000, "");
  look(1, fault());
  EXPECT_TRUE(recorded());
}

TEST_F(SessionFixture, SomebodyElsesIsReadAndLeftAlone) {
  recorder_.now_state.recording = true;
  begin(RecorderMode::off);
  look(3000, "");
  look(1, fault());
  EXPECT_TRUE(recorded());
  session_.reset();
  EXPECT_EQ(recorder_.log.count("start") + recorder_.log.count("stop"), 0U);
}

TEST_F(SessionFixture, OffIsOff) {
  begin(RecorderMode::off);
  look(10, fault());
  look(10, fault());
  EXPECT_EQ(recorder_.log.count("start") + recorder_.log.count("read"), 0U);
}

TEST_F(SessionFixture, AKernelThatCannotIsSaidOnce) {
  recorder_.log.fail("start", failure(ENOENT));
  begin(RecorderMode::after_first_fault);
  look(10, fault());
  look(10, fault());
  EXPECT_EQ(complaints_.size(), 1U);
  EXPECT_EQ(recorder_.log.count("start"), 1U);
}

TEST_F(SessionFixture, OneThatSeesNothingIsNotBelieved) {
  grants_.on_touch = [this](const ReservedPage&) { recorder_.text = TraceText().started(1).text; };
  begin(RecorderMode::always);
  EXPECT_EQ(complaints_.size(), 1U);
  EXPECT_EQ(recorder_.log.count("stop"), 1U);
  look(3000, "");
  look(1, fault());
  EXPECT_FALSE(recorded());
}

TEST_F(SessionFixture, WithoutAGuestItIsTriedWhenThereIsOne) {
  grants_.reserved.clear();
  begin(RecorderMode::always);
  EXPECT_TRUE(complaints_.empty());
  look(10, fault());
  EXPECT_FALSE(recorded());  // not believed yet
  grants_.reserved.insert({DomId{1}, GrantRef{1}});
  look(3000, "");
  look(1, fault());
  EXPECT_TRUE(recorded());
}

TEST_F(SessionFixture, ADumpRelatesTheClocks) {
  may_dump_ = true;
  begin(RecorderMode::always);  // the dump is printed at 60.000 s of the recorder
  EXPECT_EQ(grants_.log.count("print_all"), 1U);
  look(0,
       "(XEN) [   50.000000] gnttab_usage_print_all [ key 'g' pressed\n"
       "(XEN) [   50.000000] gnttab_usage_print_all ] done\n");
  look(3000, "");
  look(1000, fault("[   52.500000] "));  // at 62.5 s, in a look a second wide
  ASSERT_TRUE(recorded());
  EXPECT_EQ(recorded()->sighting.state, TraceSighting::State::mapped);
  EXPECT_LT(recorded()->sighting.at.end - recorded()->sighting.at.begin, 2 * kMs);
}

TEST(SelfTestOfTheRecorder, TriesTheNextPageWhereOneIsAbsent) {
  FakeGrantRecorder recorder;
  FakeGrantTables grants;
  const DomId guests[] = {DomId{1}, DomId{2}};
  EXPECT_EQ(self_test(&recorder, &grants, guests), SelfTest::no_guest);
  EXPECT_EQ(grants.log.count("touch"), 4U);
  recorder.log.fail("read", failure(EIO));
  grants.reserved.insert({DomId{2}, GrantRef{1}});
  EXPECT_FALSE(self_test(&recorder, &grants, guests));
}

}  // namespace
}  // namespace xic
