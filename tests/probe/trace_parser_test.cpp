// The recorder's text, line by line: a real one, and what a hostile task name can do.
#include "core/grant/trace_parser.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/probe/trace_text.h"

namespace xic {
namespace {

using testing::TraceText;
using Kind = GrantTraceEvent::Kind;

struct Collector final : GrantTraceSink {
  struct Kept {
    GrantTraceEvent event;
    std::string task;
  };
  void on_grant_trace(const GrantTraceEvent& event) override {
    kept.push_back({event, std::string(event.task)});
  }
  [[nodiscard]] std::size_t count(Kind kind) const {
    std::size_t found = 0;
    for (const Kept& one : kept) found += one.event.kind == kind ? 1U : 0U;
    return found;
  }
  std::vector<Kept> kept;
};

std::string recorded(const std::string& name) {
  std::ifstream file("tests/data/trace/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(GrantTraceParser, ReadsWhatARealKernelPrints) {
  Collector all;
  const GrantTraceQuality quality = read_grant_trace(recorded("netback.txt"), &all);
  EXPECT_EQ(quality.damaged, 0U);
  EXPECT_EQ(quality.unseen, 0U);
  EXPECT_EQ(quality.overwritten, 0U);
  ASSERT_GE(all.kept.size(), 5U);
  EXPECT_EQ(all.kept[0].event.kind, Kind::started);
  EXPECT_EQ(all.kept[0].event.time_ns, 23'869'862'000U);
  const GrantTraceEvent& first = all.kept[1].event;
  EXPECT_EQ(first.kind, Kind::mapped);
  EXPECT_EQ(first.time_ns, 23'893'618'000U);
  EXPECT_EQ(first.domain, DomId{1});
  EXPECT_EQ(first.ref, GrantRef{8});
  EXPECT_EQ(first.frame, Frame{0x62cb1});
  EXPECT_TRUE(first.read_only);
  EXPECT_EQ(first.handle, 0xbU);
  EXPECT_EQ(first.cpu, 0U);
  EXPECT_EQ(all.kept[1].task, "ksoftirqd/0");
  const GrantTraceEvent& unmap = all.kept[2].event;
  EXPECT_EQ(unmap.kind, Kind::unmap_begins);
  EXPECT_EQ(unmap.handle, 0xbU);
  EXPECT_EQ(unmap.batch, 0xffff80000a349018U);
  EXPECT_EQ(unmap.pid, 244U);
  EXPECT_EQ(all.kept[2].task, "vif1.0-q0-deall");
  EXPECT_EQ(all.kept[3].event.kind, Kind::unmap_ended);
  EXPECT_EQ(all.kept[3].event.batch, unmap.batch);
}

TEST(GrantTraceParser, ABatchGivesAllItsOperationsAndNothingBehindThem) {
  Collector all;
  std::string text =
      "  ksoftirqd/0-13      [000] d.s..    27.191850: map8: "
      "(set_foreign_p2m_mapping+0x0/0x160) n=2 "
      "o0={0x4547a000,0x800000006,0x1100000001,0x62cb1000,0x45479000,0x900000002,"
      "0x1200000002,0x62cb3000,0x1,0x2,0x3,0x4}\n";
  EXPECT_EQ(read_grant_trace(text, &all).unseen, 0U);
  ASSERT_EQ(all.kept.size(), 2U);
  EXPECT_EQ(all.kept[1].event.domain, DomId{2});
  EXPECT_EQ(all.kept[1].event.ref, GrantRef{9});
  EXPECT_EQ(all.kept[1].event.handle, 0x12U);
  EXPECT_FALSE(all.kept[1].event.read_only);
}

TEST(GrantTraceParser, AMapThatFailedIsNone) {
  Collector all;
  const std::string text =
      "  t-13      [000] d.s..    27.191850: map1: "
      "(set_foreign_p2m_mapping+0x0/0x160) n=1 "
      "o0={0x4547a000,0x800000006,0x11fff40001,0x62cb1000}\n";
  EXPECT_EQ(read_grant_trace(text, &all).damaged, 0U);
  EXPECT_TRUE(all.kept.empty());
}

TEST(GrantTraceParser, OperationsOverTheRecordAreCounted) {
  Collector all;
  const std::string text =
      "  t-13      [000] d.s..    27.191850: map64: "
      "(set_foreign_p2m_mapping+0x0/0x160) n=70 "
      "o0={0x4547a000,0x800000006,0x1100000001,0x62cb1000} o1=(fault)\n";
  EXPECT_EQ(read_grant_trace(text, &all).unseen, 69U);
  EXPECT_EQ(all.kept.size(), 1U);
}

TEST(GrantTraceParser, AnotherLayoutIsDamageNotAGrant) {
  Collector all;
  const std::string text =
      "  t-13      [000] d.s..    27.191850: map1: "
      "(set_foreign_p2m_mapping+0x0/0x160) n=1 "
      "o0={0x800000006,0x4547a000,0x7ff5,0x62cb1000}\n";
  EXPECT_EQ(read_grant_trace(text, &all).damaged, 1U);
  EXPECT_TRUE(all.kept.empty());
}

TEST(GrantTraceParser, ATaskCannotForgeARecordByItsName) {
  Collector all;
  TraceText text;
  text.map(5, 1, 8, 0x62cb1, 1, true, "x-1 [000] map1:");
  text.map(6, 1, 8, 0x62cb1, 2, true, "a b - c");
  const GrantTraceQuality quality = read_grant_trace(text.text, &all);
  EXPECT_EQ(quality.damaged, 0U);
  ASSERT_EQ(all.kept.size(), 2U);
  EXPECT_EQ(all.kept[0].task, "x-1 [000] map1:");
  EXPECT_EQ(all.kept[0].event.pid, 13U);
  EXPECT_EQ(all.kept[0].event.time_ns, 5000U);
  EXPECT_EQ(all.kept[1].task, "a b - c");
}

TEST(GrantTraceParser, OthersLinesAreSkippedAndBrokenOnesCounted) {
  Collector all;
  const std::string text =
      "# entries-in-buffer/entries-written: 3/10   #P:1\n"
      "   sh-1   [000] .....  1.000000: sched_switch: prev=1\n"
      "   sh-1   [000] .....  1.5: map1: (set_foreign_p2m_mapping+0x0/0x1) n=1 o0={0x1}\n"
      "   map1: (set_foreign_p2m_mapping+0x0/0x1)\n"
      "   sh-1   [000] .....  1.000000: map1: (another_function+0x0/0x1) n=1 o0={0x1}\n";
  const GrantTraceQuality quality = read_grant_trace(text, &all);
  EXPECT_TRUE(all.kept.empty());
  EXPECT_EQ(quality.overwritten, 7U);
  EXPECT_EQ(quality.damaged, 2U);
  EXPECT_EQ(quality.records, 0U);
}

}  // namespace
}  // namespace xic
