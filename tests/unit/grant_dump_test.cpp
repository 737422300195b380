// Lines -> dumps: forms of each Xen, interleaving, truncation, damage.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/grant/grant.h"

namespace xic {
namespace {

struct Collect final : GrantDumpSink {
  void on_grant_dump(GrantDump&& dump) override { dumps.push_back(std::move(dump)); }
  std::vector<GrantDump> dumps;
};

constexpr const char* kBegin = "gnttab_usage_print_all [ key 'g' pressed";
constexpr const char* kEnd = "gnttab_usage_print_all ] done";
constexpr const char* kEntry1 = "[0x000]      0 0xbdf23 0x00000001          0 0x039000 0x19";
constexpr const char* kEntry2 = "[0x208]      0 0xb5d70 0x00000100          0 0x048170 0x19";

struct Text {
  std::string text;
  Speaker speaker = Speaker::xen;
  bool mid_line = false;
};

/// Feeds messages one by one; each gets its number as time and offset.
class Dumper {
 public:
  Consumed say(const Text& message) {
    Line line;
    line.text = line.raw = message.text;
    line.speaker = message.speaker;
    line.mid_line = message.mid_line;
    line.time = {Clock::xen_boot, ++number_};
    line.offset = number_ * 100;
    line.input = 3;
    return parser_.consume(line);
  }
  void say_all(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) say({text});
  }
  GrantDumpParser& parser() { return parser_; }
  std::vector<GrantDump>& dumps() { return sink_.dumps; }

