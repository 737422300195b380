// Following a host: faults as they arrive, looked into at once; losses; lines for people and
// programs.
#include "report/watch.h"

#include <gtest/gtest.h>

#include "host/inquiry/watcher.h"
#include "tests/live/sample_hosts.h"

namespace xic {
namespace {

using testing::ask;
using testing::FakeHost;
using testing::fill;
using testing::root_options;

constexpr std::int64_t kMorning = 1'764'062'102'114'000'000;  // 2025-11-25 09:15:02.114 UTC

struct Watch {
  Watch() { fill(&host); }
  void start() {
    const HostRecord record = ask(&host, root_options());
    (void)observe(record, InputMode::live, &observer);
    watcher = std::make_unique<Watcher>(ports, &observer, RingCursor(*record.console_end));
    host.grants.log.calls.clear();
  }
  Look look() {
    auto found = watcher->look();
    EXPECT_TRUE(found);
    return found ? *found : Look{};
  }
  Diagnosis judged() { return diagnose(observer.snapshot(), built_in_knowledge()); }

  FakeHost host;
  Ports ports = host.ports();
  Observer observer;
  std::unique_ptr<Watcher> watcher;
};

TEST(Watcher, SeesAFaultWithinOneLookAndAsksAtOnce) {
  Watch watch;
  watch.start();
  EXPECT_TRUE(watch.look().faults.empty());
  watch.host.console.print(testing::kFault);
  const Look look = watch.look();
  ASSERT_EQ(look.faults.size(), 1U);
  EXPECT_EQ(look.next_ns, 20 * kMillisecond);
  const Facts facts = watch.observer.snapshot();
  ASSERT_EQ(facts.granted_now.size(), 1U);
  EXPECT_TRUE(facts.granted_now[0].at_fault);
  EXPECT_TRUE(watch.judged().faults.at(0).authentic);
}

TEST(Watcher, AFaultWhereOneWasBeforeIsAnotherOne) {
  Watch watch;
  watch.host.console.print(testing::kFault);
  watch.start();
  const std::size_t before = watch.observer.snapshot().faults.size();
  ASSERT_GE(before, 1U);
  watch.host.console.print(testing::kFault);
  EXPECT_EQ(watch.look().faults, std::vector<std::optional<std::size_t>>{before});
}

TEST(Watcher, AStormAsksOnce) {
  Watch watch;
  watch.start();
  for (int i = 0; i < 100; ++i) watch.host.console.print(testing::kFault);
  EXPECT_EQ(watch.look().faults.size(), 100U);
  EXPECT_EQ(watch.host.grants.log.count("granted_now"), 1U);
  EXPECT_EQ(watch.host.grants.log.count("print_all"), 0U);
}

/// A ring with one request in flight that takes in the place of the fault.
RingPage busy_ring() {
  RingPage page(4096);
  const auto put = [&](std::size_t at, std::uint32_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) page[at + i] = std::byte(value >> (8 * i) & 0xff);
  };
  put(0, 1, 4);
  put(64, 0x1a, 4);       // ref
  put(64 + 4, 0x100, 2);  // offset
  put(64 + 10, 1000, 2);  // size
  return page;
}

TEST(Watcher, ARequestInFlightThatFitsIsToldAndNamesNobody) {
  Watch watch;
  watch.host.grants.rings[{DomId{1}, GrantRef{520}}] = busy_ring();
  watch.start();
  watch.host.console.print(testing::kFault);
  (void)watch.look();
  const FaultFinding finding = watch.judged().faults.at(0);
  EXPECT_EQ(finding.attribution.state, Attribution::State::likely);
  EXPECT_FALSE(finding.attribution.granter);
  EXPECT_FALSE(finding.attribution.ref);
  EXPECT_EQ(finding.attribution.backend, "");
  EXPECT_NE(finding.attribution.source.find("in flight of vif1.0"), std::string::npos);
  EXPECT_FALSE(finding.accuses) << "the guest's own word accuses nobody";
}

// A guest may name any grant of its as its ring, at any time: data pages are never mapped for it.
TEST(Watcher, ARingThatWasRenamedIsNotMapped) {
  Watch watch;
  for (const std::uint32_t ref : {520U, 521U}) {
    watch.host.grants.rings[{DomId{1}, GrantRef{ref}}] = busy_ring();
  }
  watch.start();
  unsigned frame = 0x97e00;
  const auto copies_at_a_fault = [&] {
    watch.host.grants.log.calls.clear();
    watch.host.clock.advance(11 * kSecond);  // devices are listed anew, after the fault
    watch.host.grants.answers[Frame{++frame}] = GrantedNow::Answer::granted_or_own;
    std::ostringstream fault;
    fault << "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x" << std::hex
          << frame << "148, fsynr=0xb0001, cb=0\n";
    watch.host.console.print(fault.str());
    EXPECT_EQ(watch.look().faults.size(), 1U);
    return watch.host.grants.log.count("copy_ring");
  };
  std::string& named = watch.host.store.values["/local/domain/1/device/vif/0/tx-ring-ref"];
  std::string& state = watch.host.store.values["/local/domain/0/backend/vif/1/0/state"];
  EXPECT_EQ(copies_at_a_fault(), 1U);
  named = "521";
  EXPECT_EQ(copies_at_a_fault(), 0U) << "renamed since the devices were listed";
  EXPECT_EQ(copies_at_a_fault(), 0U) << "still another than at first";
  named = "520";
  (void)copies_at_a_fault();
  EXPECT_EQ(copies_at_a_fault(), 1U) << "what dom0 has mapped all the while";
  state = "6";
  EXPECT_EQ(copies_at_a_fault(), 0U) << "closed since";
  state = "4";
  (void)copies_at_a_fault();
  EXPECT_EQ(copies_at_a_fault(), 1U);
  watch.host.store.log.fail("read", testing::failure(EIO));
  EXPECT_EQ(copies_at_a_fault(), 0U) << "whether it is one cannot be told";
}

TEST(Watcher, ARingThatCannotBeCopiedIsNoError) {
  Watch watch;
  watch.start();
  watch.host.grants.log.fail("copy_ring", testing::failure(EINVAL));
  watch.host.console.print(testing::kFault);
  EXPECT_EQ(watch.look().faults.size(), 1U);
}

TEST(Watcher, CountsLossesToTheByte) {
  Watch watch;
  watch.host.console = testing::FakeConsoleRing(256);
  watch.host.console.print("(XEN) start\n");
  watch.start();
  watch.host.console.print(std::string(1000, 'x') + "\n");
  EXPECT_EQ(watch.look().lost, 1001U - 256U);
  EXPECT_EQ(watch.observer.snapshot().lost_console_bytes, 1001U - 256U);
}

TEST(Watcher, JoinsTheDriversError) {
  Watch watch;
  watch.host.console.print("(XEN) [    2.000000] Freed 392kB init memory.\n");
  watch.start();
  watch.host.kernel.records.push_back(
      "[   68.290307] macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK");
  watch.host.console.print("(XEN) [   70.290000]" + std::string(testing::kFault.substr(5)));
  (void)watch.look();
  const Facts facts = watch.observer.snapshot();
  ASSERT_EQ(facts.dom0_errors.size(), 1U);
  EXPECT_TRUE(facts.faults.at(0).dom0_error);
}

TEST(Watcher, KnowsAGuestThatCameLater) {
  Watch watch;
  watch.start();
  watch.host.store.values["/local/domain/2"] = "";
  watch.host.store.values["/local/domain/2/name"] = "late";
  watch.host.clock.advance(11 * kSecond);
  (void)watch.look();
  EXPECT_FALSE(watch.observer.snapshot().backends.domain_names.contains(DomId{2}))
      << "without a fault nobody asks";
  watch.host.console.print(testing::kFault);
  (void)watch.look();
  EXPECT_EQ(watch.observer.snapshot().backends.domain_names.at(DomId{2}), "late");
  const std::size_t questions = watch.host.store.log.calls.size();
  watch.host.console.print(testing::kFault);
  (void)watch.look();
  EXPECT_EQ(watch.host.store.log.calls.size(), questions) << "a storm lists once";
}

TEST(Watcher, GoesOnAfterAFailedRead) {
  Watch watch;
  watch.start();
  watch.host.console.print(testing::kFault);
  watch.host.console.log.fail("read", testing::failure(EAGAIN), 1);
  EXPECT_FALSE(watch.watcher->look());
  EXPECT_EQ(watch.look().faults.size(), 1U);
}

TEST(Watcher, AKernelLogThatBreaksIsLeftAlone) {
  Watch watch;
  watch.start();
  watch.host.kernel.log.fail("next", testing::failure(EIO));
  watch.host.kernel.log.calls.clear();
  (void)watch.look();
  (void)watch.look();
  EXPECT_EQ(watch.host.kernel.log.count("next"), 1U);
}

// ---- lines -------------------------------------------------------------------------------------
struct Feed {
  explicit Feed(bool json = false) : feed(json) {
    fill(&host);
    host.console.print(testing::kFault);
    facts = testing::facts_of(ask(&host, root_options()));
    diagnosis = diagnose(facts, built_in_knowledge());
    report.facts = &facts;
    report.diagnosis = &diagnosis;
    report.knowledge = &built_in_knowledge();
  }
  FakeHost host;
  Facts facts;
  Diagnosis diagnosis;
  Report report;
  WatchFeed feed;
  WatchFeed::Now now{kMorning, 1'000'000'000};
};

TEST(WatchFeed, ALineAFault) {
  Feed at;
  const std::string line = at.feed.fault(at.report, 0, at.now);
  EXPECT_TRUE(
      line.starts_with("09:15:02.114  FAULT  smmu@fd800000 cb0  READ 0x97f75148  d1 web01 "
                       "grant 0x208 vif1.0"))
      << line;
  EXPECT_TRUE(line.ends_with("(new)\n")) << line;
}

TEST(WatchFeed, FoldsAStormAndTellsItLessAndLessOften) {
  Feed at;
  (void)at.feed.fault(at.report, 0, at.now);
  at.feed.folded(0, 16);
  at.now.uptime += 9'000'000'000;
  EXPECT_EQ(at.feed.due(at.report, at.now, false), "");
  EXPECT_TRUE(at.feed.pending());
  at.now.uptime += 1'000'000'000;
  const std::string summary = at.feed.due(at.report, at.now, false);
  EXPECT_NE(summary.find("x16 "), std::string::npos) << summary;
  EXPECT_NE(summary.find("16 more in 10 s"), std::string::npos) << summary;
  EXPECT_FALSE(at.feed.pending());
  at.feed.folded(0, 1);
  at.now.uptime += 19'000'000'000;
  EXPECT_EQ(at.feed.due(at.report, at.now, false), "");
  at.now.uptime += 1'000'000'000;
  EXPECT_NE(at.feed.due(at.report, at.now, false), "");
  at.feed.folded(0, 7);
  EXPECT_NE(at.feed.due(at.report, at.now, true).find("x7 "), std::string::npos)
      << "at the end, all";
}

TEST(WatchFeed, LossesAndBoots) {
  Feed at;
  EXPECT_EQ(
      at.feed.lost(4096, at.now),
      "09:15:02.114  LOST   4096 console bytes overwritten before they were read; counts are a "
      "lower bound\n");
  EXPECT_NE(at.feed.restarted(at.now).find("BOOT"), std::string::npos);
  at.feed.unkept(3);
  EXPECT_NE(at.feed.due(at.report, at.now, false).find("x3"), std::string::npos);
}

TEST(WatchFeed, JsonIsAnObjectALine) {
  Feed at(true);
  std::string text = at.feed.fault(at.report, 0, at.now);
  at.feed.folded(0, 2);
  text += at.feed.due(at.report, at.now, true);
  text += at.feed.lost(5, at.now);
  text += at.feed.restarted(at.now);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  for (const char* part :
       {R"("schema":"xen-iommu-check-watch/1")", R"("event":"fault")", R"("event":"fault_summary")",
        R"("event":"lost")", R"("bytes":5)", R"("event":"restarted")",
        R"("time":"2025-11-25T09:15:02.114Z")", R"("iova":"0x97f75148")"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
  }
}

}  // namespace
}  // namespace xic
