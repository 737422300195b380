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
  EXPECT_EQ(quality.overwritten, 0U);
  ASSERT_GE(all.kept.size(), 5U);
  EXPECT_EQ(all.kept[0].event.kind, Kind::started);
  EXPECT_GT(all.count(Kind::maps), 5U);
  EXPECT_GT(all.count(Kind::unmaps), 5U);
  EXPECT_GT(all.count(Kind::set), all.count(Kind::maps));
  for (const Collector::Kept& one : all.kept) {
    if (one.event.kind != Kind::maps) continue;
    EXPECT_EQ(one.event.domain, DomId{1});
    EXPECT_FALSE(one.event.failed);
  }
}

TEST(GrantTraceParser, TheFieldsOfEachRecord) {
  Collector all;
  const std::string text =
      "     ksoftirqd/0-13      [002] d.s..    23.893618: map: (set_foreign_p2m_mapping+0x0/0x160) "
      "n=2 o={0x45481000,0x800000006,0xb00000001,0x62cb1000}\n"
      "     ksoftirqd/0-13      [002] d.s..    23.893619: page: "
      "(__set_phys_to_machine_multi+0x0/0x180) pfn=0x45481 mfn=0x62cb1 nr=1\n"
      " vif1.0-q0-deall-244     [000] d....    23.894426: unmap: (gnttab_unmap_refs+0x0/0xb0) n=2\n"
      " vif1.0-q0-deall-244     [000] d....    23.894540: page: "
      "(__set_phys_to_machine_multi+0x0/0x180) pfn=0x45481 mfn=0xffffffffffffffff nr=1\n";
  EXPECT_EQ(read_grant_trace(text, &all).damaged, 0U);
  ASSERT_EQ(all.kept.size(), 4U);
  const GrantTraceEvent& maps = all.kept[0].event;
  EXPECT_EQ(maps.kind, Kind::maps);
  EXPECT_EQ(maps.time_ns, 23'893'618'000U);
  EXPECT_EQ(maps.count, 2U);
  EXPECT_EQ(maps.domain, DomId{1});
  EXPECT_EQ(maps.ref, GrantRef{8});
  EXPECT_EQ(maps.frame, Frame{0x62cb1});
  EXPECT_EQ(maps.pfn, 0x45481U);
  EXPECT_TRUE(maps.read_only);
  EXPECT_TRUE(maps.in_softirq);
  EXPECT_EQ(maps.cpu, 2U);
  EXPECT_EQ(maps.pid, 13U);
  EXPECT_EQ(all.kept[1].event.kind, Kind::set);
  EXPECT_EQ(all.kept[1].event.pfn, 0x45481U);
  EXPECT_EQ(all.kept[2].event.kind, Kind::unmaps);
  EXPECT_FALSE(all.kept[2].event.in_softirq);
  EXPECT_EQ(all.kept[2].task, "vif1.0-q0-deall");
  EXPECT_EQ(all.kept[3].event.kind, Kind::cleared);
}

TEST(GrantTraceParser, APageIsGoneOnlyWithoutAFrame) {
  const std::string head =
      " vif1.0-q0-deall-244     [000] d....    23.894540: gone: "
      "(clear_foreign_p2m_mapping+0x48/0x80) pfn=0x45481 ";
  Collector all;
  EXPECT_EQ(read_grant_trace(head + "mfn=0xffffffffffffffff nr=1\n", &all).damaged, 0U);
  ASSERT_EQ(all.kept.size(), 1U);
  EXPECT_EQ(all.kept[0].event.kind, Kind::cleared);
  EXPECT_EQ(all.kept[0].event.pfn, 0x45481U);
  for (const char* const wrong : {"mfn=0x62cb1 nr=1", "mfn=0xffffffffffffffff nr=2", ""}) {
    Collector none;
    EXPECT_EQ(read_grant_trace(head + wrong + '\n', &none).damaged, 1U) << wrong;
    EXPECT_TRUE(none.kept.empty());
  }
}

TEST(GrantTraceParser, AMapThatFailedSaysSo) {
  Collector all;
  const std::string text =
      "  t-13      [000] d.s..    27.191850: map: (set_foreign_p2m_mapping+0x0/0x160) n=1 "
      "o={0x4547a000,0x800000006,0x11fff40001,0xffffffffffffffff}\n";
  EXPECT_EQ(read_grant_trace(text, &all).damaged, 0U);
  ASSERT_EQ(all.kept.size(), 1U);
  EXPECT_TRUE(all.kept[0].event.failed);
}

TEST(GrantTraceParser, AnotherLayoutIsDamageNotAGrant) {
  Collector all;
  const std::string text =
      "  t-13      [000] d.s..    27.191850: map: (set_foreign_p2m_mapping+0x0/0x160) n=1 "
      "o={0x800000006,0x4547a000,0x7ff5,0x62cb1000}\n"
      "  t-13      [000] d.s..    27.191851: map: (set_foreign_p2m_mapping+0x0/0x160) n=1 "
      "o=(fault)\n"
      "  t-13      [000] d.s..    27.191852: page: (__set_phys_to_machine_multi+0x0/0x1) pfn=0x1 "
      "mfn=0x2 nr=16\n";
  EXPECT_EQ(read_grant_trace(text, &all).damaged, 3U);
  EXPECT_TRUE(all.kept.empty());
}

TEST(GrantTraceParser, ATaskCannotForgeARecordByItsName) {
  Collector all;
  TraceText text;
  text.map(5, 1, 8, 0x62cb1, 1, true, "x-1 [000] map:");
  text.map(6, 1, 8, 0x62cb1, 2, true, "a b - c");
  const GrantTraceQuality quality = read_grant_trace(text.text, &all);
  EXPECT_EQ(quality.damaged, 0U);
  ASSERT_EQ(all.kept.size(), 4U);
  EXPECT_EQ(all.kept[0].task, "x-1 [000] map:");
  EXPECT_EQ(all.kept[0].event.pid, 13U);
  EXPECT_EQ(all.kept[0].event.time_ns, 5000U);
  EXPECT_EQ(all.kept[2].task, "a b - c");
}

TEST(GrantTraceParser, OthersLinesAreSkippedAndBrokenOnesCounted) {
  Collector all;
  const std::string text =
      "# entries-in-buffer/entries-written: 3/10   #P:1\n"
      "   sh-1   [000] .....  1.000000: sched_switch: prev=1\n"
      "   sh-1   [000] .....  1.5: map: (set_foreign_p2m_mapping+0x0/0x1) n=1 o={0x1}\n"
      "   map: (set_foreign_p2m_mapping+0x0/0x1)\n"
      "   sh-1   [000] .....  1.000000: map: (another_function+0x0/0x1) n=1 o={0x1}\n";
  const GrantTraceQuality quality = read_grant_trace(text, &all);
  EXPECT_TRUE(all.kept.empty());
  EXPECT_EQ(quality.overwritten, 7U);
  EXPECT_EQ(quality.damaged, 2U);
  EXPECT_EQ(quality.records, 0U);
}

TEST(GrantTraceParser, AnOperationThatCannotBeIsDamage) {
  const std::string head =
      "     ksoftirqd/0-13      [002] d.s..    23.893618: op: "
      "(set_foreign_p2m_mapping+0x74/0x160) ";
  const auto quality = [&](const std::string& fields) {
    Collector all;
    const GrantTraceQuality found = read_grant_trace(head + fields + '\n', &all);
    return std::pair{found.records, found.damaged};
  };
  using Counts = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(quality("pfn=0x5 mfn=0x62cb1 flags=0x6 ref=0x208 dom=1"), Counts(1, 0));
  for (const char* const wrong :
       {"pfn=0x5 mfn=0x62cb1 flags=0x6 ref=0x208",
        "pfn=0x5 mfn=0x62cb1 flags=0x6 ref=0x208 dom=1 x",
        "pfn=0x5 mfn=0x62cb1 flags=0x6 ref=0x208 dom=32756", "pfn=0x5 mfn=0x62cb1 ref=0x208 dom=1",
        "pfn=0x5 mfn=0xffffffffffffffff flags=0x6 ref=0x208 dom=1",
        "pfn=0x5 mfn=0x62cb1 flags=0x6 ref=0x100000000 dom=1", "(fault)"}) {
    EXPECT_EQ(quality(wrong), Counts(0, 1)) << wrong;
  }
}

}  // namespace
}  // namespace xic
