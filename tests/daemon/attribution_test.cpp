// Whose page it was: what the daemon asks at a fault, and that the answer stays.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/daemon/watcher_test_support.h"
#include "tests/live/sample_hosts.h"
#include "tests/probe/trace_text.h"

namespace xic::daemon {
namespace {

using testing::DaemonTest;
using testing::fault_line;
using testing::field;
using testing::kSecond;

constexpr std::uint64_t kIova = 0x97f75148;
constexpr std::uint64_t kOtherIova = 0x97f80000;

class AttributionTest : public DaemonTest {
 protected:
  AttributionTest() { xic::testing::fill(&host); }

  void dump_at_faults() { settings.grant_dump = GrantDumpMode::small; }
  /// What the toolstack does to xenstore when a guest has gone.
  void guest_goes() {
    std::erase_if(host.store.values, [](const auto& entry) {
      return entry.first.starts_with("/local/domain/1") ||
             entry.first.starts_with("/local/domain/0/backend/vif/1");
    });
    host.store.events.push_back({"@releaseDomain", "xen-iommud"});
  }
  [[nodiscard]] nlohmann::json state() {
    pass(2 * kSecond);
    return nlohmann::json::parse(published.files["state.json"]);
  }
  [[nodiscard]] std::size_t dumps() const { return host.grants.log.count("print_all"); }
};

TEST_F(AttributionTest, ARingIsNamedExactlyByADumpAtTheFault) {
  dump_at_faults();
  start();
  print(fault_line(kIova));
  watcher->poll();
  const auto faults = journal.of(EventKind::fault);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(field(*faults[0], "ATTRIBUTION"), "exact");
  EXPECT_EQ(field(*faults[0], "DOMID"), "1");
  EXPECT_EQ(field(*faults[0], "DOMAIN"), "web01");
  EXPECT_EQ(field(*faults[0], "GRANT_REF"), "0x208");
  EXPECT_EQ(field(*faults[0], "BACKEND"), "vif1.0");
  EXPECT_EQ(dumps(), 1U);
  const auto known = state();
  EXPECT_EQ(known["faults"][0]["attribution"]["backend"], "vif1.0");
  EXPECT_EQ(known["verdict"]["state"], "affected");
}

TEST_F(AttributionTest, TheQuestionComesBeforeTheDump) {
  dump_at_faults();
  start();
  print(fault_line(kIova));
  watcher->poll();
  const auto& calls = host.grants.log.calls;
  const auto asked = std::find(calls.begin(), calls.end(), "granted_now 622453");
  const auto dumped = std::find(calls.begin(), calls.end(), "print_all");
  ASSERT_NE(asked, calls.end());
  EXPECT_LT(asked - calls.begin(), dumped - calls.begin());
}

TEST_F(AttributionTest, NoDumpUnlessTheAdministratorWantsIt) {
  start();
  print(fault_line(kIova));
  pass(kSecond);
  EXPECT_EQ(dumps(), 0U);
  EXPECT_EQ(field(*journal.of(EventKind::fault)[0], "ATTRIBUTION"), "likely");
}

TEST_F(AttributionTest, DumpsAreSeldom) {
  dump_at_faults();
  settings.grant_dump_interval = std::chrono::minutes(10);
  start();
  for (std::uint64_t i = 0; i < 5; ++i) {
    print(fault_line(kOtherIova + i * 0x1000));
    pass(kSecond);
  }
  EXPECT_EQ(dumps(), 1U);
  pass(600 * kSecond);
  print(fault_line(0x97f90000));
  pass(kSecond);
  EXPECT_EQ(dumps(), 2U);
}

TEST_F(AttributionTest, NoDumpForWhatIsDom0sOwnOrNoTranslationFault) {
  dump_at_faults();
  start();
  print(fault_line(0x50000000));
  print(
      "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x8, iova=0x97f75148, "
      "fsynr=0xb0001, cb=0\n");
  pass(kSecond);
  EXPECT_EQ(told(EventKind::fault), 2U);
  EXPECT_EQ(dumps(), 0U);
}

TEST_F(AttributionTest, NoDumpThatWouldBeLong) {
  dump_at_faults();
  host.store.values["/local/domain/0/backend/vbd/1/51712/frontend"] =
      "/local/domain/1/device/vbd/51712";
  host.store.values["/local/domain/0/backend/vbd/1/51712/frontend-id"] = "1";
  host.store.values["/local/domain/0/backend/vbd/1/51712/state"] = "4";
  for (const char* node : {"/local/domain/0/backend/vbd", "/local/domain/0/backend/vbd/1",
                           "/local/domain/0/backend/vbd/1/51712"}) {
    host.store.values[node] = "";
  }
  start();
  print(fault_line(kIova));
  pass(kSecond);
  EXPECT_EQ(dumps(), 0U);
}

TEST_F(AttributionTest, NoDumpWhereXenstoreCannotBeAsked) {
  dump_at_faults();
  host.store.log.fail("list", xic::testing::failure(EACCES));
  start();
  print(fault_line(kIova));
  pass(kSecond);
  EXPECT_EQ(dumps(), 0U);
  EXPECT_EQ(told(EventKind::fault), 1U);
}

TEST_F(AttributionTest, ARefusedDumpIsSaidOnceAndTheFaultIsTold) {
  dump_at_faults();
  settings.grant_dump_interval = std::chrono::seconds(10);
  host.grants.log.fail("print_all", xic::testing::failure(EPERM, Error::Code::denied));
  start();
  for (std::uint64_t i = 0; i < 3; ++i) {
    print(fault_line(kOtherIova + i * 0x1000));
    pass(20 * kSecond);
  }
  EXPECT_EQ(told(EventKind::fault), 3U);
  EXPECT_EQ(troubles("grant_dump", EventKind::trouble), 1U);
}

TEST_F(AttributionTest, AFaultPrintedDuringTheDumpIsSeenOnce) {
  dump_at_faults();
  host.grants.dump = std::string(xic::testing::kDump) + fault_line(kOtherIova);
  start();
  print(fault_line(kIova));
  pass(kSecond);
  EXPECT_EQ(told(EventKind::fault), 2U);
  EXPECT_EQ(recorded().size(), 2U);
}

TEST_F(AttributionTest, StaysWhenTheGuestHasGone) {
  dump_at_faults();
  start();
  print(fault_line(kIova));
  pass(kSecond);
  const auto before = state();
  const std::size_t verdicts = told(EventKind::verdict);
  guest_goes();
  watcher->on_store();
  pass(3 * kSecond);
  print(fault_line(kIova + 8));
  const auto after = state();
  EXPECT_EQ(after["faults"][0]["count"], 2);
  EXPECT_EQ(after["faults"][0]["attribution"], before["faults"][0]["attribution"]);
  EXPECT_EQ(after["verdict"]["state"], "affected");
  EXPECT_EQ(told(EventKind::verdict), verdicts);
}

TEST_F(AttributionTest, StaysWhenItsDeviceIsDetached) {
  dump_at_faults();
  start();
  print(fault_line(kIova));
  pass(kSecond);
  const std::size_t verdicts = told(EventKind::verdict);
  host.store.values["/local/domain/0/backend/vif/1/0/state"] = "6";
  host.store.events.push_back({"/local/domain/0/backend/vif/1/0/state", "xen-iommud"});
  watcher->on_store();
  const auto after = state();
  EXPECT_EQ(after["faults"][0]["attribution"]["state"], "exact");
  EXPECT_EQ(told(EventKind::verdict), verdicts);
}

TEST_F(AttributionTest, AGuestThatCameLaterIsKnownAtItsFirstFault) {
  auto values = std::move(host.store.values);
  host.store.values = {{"/local/domain", ""}};
  dump_at_faults();
  start();
  pass(10 * kSecond);
  host.store.values = std::move(values);
  host.store.events.push_back({"@introduceDomain", "xen-iommud"});
  print(fault_line(kIova));
  watcher->poll();
  EXPECT_EQ(field(*journal.of(EventKind::fault)[0], "BACKEND"), "vif1.0");
}

TEST_F(AttributionTest, TheRecorderNamesADataGrantExactly) {
  settings.recorder = RecorderMode::always;
  start();
  pass(kSecond);
  // On the recorder's clock: mapped before the reading that brought the fault, and not unmapped.
  recorder.clock_ns = 62'000'000'000;
  recorder.text =
      xic::testing::TraceText().started(10'000'000).map(61'000'000, 1, 0x1a, 0x97f75, 0x4711).text;
  watcher->poll();
  recorder.clock_ns += 20'000'000;
  print(fault_line(kIova));
  watcher->poll();
  const Event& event = *journal.of(EventKind::fault).at(0);
  EXPECT_EQ(field(event, "ATTRIBUTION"), "exact");
  EXPECT_EQ(field(event, "GRANT_REF"), "0x1a");
  EXPECT_EQ(field(event, "DOMID"), "1");
}

TEST_F(AttributionTest, TheRecorderIsLeftAloneUnlessItIsWanted) {
  start();
  print(fault_line(kIova));
  pass(10 * kSecond);
  watcher->stop();
  EXPECT_TRUE(recorder.log.calls.empty());
}

TEST_F(AttributionTest, TheRecorderStartsWithTheFirstFaultThatMayBeOfAnothersPage) {
  settings.recorder = RecorderMode::after_first_fault;
  start();
  print(fault_line(0x50000000));  // dom0's own RAM
  pass(kSecond);
  EXPECT_EQ(recorder.log.count("start"), 0U);
  print(fault_line(kIova));
  pass(kSecond);
  EXPECT_EQ(recorder.log.count("start"), 1U);
  watcher->stop();
  EXPECT_EQ(recorder.log.count("stop"), 1U);
}

TEST_F(AttributionTest, ARecorderThatCannotStartIsSaidOnce) {
  settings.recorder = RecorderMode::always;
  recorder.log.fail("start", xic::testing::failure(EACCES, Error::Code::denied));
  start();
  pass(300 * kSecond);
  print(fault_line(kIova));
  pass(kSecond);
  EXPECT_EQ(told(EventKind::fault), 1U);
  EXPECT_EQ(troubles("recorder", EventKind::trouble), 1U);
  EXPECT_LE(recorder.log.count("start"), 6U);
}

TEST_F(AttributionTest, AStormReadsTheRecorderOnceASecond) {
  settings.recorder = RecorderMode::always;
  start();
  pass(kSecond);
  for (int i = 0; i < 200; ++i) {
    print(fault_line(kIova));
    pass(10'000'000);
  }
  EXPECT_LE(recorder.log.count("read"), 4U);
}

TEST_F(AttributionTest, XenstoreIsListedAgainOnlyAfterChanges) {
  start();
  const std::size_t first = host.store.log.count("list");
  EXPECT_GT(first, 0U);
  pass(60 * kSecond);
  EXPECT_EQ(host.store.log.count("list"), first);
}

TEST_F(AttributionTest, AGuestThatCausesEventsWithoutEndCausesAListingASecond) {
  start();
  const std::size_t one = host.store.log.count("list /local/domain/0/backend/vif/1/0/state");
  for (int i = 0; i < 100; ++i) {
    host.store.events.push_back({"/local/domain/0/backend/vif/1/0/state", "xen-iommud"});
    watcher->on_store();
    pass(kSecond / 10);
  }
  EXPECT_LE(host.store.log.count("list /local/domain/0/backend/vif/1/0/state"), one + 11);
}

TEST_F(AttributionTest, AXenstoredThatIsGoneIsSaidOnceAndFoundAgain) {
  dump_at_faults();
  start();
  host.store.log.fail("next_event", xic::testing::failure(EPIPE), 1);
  pass(2 * kSecond);
  EXPECT_EQ(troubles("xenstore", EventKind::trouble), 1U);
  print(fault_line(kIova));  // Known from before.
  pass(kSecond);
  EXPECT_EQ(field(*journal.of(EventKind::fault)[0], "BACKEND"), "vif1.0");
  pass(20 * kSecond);
  EXPECT_EQ(troubles("xenstore", EventKind::recovered), 1U);
  EXPECT_EQ(troubles("xenstore", EventKind::trouble), 1U);
}

TEST_F(AttributionTest, WhatAGuestWritesToXenstoreIsNoFault) {
  std::string forged = fault_line(0x97f99000);
  forged.pop_back();
  host.store.values["/local/domain/1/device/vif/0/mac"] = forged + "\n" + forged;
  host.store.values["/local/domain/1/name"] = std::string(65536, '\xff') + "\x1b[31m";
  start();
  const auto known = state();
  EXPECT_TRUE(known["faults"].empty());
  EXPECT_EQ(told(EventKind::fault), 0U);
}

}  // namespace
}  // namespace xic::daemon