 private:
  Collect sink_;
  GrantDumpParser parser_{&sink_};
  std::uint64_t number_ = 0;
};

TEST(GrantDump, Xen411ToMaster) {
  Dumper d;
  d.say_all({kBegin, "      -------- active --------       -------- shared --------",
             "[ref] localdom mfn      pin          localdom gmfn     flags",
             "grant-table for remote d0 (v1)", "  1 frames (64 max), 1 maptrack frames (1024 max)",
             "no active grant table entries",
             "      -------- active --------       -------- shared --------",
             "[ref] localdom mfn      pin          localdom gmfn     flags",
             "grant-table for remote d1 (v1)", "  2 frames (64 max), 0 maptrack frames (1024 max)",
             kEntry1, kEntry2, kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  const GrantDump& dump = d.dumps()[0];
  EXPECT_TRUE(dump.complete());
  EXPECT_EQ(dump.begin_time.value, 1U);
  EXPECT_EQ(dump.end_time.value, 13U);
  EXPECT_EQ(dump.at.offset, 100U);
  EXPECT_EQ(dump.at.input, 3U);
  ASSERT_EQ(dump.grants.size(), 2U);
  EXPECT_EQ(dump.grants[0].granter, DomId{1});
  EXPECT_EQ(dump.grants[0].ref, GrantRef{0});
  EXPECT_TRUE(dump.grants[0].writable());
  EXPECT_EQ(dump.grants[1].granter, DomId{1});
  EXPECT_EQ(dump.grants[1].ref, GrantRef{0x208});
  EXPECT_EQ(dump.grants[1].frame, Frame{0xb5d70});
  EXPECT_FALSE(dump.grants[1].writable());
}

TEST(GrantDump, Xen44To49) {
  Dumper d;
  d.say_all({kBegin, "grant-table for remote domain:    0 ... no active grant table entries",
             "grant-table for remote domain:    1 (v1)",
             "[  8]        0 0x0bdf23 0x00000001          0 0x039000 0x19",
             "grant-table for remote domain:12345 (v2)",
             "[0x00a]      0 0x0bdf24 0x00000001          0 0x039000 0x19", kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_TRUE(d.dumps()[0].complete());
  ASSERT_EQ(d.dumps()[0].grants.size(), 2U);
  EXPECT_EQ(d.dumps()[0].grants[0].granter, DomId{1});
  EXPECT_EQ(d.dumps()[0].grants[0].ref, GrantRef{8});
  EXPECT_EQ(d.dumps()[0].grants[1].granter, DomId{12345});
  EXPECT_EQ(d.dumps()[0].grants[1].ref, GrantRef{10});
}

TEST(GrantDump, LeadingBlanksMayBeKeptOrNot) {
  Dumper d;
  d.say_all({std::string("   ") + kBegin, "   grant-table for remote d1 (v1)",
             std::string("      ") + kEntry1, std::string(" ") + kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_TRUE(d.dumps()[0].complete());
  EXPECT_EQ(d.dumps()[0].grants.size(), 1U);
}

TEST(GrantDump, LinesOfOthersBetweenEntriesAreNoDamage) {
  Dumper d;
  d.say({kBegin});
  EXPECT_EQ(d.say({"smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402"}), Consumed::no);
  EXPECT_EQ(d.say({"grant-table for remote d1 (v1)"}), Consumed::yes);
  EXPECT_EQ(d.say({""}), Consumed::no);
  EXPECT_EQ(d.say({"   "}), Consumed::no);
  EXPECT_EQ(d.say({kEntry1}), Consumed::yes);
  EXPECT_EQ(
      d.say({"[   68.290307] macb ff0e0000.ethernet eth0: DMA bus error", Speaker::dom0_kernel}),
      Consumed::no);
  EXPECT_EQ(d.say({"[0x04:0x00.0] is a device", Speaker::unknown}), Consumed::no);
  EXPECT_EQ(d.say({"grants are good"}), Consumed::no);
  EXPECT_EQ(d.say({kEntry2}), Consumed::yes);
  EXPECT_EQ(d.say({kEnd}), Consumed::yes);
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_TRUE(d.dumps()[0].complete());
  EXPECT_EQ(d.dumps()[0].grants.size(), 2U);
}

TEST(GrantDump, DomainZerosKernelPrintsNoDump) {
  Dumper d;
  EXPECT_EQ(d.say({kBegin, Speaker::dom0_kernel}), Consumed::no);
  d.say_all({kBegin, "grant-table for remote d1 (v1)"});
  EXPECT_EQ(d.say({kEntry1, Speaker::dom0_kernel}), Consumed::no);
  d.say({kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_TRUE(d.dumps()[0].grants.empty());
  EXPECT_TRUE(d.dumps()[0].complete());
}

TEST(GrantDump, LiteralsAloneStartNothing) {
  Dumper d;
  EXPECT_EQ(d.say({"no active grant table entries"}), Consumed::no);
  EXPECT_EQ(d.say({"Booting Linux on physical CPU 0x0 [0x411fd070]"}), Consumed::no);
  EXPECT_EQ(d.say({"[0x411fd070] something"}), Consumed::no);
  EXPECT_EQ(d.say({"[0x208"}), Consumed::no);
  EXPECT_EQ(d.say({"[0x208]      0 0x97f75 0x00000001"}), Consumed::no) << "cut: could be anything";
  d.parser().note_gap();
  d.parser().finish();
  EXPECT_TRUE(d.dumps().empty());
}

TEST(GrantDump, ABrokenEntryIsDamage) {
  Dumper d;
  d.say_all(
      {kBegin, "grant-table for remote d1 (v1)", kEntry1, "[0x208]      0 0xb5d", kEntry2, kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_TRUE(d.dumps()[0].damaged);
  EXPECT_FALSE(d.dumps()[0].complete());
  EXPECT_EQ(d.dumps()[0].grants.size(), 2U);
}

TEST(GrantDump, AnEntryCutBehindItsPinIsKept) {
  Dumper d;
  d.say_all(
      {kBegin, "grant-table for remote d1 (v1)", "[0x208]      0 0xb5d70 0x00000100    ", kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_TRUE(d.dumps()[0].complete());
  ASSERT_EQ(d.dumps()[0].grants.size(), 1U);
  EXPECT_EQ(d.dumps()[0].grants[0].frame, Frame{0xb5d70});
}

TEST(GrantDump, ANewBeginEndsTheOneBefore) {
  Dumper d;
  d.say_all({kBegin, "grant-table for remote d1 (v1)", kEntry1, kBegin,
             "grant-table for remote d2 (v1)", kEntry2, kEnd});
  ASSERT_EQ(d.dumps().size(), 2U);
  EXPECT_TRUE(d.dumps()[0].begin_seen);
  EXPECT_FALSE(d.dumps()[0].end_seen);
  EXPECT_FALSE(d.dumps()[0].complete());
  EXPECT_EQ(d.dumps()[0].grants.size(), 1U);
  EXPECT_TRUE(d.dumps()[1].complete());
  ASSERT_EQ(d.dumps()[1].grants.size(), 1U);
  EXPECT_EQ(d.dumps()[1].grants[0].granter, DomId{2});
}

TEST(GrantDump, TheTextEndsWithinADump) {
  Dumper d;
  d.say_all({kBegin, "grant-table for remote d1 (v1)", kEntry1});
  EXPECT_TRUE(d.dumps().empty());
  d.parser().finish();
  d.parser().finish();
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_FALSE(d.dumps()[0].end_seen);
  EXPECT_FALSE(d.dumps()[0].damaged);
  EXPECT_EQ(d.dumps()[0].grants.size(), 1U);
}

TEST(GrantDump, TheTextBeginsAtAHeader) {
  Dumper d;
  d.say_all({"[ref] localdom mfn      pin          localdom gmfn     flags",
             "grant-table for remote d1 (v1)", kEntry1, kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_FALSE(d.dumps()[0].begin_seen);
  EXPECT_TRUE(d.dumps()[0].end_seen);
  EXPECT_FALSE(d.dumps()[0].complete());
  EXPECT_EQ(d.dumps()[0].grants.size(), 1U);
}

TEST(GrantDump, TheTextBeginsAtAnEntry) {
  Dumper d;
  EXPECT_EQ(d.say({kEntry1}), Consumed::yes);
  d.say_all({kEntry2, "grant-table for remote d2 (v1)", kEntry2, kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_FALSE(d.dumps()[0].begin_seen);
  EXPECT_TRUE(d.dumps()[0].damaged) << "whose the first entries are is not known";
  ASSERT_EQ(d.dumps()[0].grants.size(), 1U);
  EXPECT_EQ(d.dumps()[0].grants[0].granter, DomId{2});
}

TEST(GrantDump, TheTextBeginsAtTheEnd) {
  Dumper d;
  EXPECT_EQ(d.say({kEnd}), Consumed::yes);
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_FALSE(d.dumps()[0].begin_seen);
  EXPECT_FALSE(d.dumps()[0].complete());
}

TEST(GrantDump, LostBytes) {
  Dumper d;
  d.parser().note_gap();
  d.say_all({kBegin, "grant-table for remote d1 (v1)", kEntry1});
  d.parser().note_gap();
  d.say_all({kEntry2, kEnd, kBegin, kEnd});
  ASSERT_EQ(d.dumps().size(), 2U);
  EXPECT_FALSE(d.dumps()[0].complete());
  EXPECT_TRUE(d.dumps()[1].complete()) << "a gap before a dump does not concern it";
}

TEST(GrantDump, AHeaderThatCannotBeReadLeavesNoGranter) {
  for (const char* const header :
       {"grant-table for remote d", "grant-table for remote", "grant-table for remote d1",
        "grant-table for remote d32752 (v1)", "grant-table for remote d99999999 (v1)",
        "grant-table for remote d-1 (v1)", "grant-table for remote d[IO] (v1)",
        "grant-table for remote domain: (v1)", "grant-table for remote domain:    1",
        "grant-table for remote domain:70000 (v1)", "grant-table for remote d1(v1)"}) {
    Dumper d;
    d.say_all({kBegin, "grant-table for remote d1 (v1)", header, kEntry1, kEnd});
    ASSERT_EQ(d.dumps().size(), 1U) << header;
    EXPECT_TRUE(d.dumps()[0].damaged) << header;
    EXPECT_TRUE(d.dumps()[0].grants.empty()) << header << ": never to the domain before";
  }
}

TEST(GrantDump, EntriesBeforeAnyHeaderAreDamage) {
  Dumper d;
  d.say_all({kBegin, kEntry1, kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_TRUE(d.dumps()[0].damaged);
  EXPECT_TRUE(d.dumps()[0].grants.empty());
}

TEST(GrantDump, BehindOtherTextAGuestMayHaveWritten) {
  Dumper entry;
  entry.say_all({kBegin, "grant-table for remote d1 (v1)"});
  entry.say({kEntry1, Speaker::xen, true});
  entry.say({kEnd});
  ASSERT_EQ(entry.dumps().size(), 1U);
  EXPECT_TRUE(entry.dumps()[0].damaged);
  EXPECT_TRUE(entry.dumps()[0].grants.empty());

  Dumper header;
  header.say_all({kBegin, "grant-table for remote d1 (v1)"});
  header.say({"grant-table for remote d2 (v1)", Speaker::xen, true});
  header.say_all({kEntry1, kEnd});
  ASSERT_EQ(header.dumps().size(), 1U);
  EXPECT_TRUE(header.dumps()[0].damaged);
  EXPECT_TRUE(header.dumps()[0].grants.empty());

  Dumper end;
  end.say_all({kBegin, "grant-table for remote d1 (v1)", kEntry1});
  end.say({kEnd, Speaker::xen, true});
  ASSERT_EQ(end.dumps().size(), 1U);
  EXPECT_TRUE(end.dumps()[0].damaged);

  Dumper outside;
  EXPECT_EQ(outside.say({kEntry1, Speaker::xen, true}), Consumed::no);
  outside.parser().finish();
  EXPECT_TRUE(outside.dumps().empty());
}

TEST(GrantDump, BehindTheEchoOfItsCommandADumpMayBegin) {
  Dumper d;
  d.say({kBegin, Speaker::xen, true});
  d.say_all({"grant-table for remote d1 (v1)", kEntry1, kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_TRUE(d.dumps()[0].complete());
}

TEST(GrantDump, AMarkerCutOffIsDamage) {
  Dumper d;
  d.say_all({kBegin, "grant-table for remote d1 (v1)", kEntry1, "gnttab_usage_print_all ] do"});
  EXPECT_TRUE(d.dumps().empty());
  d.parser().finish();
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_TRUE(d.dumps()[0].damaged);
  EXPECT_FALSE(d.dumps()[0].end_seen);
}

TEST(GrantDump, BytesThatAreNoText) {
  Dumper d;
  d.say({kBegin});
  d.say({std::string("[0x208]\0    0 0xb5d70", 20)});
  d.say({std::string("grant-table for remote d1\0(v1)", 30)});
  d.say({std::string(70000, '[')});
  d.say({std::string(70000, '\xff')});
  d.say({kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_TRUE(d.dumps()[0].damaged);
}

TEST(GrantDump, EntriesOverTheLimitAreCounted) {
  Dumper d;
  d.say_all({kBegin, "grant-table for remote d1 (v1)"});
  const Text entry{kEntry1};
  for (std::size_t i = 0; i < GrantDumpParser::kMaxEntries + 5; ++i) d.say(entry);
  d.say({kEnd});
  ASSERT_EQ(d.dumps().size(), 1U);
  EXPECT_EQ(d.dumps()[0].grants.size(), GrantDumpParser::kMaxEntries);
  EXPECT_EQ(d.dumps()[0].dropped, 5U);
  EXPECT_FALSE(d.dumps()[0].complete());
}

TEST(GrantDump, EveryFormHoldsALiteral) {
  for (const std::string_view text :
       {std::string_view(kBegin), std::string_view(kEnd), std::string_view(kEntry1),
        std::string_view("(XEN) [  8]        0 0x0bdf23 0x00000001          0 0x039000 0x19"),
        std::string_view("(XEN) [123456]    32751 0x0bdf23 0x00000001          0 0x039000 0x19"),
        std::string_view("grant-table for remote d1 (v1)"),
        std::string_view("grant-table for remote domain:    1 (v1)"),
        std::string_view("no active grant table entries")}) {
    bool held = false;
    for (const std::string_view literal : GrantDumpParser::literals()) {
      EXPECT_GE(literal.size(), 3U);
      EXPECT_LE(literal.size(), 32U);
      held |= text.find(literal) != std::string_view::npos;
    }
    EXPECT_TRUE(held) << text;
  }
}

/// "(XEN) [   20.577011] text" -> "text".
std::string without_prefix(std::string line) {
  if (line.starts_with("(XEN) ")) line.erase(0, 6);
  const std::size_t close = line.find("] ");
  if (line.starts_with("[ ") && close != std::string::npos) line.erase(0, close + 2);
  return line;
}

TEST(GrantDump, RecordingsOfRealHypervisors) {
  const char* const folder = std::getenv("XIC_CAPTURES_DIR");
  if (folder == nullptr) GTEST_SKIP() << "XIC_CAPTURES_DIR is not set";
  struct Expected {
    const char* file;
    std::size_t dumps, complete;
    std::vector<std::uint64_t> last_frames;
  };
  for (const Expected& expected :
       {Expected{"xen-4.14.1-smmu/xl-dmesg-full.txt", 3, 3, {0xbfd72, 0xbfd6f, 0x97f75, 0x97f66}},
        Expected{"xen-4.14.1-smmu/gnttab-g.txt", 1, 0, {0xbfd72, 0xbfd6f, 0x97f75, 0x97f66}},
        Expected{"xen-4.14.6-entry-missing-faults/xl-dmesg-full.txt",
                 3,
                 3,
                 {0xbdf6c, 0xbdf6b, 0x7d407, 0x7d406}},
        Expected{
            "xen-4.17-smmu-healthy/gnttab-g.txt", 1, 1, {0xbdf23, 0xbdf22, 0xb5d70, 0xb5d66}}}) {
    std::ifstream file(std::filesystem::path(folder) / expected.file);
    ASSERT_TRUE(file) << expected.file;
    Dumper d;
    for (std::string line; std::getline(file, line);) d.say({without_prefix(line)});
    d.parser().finish();
    ASSERT_EQ(d.dumps().size(), expected.dumps) << expected.file;
    std::size_t complete = 0;
    for (const GrantDump& dump : d.dumps()) complete += dump.complete() ? 1 : 0;
    EXPECT_EQ(complete, expected.complete) << expected.file;
    std::vector<std::uint64_t> frames;
    for (const Grant& grant : d.dumps().back().grants) {
      EXPECT_EQ(grant.granter, DomId{1});
      frames.push_back(grant.frame.value());
    }
    EXPECT_EQ(frames, expected.last_frames) << expected.file;
  }
}

}  // namespace
}  // namespace xic
