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

  /// The recorder sees what is mapped: as text of its own, of the page it is tried on and `more`.
  void record(const std::string& more) {
    host.grants.reserved.insert({DomId{1}, GrantRef{0}});
    host.grants.on_touch = [this, more](const ReservedPage& page) {
      const std::uint64_t now = recorder.clock_ns / 1000;
      recorder.text = xic::testing::TraceText()
                          .started(10'000'000)
                          .operation(now, 1, page.ref().value(), 0xbdf33, 7, "xen-iommud")
                          .unmap_begins(now, "xen-iommud")
                          .unmap_ended(now, 7, "xen-iommud")
                          .text +
                      more;
    };
  }
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
  // On the recorder's clock: mapped before the reading that brought the fault, and not unmapped.
  record(xic::testing::TraceText().map(61'000'000, 1, 0x1a, 0x97f75, 0x4711).text);
  start();
  pass(kSecond);
  EXPECT_EQ(host.grants.log.count("touch"), 1U);
  recorder.clock_ns = 62'000'000'000;
  watcher->poll();
  recorder.clock_ns += 20'000'000;
  print(fault_line(kIova));
  watcher->poll();
  const Event& event = *journal.of(EventKind::fault).at(0);
  EXPECT_EQ(field(event, "ATTRIBUTION"), "exact");
  EXPECT_EQ(field(event, "GRANT_REF"), "0x1a");
  EXPECT_EQ(field(event, "DOMID"), "1");
}

TEST_F(AttributionTest, ARecorderThatDoesNotSeeItsTrialIsNotBelieved) {
  settings.recorder = RecorderMode::always;
  host.grants.reserved.insert({DomId{1}, GrantRef{0}});
  recorder.text =
      xic::testing::TraceText().started(10'000'000).map(61'000'000, 1, 0x1a, 0x97f75, 0x4711).text;
  start();
  pass(2 * kSecond);
  EXPECT_EQ(recorder.log.count("stop"), 1U);
  EXPECT_EQ(troubles("recorder", EventKind::trouble), 1U);
  print(fault_line(kIova));
  watcher->poll();
  EXPECT_EQ(field(*journal.of(EventKind::fault).at(0), "ATTRIBUTION"), "likely");
}

TEST_F(AttributionTest, WithoutAGuestTheRecorderIsTriedWhenOneComes) {
  settings.recorder = RecorderMode::always;
  const auto values = host.store.values;
  guest_goes();
  record("");
  start();
  pass(10 * kSecond);
  EXPECT_EQ(host.grants.log.count("touch"), 0U);
  host.store.values = values;
  host.store.events.push_back({"@introduceDomain", "xen-iommud"});
  pass(10 * kSecond);
  EXPECT_EQ(host.grants.log.count("touch"), 1U);
  EXPECT_EQ(troubles("recorder", EventKind::trouble), 0U);
}

/// A dump that the daemon has printed tells where Xen's clock stands on the recorder's: a later
/// fault's stamp then says when it was, within less than the time between two looks.
TEST_F(AttributionTest, ADumpRelatesTheClocks) {
  dump_at_faults();
  settings.recorder = RecorderMode::always;
  settings.grant_dump_interval = std::chrono::hours(1);
  const auto stamped = [](const std::string& text, const std::string& stamp) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t lf = text.find('\n', at);
      const std::string line = text.substr(at, lf + 1 - at);
      out += line.starts_with("(XEN) ") ? "(XEN) " + stamp + line.substr(6) : line;
      at = lf + 1;
    }
    return out;
  };
  host.grants.dump = stamped(host.grants.dump, "[   50.000000] ");
  record(xic::testing::TraceText().map(62'500'000, 1, 0x1a, 0x97f80, 0x4711).text);
  start();
  pass(kSecond);
  recorder.clock_ns = 62'000'000'000;
  print(stamped(fault_line(kIova), "[   49.999900] "));
  watcher->poll();
  ASSERT_EQ(dumps(), 1U);
  // Mapped after the look before and half a second before the fault: only the stamp tells.
  recorder.clock_ns = 63'500'000'000;
  print(stamped(fault_line(kOtherIova), "[   51.000000] "));
  watcher->poll();
  const Event& event = *journal.of(EventKind::fault).at(1);
  EXPECT_EQ(field(event, "ATTRIBUTION"), "exact");
  EXPECT_EQ(field(event, "GRANT_REF"), "0x1a");
}

TEST_F(AttributionTest, APageThatFaultsAgainLaterIsAskedAboutAgain) {
  start();
  for (int i = 0; i < 100; ++i) {
    print(fault_line(kIova));
    pass(10'000'000);
  }
  EXPECT_EQ(host.grants.log.count("granted_now"), 1U);
  host.grants.answers.clear();
  pass(10 * kSecond);
  print(fault_line(kIova));
  pass(kSecond);
  EXPECT_EQ(host.grants.log.count("granted_now"), 2U);
  const std::string& history = disk.files["history.ndjson"];
  EXPECT_NE(history.find("\"granted_now\":\"granted\""), std::string::npos);
  EXPECT_NE(history.find("\"granted_now\":\"not_granted\""), std::string::npos);
  // What was true at the first stays, and the second makes no other cause of it.
  EXPECT_EQ(state()["faults"][0]["attribution"]["state"], "likely");
  EXPECT_NE(state()["faults"][0]["cause"]["id"], "XIC-1002");
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
  record("");
  start();
  pass(kSecond);
  for (int i = 0; i < 200; ++i) {
    print(fault_line(kIova));
    pass(10'000'000);
  }
  EXPECT_GE(recorder.log.count("read"), 2U);
  EXPECT_LE(recorder.log.count("read"), 5U);
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
  dump_at_faults();
  start();
  const auto known = state();
  EXPECT_TRUE(known["faults"].empty());
  EXPECT_EQ(told(EventKind::fault), 0U);
  // A shorter one, which is kept, is a text like any other.
  host.store.values["/local/domain/1/name"] = "\x1b[31m\xff\xfe\"}\\";
  host.store.events.push_back({"@introduceDomain", "xen-iommud"});
  pass(2 * kSecond);
  print(fault_line(kIova));
  pass(2 * kSecond);
  const Event& event = *journal.of(EventKind::fault).at(0);
  EXPECT_EQ(field(event, "DOMID"), "1");
  EXPECT_FALSE(field(event, "DOMAIN").empty());
  for (const EventField& one : event.fields) EXPECT_LT(one.value.size(), 4096U) << one.name;
  for (const char c : event.message + field(event, "DOMAIN")) EXPECT_TRUE(c >= ' ') << int{c};
  EXPECT_LT(event.message.size(), 4096U);
}

}  // namespace
}  // namespace xic::daemon
