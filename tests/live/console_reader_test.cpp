#include "host/inquiry/console_reader.h"

#include <gtest/gtest.h>

#include "host/inquiry/grant_dump.h"
#include "host/inquiry/poll_policy.h"
#include "tests/live/sample_hosts.h"

namespace xic {
namespace {

using testing::failure;
using testing::FakeConsoleRing;
using testing::FakePause;
using testing::ManualClock;

struct Text {
  std::string bytes;
  std::uint64_t lost = 0;
  bool restarted = false;
};

Text rest(ConsoleReader* reader) {
  Text text;
  for (int i = 0; i < 1000; ++i) {
    const auto chunk = reader->next();
    if (!chunk || !*chunk) return text;
    text.bytes += (*chunk)->bytes;
    text.lost += (*chunk)->lost;
    text.restarted = text.restarted || (*chunk)->restarted;
  }
  ADD_FAILURE() << "never empty";
  return text;
}

TEST(ConsoleReader, ReadsWhatIsThereThenWhatIsNew) {
  FakeConsoleRing ring;
  ring.print("one\n");
  ConsoleReader reader(&ring);
  EXPECT_EQ(rest(&reader).bytes, "one\n");
  EXPECT_EQ(rest(&reader).bytes, "");
  ring.print("two\n");
  EXPECT_EQ(rest(&reader).bytes, "two\n");
}

TEST(ConsoleReader, AnEmptyRingGivesNothing) {
  FakeConsoleRing ring;
  ConsoleReader reader(&ring);
  const auto chunk = reader.next();
  ASSERT_TRUE(chunk);
  EXPECT_FALSE(*chunk);
}

TEST(ConsoleReader, ShortReadsLoseNothing) {
  FakeConsoleRing ring;
  ring.most = 3;
  ring.print("abcdefghij");
  ConsoleReader reader(&ring);
  const Text text = rest(&reader);
  EXPECT_EQ(text.bytes, "abcdefghij");
  EXPECT_EQ(text.lost, 0U);
}

TEST(ConsoleReader, WrapsOfTheIndexAndOfTheRing) {
  FakeConsoleRing ring(64, 0xffff'fff0);
  ConsoleReader reader(&ring);
  ring.print(std::string(20, 'a'));
  EXPECT_EQ(rest(&reader).bytes, std::string(20, 'a'));
  ring.print(std::string(100, 'b'));
  const Text text = rest(&reader);
  EXPECT_EQ(text.bytes, std::string(64, 'b'));
  EXPECT_EQ(text.lost, 36U);
  EXPECT_FALSE(text.restarted);
}

TEST(ConsoleReader, WhatIsPrintedDuringTheCopyIsTornToTheByte) {
  FakeConsoleRing ring(64);
  ring.print(std::string(64, 'a'));
  ConsoleReader reader(&ring);
  ring.printed_while_reading = std::string(10, 'b');
  const auto chunk = reader.next();
  ASSERT_TRUE(chunk && *chunk);
  EXPECT_EQ((*chunk)->lost, 10U);
  EXPECT_EQ((*chunk)->bytes, std::string(54, 'a'));
  EXPECT_EQ(rest(&reader).bytes, std::string(10, 'b'));
}

TEST(ConsoleReader, ClearedBySomebodyCountsAsLost) {
  FakeConsoleRing ring;
  ConsoleReader reader(&ring, RingCursor({0, RingIndex{0}}));
  ring.print("unread");
  ring.clear();
  ring.print("new");
  const Text text = rest(&reader);
  EXPECT_EQ(text.lost, 6U);
  EXPECT_EQ(text.bytes, "new");
}

TEST(ConsoleReader, ARebootedHypervisorStartsAnew) {
  FakeConsoleRing after;
  after.print("(XEN) hello\n");
  ConsoleReader reader(&after, RingCursor({5'000'000, RingIndex{5'000'000}}));
  const Text text = rest(&reader);
  EXPECT_TRUE(text.restarted);
  EXPECT_EQ(text.lost, 0U);
  EXPECT_EQ(text.bytes, "(XEN) hello\n");
}

TEST(ConsoleReader, AfterAnErrorTheSameBytesAreReadAgain) {
  for (const char* operation : {"read", "oldest"}) {
    FakeConsoleRing ring;
    ring.print("one");
    ConsoleReader reader(&ring);
    EXPECT_EQ(rest(&reader).bytes, "one");
    ring.print("two");
    ring.log.fail(operation, failure(EIO), 1);
    EXPECT_FALSE(reader.next()) << operation;
    const Text text = rest(&reader);
    EXPECT_EQ(text.bytes, "two") << operation;
    EXPECT_EQ(text.lost, 0U) << operation;
  }
}

TEST(PollPolicy, FastWhileFaultsArriveThenBackOff) {
  PollPolicy policy;
  EXPECT_EQ(policy.next(false), kSecond);
  EXPECT_EQ(policy.next(true), 20 * kMillisecond);
  EXPECT_EQ(policy.next(true), 20 * kMillisecond);
  EXPECT_EQ(policy.next(false), 40 * kMillisecond);
  std::uint64_t last = 0;
  for (int i = 0; i < 10; ++i) last = policy.next(false);
  EXPECT_EQ(last, kSecond);
}

// ---- dumps -------------------------------------------------------------------------------------
struct DumpRun {
  explicit DumpRun(std::uint32_t capacity = 16384) : ring(capacity), reader(&ring) {
    tables.console = &ring;
    tables.dump = testing::kDump;
    pause.console = &ring;
  }
  Expected<DumpOutcome> run(std::uint64_t budget = kSecond) {
    const Deadline deadline(&clock, budget);
    return dump_grants(&tables, &reader, &pause, deadline,
                       [&](const ConsoleChunk& chunk) { text += chunk.bytes; });
  }
  FakeConsoleRing ring;
  testing::FakeGrantTables tables;
  ManualClock clock;
  FakePause pause{&clock};
  ConsoleReader reader;
  std::string text;
};

TEST(GrantDump, DrainsFirstAndReadsToTheEnd) {
  DumpRun dump;
  dump.ring.print("(XEN) before\n");
  const auto outcome = dump.run();
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->complete());
  EXPECT_EQ(dump.text, "(XEN) before\n" + std::string(testing::kDump));
  EXPECT_EQ(dump.pause.waits, 0U);
}

TEST(GrantDump, WaitsForAnEndThatComesLater) {
  DumpRun dump;
  const std::string_view whole = testing::kDump;
  const std::size_t cut = whole.size() - 12;  // within the end's mark
  dump.tables.dump = whole.substr(0, cut);
  dump.pause.prints = {"", std::string(whole.substr(cut))};
  const auto outcome = dump.run();
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->complete());
  EXPECT_EQ(dump.pause.waits, 2U);
}

TEST(GrantDump, GivesUpAtTheDeadline) {
  DumpRun dump;
  dump.tables.dump = "(XEN) gnttab_usage_print_all [ key 'g' pressed\n";
  const auto outcome = dump.run();
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->begin_seen);
  EXPECT_FALSE(outcome->end_seen);
  EXPECT_FALSE(outcome->complete());
  EXPECT_LT(dump.pause.waits, 60U);
}

