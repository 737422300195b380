#include "daemon/watcher.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/daemon/watcher_test_support.h"
#include "tests/unit/pipeline_test_support.h"

namespace xic::daemon {
namespace {

using testing::DaemonTest;
using testing::fault_line;
using testing::field;
using testing::kMillisecond;
using testing::kSecond;

constexpr std::uint64_t kIova = 0x8424cb148;

class WatcherTest : public DaemonTest {};

TEST_F(WatcherTest, IsReadyOnceTheConsoleWasRead) {
  host.console.log.fail("oldest", xic::testing::failure(EACCES, Error::Code::abi_mismatch), 1);
  start();
  EXPECT_FALSE(watcher->ready());
  EXPECT_EQ(told(EventKind::abi_mismatch), 1U);
  pass(kSecond);
  EXPECT_TRUE(watcher->ready());
  EXPECT_EQ(told(EventKind::started), 1U);
  EXPECT_EQ(troubles("console", EventKind::recovered), 1U);
}

TEST_F(WatcherTest, AFaultIsToldRecordedAndCounted) {
  start();
  print(fault_line(kIova));
  pass(kSecond);
  const auto faults = journal.of(EventKind::fault);
  ASSERT_EQ(faults.size(), 1U);
  const Event& event = *faults[0];
  EXPECT_EQ(field(event, "IOVA"), "0x8424cb148");
  EXPECT_EQ(field(event, "FRAME"), "0x8424cb");
  EXPECT_EQ(field(event, "ACCESS"), "read");
  EXPECT_EQ(field(event, "FSR"), "0x402");
  EXPECT_EQ(field(event, "CB"), "0");
  EXPECT_EQ(field(event, "EVENT_ID"), epoch + ":0");
  EXPECT_FALSE(field(event, "CAUSE").empty());
  EXPECT_EQ(field(event, "RAW") + '\n', fault_line(kIova));
  EXPECT_EQ(recorded(), std::vector<std::string>{epoch + ":0"});
  EXPECT_EQ(watcher->status().faults.seen, 1U);
}

TEST_F(WatcherTest, AsksAtOnceWhetherThePageIsGrantedNow) {
  start();
  host.grants.answers[Frame{0x8424cb}] = GrantedNow::Answer::granted_or_own;
  print(fault_line(kIova));
  print(fault_line(kIova + 8));
  print(fault_line(0x50000000));  // dom0's own RAM
  watcher->poll();
  EXPECT_EQ(host.grants.log.calls, std::vector<std::string>{"granted_now 8660171"});
  EXPECT_NE(disk.files["history.ndjson"].find("\"granted_now\":\"granted\""), std::string::npos);
}

TEST_F(WatcherTest, FaultsFromBeforeItsStartAreNotAskedAbout) {
  print(fault_line(kIova));
  start();
  EXPECT_EQ(told(EventKind::fault), 1U);
  EXPECT_EQ(host.grants.log.count("granted_now"), 0U);
}

TEST_F(WatcherTest, LooksOftenWhileFaultsArriveAndSeldomAfterwards) {
  start();
  EXPECT_EQ(watcher->next_poll() - host.clock.uptime(), kSecond);
  print(fault_line(kIova));
  watcher->poll();
  EXPECT_EQ(watcher->next_poll() - host.clock.uptime(), 20 * kMillisecond);
  pass(3 * kSecond);
  watcher->poll();
  EXPECT_EQ(watcher->next_poll() - host.clock.uptime(), kSecond);
}

TEST_F(WatcherTest, AnErrorOfADriverHasTheConsoleReadAtOnce) {
  start();
  print(fault_line(kIova));
  host.kernel.records.emplace_back(
      "[   68.290307] macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK");
  watcher->on_kernel_log();
  EXPECT_EQ(told(EventKind::fault), 1U);
}

TEST_F(WatcherTest, TheSecondHalfOfAFaultMayComeLate) {
  start();
  const std::string header =
      "(XEN) smmu: /smmu@fd800000: Unexpected global fault, this could be serious\n";
  print(header);
  watcher->poll();
  kill();
  // Its second half was printed while nobody watched.
  print(
      "(XEN) smmu: /smmu@fd800000:      GFSR 0x80000002, GFSYNR0 0x0, GFSYNR1 0x10, GFSYNR2 0x0\n");
  start();
  pass(kSecond);
  EXPECT_EQ(recorded(), std::vector<std::string>{epoch + ":0"});
  EXPECT_EQ(disk.files["history.ndjson"].find("\"complete\":false"), std::string::npos);
}

TEST_F(WatcherTest, ASecondHalfThatNeverComesIsNotWaitedForForever) {
  start();
  print("(XEN) smmu: /smmu@fd800000: Unexpected global fault, this could be serious\n");
  pass(2 * kSecond);
  EXPECT_EQ(told(EventKind::fault), 1U);
}

TEST_F(WatcherTest, LostBytesAreToldOnceAndExactly) {
  print("(XEN) Xen version 4.17.7 (x) (y) debug=n\n");
  start();
  const std::uint64_t before = host.console.end().value();
  const std::string line = fault_line(kIova);
  while (host.console.end().value() - before < 40'000) print(line);
  const std::uint64_t lost = host.console.end().value() - before - 16'384;
  pass(kSecond);
  const auto events = journal.of(EventKind::lost);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(field(*events[0], "LOST_BYTES"), std::to_string(lost));
  const DaemonStatus status = watcher->status();
  EXPECT_EQ(status.console.lost_bytes, lost);
  EXPECT_EQ(status.console.read_bytes + status.console.lost_bytes, host.console.end().value());
  kill();
  start();
  EXPECT_EQ(told(EventKind::lost), 1U);
}

TEST_F(WatcherTest, WhatWasOverwrittenWhileNobodyWatchedIsTold) {
  start();
  print("(XEN) before\n");
  watcher->poll();
  watcher->stop();
  kill();
  std::string text;
  while (text.size() < 20'000) text += "(XEN) something of no interest\n";
  print(text);
  start();
  const auto events = journal.of(EventKind::lost);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(field(*events[0], "LOST_BYTES"), std::to_string(text.size() - 16'384));
}

TEST_F(WatcherTest, ABootOfItsOwnStartsAnew) {
  start();
  print(fault_line(kIova));
  pass(kSecond);
  kill();
  host.console = xic::testing::FakeConsoleRing();
  epoch = "fedcba9876543210fedcba9876543210";
  print(fault_line(kIova));
  start();
  EXPECT_EQ(told(EventKind::fault), 2U);
  EXPECT_EQ(told(EventKind::lost), 0U);
  EXPECT_EQ(recorded().size(), 2U);
  EXPECT_EQ(recorded()[1], epoch + ":0");
}

TEST_F(WatcherTest, IndicesWrapAndOffsetsDoNot) {
  host.console = xic::testing::FakeConsoleRing(16384, 0xfffffff0);
  start();
  print(fault_line(kIova));
  pass(kSecond);
  kill();
  print(fault_line(kIova + 4096));
  start();
  EXPECT_EQ(recorded(), (std::vector<std::string>{
                            epoch + ":4294967280",
                            epoch + ':' + std::to_string(4294967280 + fault_line(kIova).size())}));
}

TEST_F(WatcherTest, TheCursorIsKeptOfAQuietBootToo) {
  start();
  print("(XEN) nothing special\n");
  pass(90 * kSecond);
  EXPECT_NE(disk.files["history.ndjson"].find("\"cursor\":22"), std::string::npos);
}

TEST_F(WatcherTest, AnIdleDaemonWritesNothing) {
  start();
  pass(3 * kSecond);
  const unsigned before = disk.operations();
  const std::size_t published_before = published.log.calls.size();
  pass(50 * kSecond);
  EXPECT_EQ(disk.operations(), before);
  EXPECT_EQ(published.log.calls.size(), published_before);
}

TEST_F(WatcherTest, StateIsFreshAtLeastOnceAMinute) {
  start();
  pass(3 * kSecond);
  const std::size_t before = published.log.calls.size();
  pass(10 * 60 * kSecond);
  EXPECT_EQ(published.log.calls.size() - before, 20U);  // two files, ten minutes
}

TEST_F(WatcherTest, StateIsOneReportWithTheDaemonInIt) {
  start();
  print(xic::testing::arm_boot("4.14.1", "") + fault_line(kIova));
  pass(3 * kSecond);
  const auto state = nlohmann::json::parse(published.files["state.json"]);
  EXPECT_EQ(state["schema"], "xen-iommu-check/1");
  EXPECT_EQ(state["verdict"]["state"], "likely_affected");
  EXPECT_EQ(state["input"]["mode"], "live");
  EXPECT_EQ(state["faults"].size(), 1U);
  EXPECT_EQ(state["daemon"]["faults"]["seen"], 1);
  EXPECT_EQ(state["daemon"]["pid"], 4711);
  EXPECT_NE(published.files["metrics.prom"].find("xen_iommu_faults_total{iommu=\"/smmu@fd800000\""),
            std::string::npos);
}

TEST_F(WatcherTest, AVerdictIsToldWhenItChanges) {
  start();
  pass(2 * kSecond);
  ASSERT_EQ(told(EventKind::verdict), 1U);
  EXPECT_EQ(field(*journal.of(EventKind::verdict)[0], "STATE"), "unknown");
  print(xic::testing::arm_boot("4.14.1", ""));
  pass(5 * kSecond);
  ASSERT_EQ(told(EventKind::verdict), 2U);
  EXPECT_EQ(field(*journal.of(EventKind::verdict)[1], "STATE"), "likely_affected");
  pass(5 * kSecond);
  EXPECT_EQ(told(EventKind::verdict), 2U);
}

TEST_F(WatcherTest, AStormIsSummedUpAndRecordedInFull) {
  host.console = xic::testing::FakeConsoleRing(1 << 20);
  start();
  for (int second = 0; second < 60; ++second) {
    for (int i = 0; i < 50; ++i) print(fault_line(kIova));
    pass(kSecond);
  }
  EXPECT_EQ(told(EventKind::fault), 1U);
  // After 10, 30 and, had it gone on, 70 seconds.
  EXPECT_EQ(told(EventKind::fault_summary), 2U);
  EXPECT_EQ(recorded().size(), 3000U);
  watcher->stop();
  std::uint64_t sum = told(EventKind::fault);
  for (const Event* event : journal.of(EventKind::fault_summary)) {
    sum += std::stoull(field(*event, "COUNT"));
  }
  EXPECT_EQ(sum, 3000U);
}

TEST_F(WatcherTest, ManyDifferentFaultsShareASummary) {
  host.console = xic::testing::FakeConsoleRing(1 << 20);
  start();
  for (std::uint64_t i = 0; i < 1000; ++i) print(fault_line(kIova + i * 4096));
  pass(kSecond);
  EXPECT_EQ(told(EventKind::fault), StormControl::kMost);
  pass(15 * kSecond);
  const auto summaries = journal.of(EventKind::fault_summary);
  ASSERT_EQ(summaries.size(), 1U);
  EXPECT_EQ(field(*summaries[0], "COUNT"), std::to_string(1000 - StormControl::kMost));
  EXPECT_EQ(field(*summaries[0], "FRAME"), "");
  EXPECT_EQ(recorded().size(), 1000U);
}

TEST_F(WatcherTest, FaultsCountedWhenItWasKilledAreToldAtTheNextStart) {
  start();
  for (int i = 0; i < 5; ++i) print(fault_line(kIova));
  pass(kSecond);
  kill();
  start();
  const auto starts = journal.of(EventKind::started);
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(field(*starts[1], "UNTOLD"), "4");
  watcher->stop();
  kill();
  start();
  EXPECT_EQ(field(*journal.of(EventKind::started)[2], "UNTOLD"), "0");
}

TEST_F(WatcherTest, AForgedLineIsMarked) {
  start();
  print("a guest says: (XEN) " + fault_line(kIova).substr(6));
  pass(kSecond);
  ASSERT_EQ(told(EventKind::fault), 1U);
  EXPECT_EQ(field(*journal.of(EventKind::fault)[0], "UNCERTAIN_AUTHOR"), "1");
  EXPECT_EQ(watcher->status().faults.uncertain, 1U);
}

TEST_F(WatcherTest, TheFirstLineBehindAGapMayBeForged) {
  start();
  std::string text(16'384 + 10, 'x');
  text += fault_line(kIova).substr(6);
  text += fault_line(kIova);
  print(text);
  // The ring begins in the middle of the first line.
  pass(kSecond);
  const auto faults = journal.of(EventKind::fault);
  ASSERT_FALSE(faults.empty());
  EXPECT_EQ(watcher->status().faults.seen - watcher->status().faults.uncertain, 1U);
}

// ---- what may go wrong
// ----------------------------------------------------------------------------

TEST_F(WatcherTest, AFullDiskIsSaidOnceAndNothingIsForgotten) {
  start();
  disk.room = 0;
  for (int i = 0; i < 30; ++i) {
    print(fault_line(kIova));
    pass(kSecond);
  }
  EXPECT_EQ(troubles("history", EventKind::trouble), 1U);
  EXPECT_EQ(recorded().size(), 0U);
  disk.room = 100;  // A part of a record.
  pass(10 * kSecond);
  disk.room = 1 << 20;
  pass(10 * kSecond);
  EXPECT_EQ(troubles("history", EventKind::recovered), 1U);
  EXPECT_EQ(recorded().size(), 30U);
  EXPECT_EQ(watcher->status().history.written, 30U);
}

TEST_F(WatcherTest, KilledWhileTheDiskWasFullItReadsTheRingAgain) {
  start();
  disk.room = 300;
  for (int i = 0; i < 30; ++i) {
    print(fault_line(kIova));
    pass(kSecond);
  }
  kill();
  disk.room = 1 << 20;
  start();
  pass(kSecond);
  EXPECT_EQ(recorded().size(), 30U);
}

TEST_F(WatcherTest, AReadOnlyStateDirectoryIsNoReasonToStopWatching) {
  disk.log.fail("append", xic::testing::failure(EROFS, Error::Code::denied));
  start();
  print(fault_line(kIova));
  pass(20 * kSecond);
  EXPECT_EQ(told(EventKind::fault), 1U);
  EXPECT_EQ(troubles("history", EventKind::trouble), 1U);
  EXPECT_TRUE(watcher->ready());
}

TEST_F(WatcherTest, AnUnwritableStateFileIsSaidOnce) {
  published.log.fail("replace", xic::testing::failure(ENOSPC));
  start();
  pass(200 * kSecond);
  EXPECT_EQ(troubles("state", EventKind::trouble), 1U);
  EXPECT_TRUE(watcher->ready());
}

TEST_F(WatcherTest, WithoutAJournalEventsWait) {
  start();
  journal.gone = true;
  print(fault_line(kIova));
  pass(3 * kSecond);
  EXPECT_EQ(recorded().size(), 1U);
  EXPECT_EQ(told(EventKind::fault), 0U);
  EXPECT_GT(watcher->status().journal.waiting, 0U);
  journal.gone = false;
  pass(3 * kSecond);
  EXPECT_EQ(told(EventKind::fault), 1U);
  EXPECT_EQ(troubles("journal", EventKind::trouble), 1U);
  EXPECT_EQ(troubles("journal", EventKind::recovered), 1U);
}

TEST_F(WatcherTest, WhatTheJournalNeverTookIsToldAfterAKill) {
  start();
  journal.gone = true;
  print(fault_line(kIova));
  pass(3 * kSecond);
  kill();
  journal.gone = false;
  start();
  EXPECT_EQ(field(*journal.of(EventKind::started).back(), "UNTOLD"), "1");
}

TEST_F(WatcherTest, ACursorBeyondTheConsoleIsNotBelieved) {
  disk.files["history.ndjson"] =
      R"({"type":"checkpoint","id":")" + epoch + R"(:900000","at":"x","cursor":900000})" + "\n";
  print(fault_line(kIova));
  start();
  EXPECT_EQ(recorded().size(), 1U);
  EXPECT_EQ(troubles("history", EventKind::trouble), 1U);
}

TEST_F(WatcherTest, ADamagedHistoryIsReadAsFarAsItGoes) {
  start();
  print(fault_line(kIova));
  pass(kSecond);
  kill();
  std::string& file = disk.files["history.ndjson"];
  file.insert(0, "\x01\x02 rubbish\n{\"type\":\"fault\"}\n");
  file += "{\"type\":\"fault\",\"id\":\"" + epoch + ":94\",\"cur";  // torn
  print(fault_line(kIova + 4096));
  start();
  pass(kSecond);
  EXPECT_EQ(recorded().size(), 2U);
  EXPECT_EQ(field(*journal.of(EventKind::started).back(), "DAMAGED_RECORDS"), "3");
}

TEST_F(WatcherTest, AnUnreadableHistoryIsNoReasonToStopWatching) {
  disk.log.fail("read", xic::testing::failure(EIO));
  start();
  print(fault_line(kIova));
  pass(kSecond);
  EXPECT_EQ(told(EventKind::fault), 1U);
  EXPECT_EQ(troubles("history", EventKind::trouble), 1U);
}

TEST_F(WatcherTest, AClockThatJumpsChangesNothingButTimes) {
  start();
  print(fault_line(kIova));
  pass(kSecond);
  host.clock.wall_ns -= 1'000'000'000LL * 86'400 * 365;
  for (int i = 0; i < 20; ++i) {
    print(fault_line(kIova));
    pass(kSecond);
  }
  EXPECT_EQ(told(EventKind::fault_summary), 1U);
  EXPECT_EQ(recorded().size(), 21U);
  host.clock.wall_ns = -5;
  pass(61 * kSecond);
  EXPECT_TRUE(nlohmann::json::accept(published.files["state.json"]));
}

TEST_F(WatcherTest, ReadErrorsAreSaidOnce) {
  start();
  host.console.log.fail("read", xic::testing::failure(EIO));
  pass(30 * kSecond);
  EXPECT_EQ(troubles("console", EventKind::trouble), 1U);
  EXPECT_GE(watcher->status().console.read_errors, 29U);
}

TEST_F(WatcherTest, ABadConfigurationKeepsTheOldSettings) {
  start();
  LoadedSettings bad;
  bad.settings = default_settings();
  bad.settings.poll_interval = std::chrono::seconds(30);
  bad.usable = false;
  bad.warnings = {"a.conf:3: PollInterval must be a time"};
  watcher->reload(bad);
  watcher->poll();
  EXPECT_EQ(watcher->next_poll() - host.clock.uptime(), kSecond);
  EXPECT_EQ(troubles("configuration", EventKind::trouble), 1U);
  LoadedSettings good = bad;
  good.usable = true;
  watcher->reload(good);
  EXPECT_EQ(watcher->next_poll() - host.clock.uptime(), 30 * kSecond);
  EXPECT_EQ(troubles("configuration", EventKind::recovered), 1U);
}

TEST_F(WatcherTest, AReloadLosesNothing) {
  start();
  print(fault_line(kIova));
  LoadedSettings loaded;
  loaded.settings = default_settings();
  watcher->reload(loaded);
  print(fault_line(kIova));
  pass(2 * kSecond);
  EXPECT_EQ(recorded().size(), 2U);
}

TEST_F(WatcherTest, StoppingTellsWhatWaits) {
  start();
  for (int i = 0; i < 5; ++i) print(fault_line(kIova));
  watcher->stop();
  EXPECT_EQ(recorded().size(), 5U);
  EXPECT_EQ(told(EventKind::fault_summary), 1U);
  EXPECT_EQ(told(EventKind::stopped), 1U);
}

// ---- hostile content
// ------------------------------------------------------------------------------

TEST_F(WatcherTest, WhateverIsPrintedOutputsStayWellFormed) {
  host.console = xic::testing::FakeConsoleRing(1 << 20);
  start();
  const std::string names[] = {"/smmu@\x1b[31m\xff\xfe", "/smmu@\"}\\\n", std::string("/s\0mmu", 7),
                               "/" + std::string(65'536, 'A'),
                               "/smmu@\xe2\x80\xae"
                               "dcba"};
  for (const std::string& name : names) print(fault_line(kIova, name));
  print(fault_line(kIova));
  pass(3 * kSecond);
  EXPECT_TRUE(nlohmann::json::accept(published.files["state.json"]));
  std::string_view history = disk.files["history.ndjson"];
  while (!history.empty()) {
    const std::size_t lf = history.find('\n');
    ASSERT_NE(lf, std::string_view::npos);
    EXPECT_TRUE(nlohmann::json::accept(history.substr(0, lf))) << history.substr(0, lf);
    history.remove_prefix(lf + 1);
  }
  for (const Event& event : journal.events) {
    for (const char c : event.message) EXPECT_TRUE(c >= 0x20 || (c & 0x80) != 0);
    EXPECT_LT(event.message.size(), 4096U);
    for (const EventField& one : event.fields) {
      if (one.name != "RAW") {
        EXPECT_EQ(one.value.find('\n'), std::string::npos);
      }
      EXPECT_LT(one.value.size(), 4096U);
    }
  }
}

}  // namespace
}  // namespace xic::daemon