TEST(GrantDump, EndsWhenTheUserWants) {
  DumpRun dump;
  dump.tables.dump = "";
  dump.pause.until = 1;
  const auto outcome = dump.run();
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(outcome->complete());
  EXPECT_EQ(dump.pause.waits, 1U);
}

TEST(GrantDump, ARingTooSmallIsNoCompleteDump) {
  DumpRun dump(256);
  const auto outcome = dump.run();
  ASSERT_TRUE(outcome);
  EXPECT_GT(outcome->lost, 0U);
  EXPECT_FALSE(outcome->complete());
}

TEST(GrantDump, ErrorsArePassedOn) {
  DumpRun refused;
  refused.tables.log.fail("print_all", failure(EPERM, Error::Code::denied));
  EXPECT_FALSE(refused.run());
  DumpRun unreadable;
  unreadable.ring.log.fail("read", failure(EIO));
  EXPECT_FALSE(unreadable.run());
  EXPECT_EQ(unreadable.tables.log.count("print_all"), 0U) << "not drained: nothing is printed";
}

TEST(DumpRate, OnceInAWhile) {
  DumpRate rate(60 * kSecond);
  EXPECT_TRUE(rate.take(100 * kSecond));
  EXPECT_FALSE(rate.take(159 * kSecond));
  EXPECT_TRUE(rate.take(160 * kSecond));
}

}  // namespace
}  // namespace xic
