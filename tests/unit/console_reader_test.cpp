#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/reader.h"

namespace xic {
namespace {

const std::vector<std::string_view> kLiterals = {"smmu: ", "SMMUv3: ", "DMAR",
                                                 "[0x",    "= \"",     "Xen version"};

struct Seen {
  std::string text;
  std::string raw;
  Speaker speaker = Speaker::unknown;
  std::uint64_t offset = 0;
  bool mid_line = false;
  bool repaired = false;
  bool last_chance = false;
  friend bool operator==(const Seen&, const Seen&) = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << seen.offset << " '" << seen.text << "' raw '" << seen.raw << "' "
             << (seen.mid_line ? "mid " : "") << (seen.repaired ? "repaired " : "")
             << (seen.last_chance ? "last" : "");
}

class Sink : public LineSink {
 public:
  using Answer = std::function<Consumed(const Line&, bool)>;
  Sink() = default;
  explicit Sink(Answer answer) : answer_(std::move(answer)) {}

  Consumed on_line(const Line& line, bool last_chance) override {
    seen.push_back({std::string(line.text), std::string(line.raw), line.speaker, line.offset,
                    line.mid_line, line.repaired, last_chance});
    inputs.push_back(line.input);
    return answer_ ? answer_(line, last_chance) : Consumed::no;
  }
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> result;
    for (const Seen& one : seen) result.push_back(one.text);
    return result;
  }
  std::vector<Seen> seen;
  std::vector<std::uint32_t> inputs;

 private:
  Answer answer_;
};

using Texts = std::vector<std::string>;

/// A fault line is whole once it has its "cb=".
Consumed wants_cb(const Line& line, bool last_chance) {
  if (line.text.find("smmu: ") == std::string_view::npos) return Consumed::no;
  if (line.text.find("cb=") != std::string_view::npos) return Consumed::yes;
  return last_chance ? Consumed::no : Consumed::needs_more;
}

void read(std::string_view text, Sink* sink, bool repair, ReaderCounters* counters = nullptr) {
  LineReader reader(kLiterals, sink, {.repair_pastes = repair, .input = 7});
  reader.feed(text);
  reader.finish();
  if (counters != nullptr) *counters = reader.counters();
}

TEST(ConsoleReader, DeliversOnlyLinesWithALiteral) {
  Sink sink;
  ReaderCounters counters;
  const std::string_view text =
      "(XEN) Brought up 4 CPUs\n(XEN) smmu: /a: x\r\n\n  vif = \"\"\nnothing\n(XEN) smmu: smmu: y";
  read(text, &sink, false, &counters);
  ASSERT_EQ(sink.texts(), (Texts{"smmu: /a: x", "vif = \"\"", "smmu: smmu: y"}));
  EXPECT_EQ(sink.seen[0].offset, 24U);
  EXPECT_EQ(sink.seen[0].raw, "(XEN) smmu: /a: x");
  EXPECT_EQ(sink.seen[1].raw, "  vif = \"\"");
  EXPECT_EQ(sink.seen[2].offset, text.size() - 19);
  EXPECT_EQ(sink.inputs, (std::vector<std::uint32_t>{7, 7, 7}));
  EXPECT_EQ(counters.bytes, text.size());
  EXPECT_EQ(counters.candidate_lines, 3U);
  EXPECT_EQ(counters.cut_lines, 0U);
  EXPECT_EQ(counters.nul_bytes, 0U);
}

TEST(ConsoleReader, DeliversAllMessagesOfALine) {
  Sink sink;
  ReaderCounters counters;
  read("[    1.000000] macb x(XEN) smmu: a<2>smmu: b\n", &sink, false, &counters);
  EXPECT_EQ(sink.texts(), (Texts{"macb x", "smmu: a", "smmu: b"}));
  EXPECT_EQ(sink.seen[0].speaker, Speaker::dom0_kernel);
  EXPECT_TRUE(sink.seen[2].mid_line);
  EXPECT_EQ(counters.candidate_lines, 1U);
}

TEST(ConsoleReader, ReadsEveryLineWhileTheSinkWantsThem) {
  for (const std::size_t portion : {std::size_t{1}, std::size_t{5}, std::size_t{1000}}) {
    LineReader* reader = nullptr;
    Sink sink([&](const Line& line, bool) {
      if (line.text == "smmu: on") reader->read_every_line(true);
      if (line.text == "off") reader->read_every_line(false);
      return Consumed::yes;
    });
    LineReader owner(kLiterals, &sink, {});
    reader = &owner;
    const std::string_view text = "a\nsmmu: on\nb\n\nc\noff\nd\nsmmu: e\n";
    for (std::size_t at = 0; at < text.size(); at += portion)
      reader->feed(text.substr(at, portion));
    reader->finish();
    EXPECT_EQ(sink.texts(), (Texts{"smmu: on", "b", "c", "off", "smmu: e"})) << portion;
  }
}

TEST(ConsoleReader, SplitsOnLineFeedsOnly) {
  Sink sink;
  read("(XEN) DOM1: a\r(XEN) smmu: b\n", &sink, false);
  EXPECT_EQ(sink.texts(), (Texts{"DOM1: a\r", "smmu: b"}));
  EXPECT_TRUE(sink.seen[1].mid_line);
}

TEST(ConsoleReader, CountsNulBytesOfDeliveredLines) {
  Sink sink;
  ReaderCounters counters;
  read(std::string_view("\0\0\n\0(XEN) smmu: a\0b\n", 20), &sink, false, &counters);
  EXPECT_EQ(counters.nul_bytes, 2U);
  // Who wrote the NUL may have written the rest.
  ASSERT_EQ(sink.seen.size(), 2U);
  EXPECT_EQ(sink.seen[1].text, std::string("smmu: a\0b", 9));
  EXPECT_TRUE(sink.seen[1].mid_line);
}

TEST(ConsoleReader, EmptyInput) {
  Sink sink;
  LineReader reader(kLiterals, &sink, {});
  reader.finish();
  reader.feed({});
  reader.feed("");
  reader.finish();
  EXPECT_TRUE(sink.seen.empty());
}

TEST(ConsoleReader, CanBeFedAnotherTextAfterFinish) {
  Sink sink;
  LineReader reader(kLiterals, &sink, {});
  reader.feed("x\nsmmu: a");
  reader.finish();
  reader.feed("smmu: b\n");
  reader.finish();
  EXPECT_EQ(sink.texts(), (Texts{"smmu: a", "smmu: b"}));
  EXPECT_EQ(sink.seen[0].offset, 2U);
  EXPECT_EQ(sink.seen[1].offset, 0U);
  EXPECT_EQ(reader.counters().bytes, 17U);
}

TEST(ConsoleReader, LinesOfTheGreatestLengthAreWhole) {
  const std::string start = "smmu: ";
  const std::string line = start + std::string(kMaxLineBytes - start.size(), 'x');
  for (const std::size_t portion : {line.size() + 10, std::size_t{1000}, kMaxLineBytes}) {
    Sink sink;
    LineReader reader(kLiterals, &sink, {});
    const std::string text = line + "\n" + line + "y\nsmmu: z\n";
    for (std::size_t at = 0; at < text.size(); at += portion) {
      reader.feed(std::string_view(text).substr(at, portion));
    }
    reader.finish();
    ASSERT_EQ(sink.seen.size(), 3U) << portion;
    EXPECT_EQ(sink.seen[0].text, line);
    EXPECT_EQ(sink.seen[1].text, line);
    EXPECT_EQ(sink.seen[2].text, "smmu: z");
    EXPECT_EQ(sink.seen[2].offset, 2 * line.size() + 3);
    EXPECT_EQ(reader.counters().cut_lines, 1U);
  }
}

TEST(ConsoleReader, WhatIsCutOffIsNotSearched) {
  for (const std::size_t portion : {std::size_t{1} << 20, std::size_t{4096}, std::size_t{70'000}}) {
    Sink sink;
    LineReader reader(kLiterals, &sink, {});
    const std::string text = std::string(300'000, 'x') + "smmu: hidden\nsmmu: a\n" +
                             std::string(200'000, 'y') + "smmu: hidden";
    for (std::size_t at = 0; at < text.size(); at += portion) {
      reader.feed(std::string_view(text).substr(at, portion));
    }
    reader.finish();
    EXPECT_EQ(sink.texts(), (Texts{"smmu: a"})) << portion;
    EXPECT_EQ(reader.counters().cut_lines, 2U) << portion;
    reader.feed("smmu: b\n");
    EXPECT_EQ(sink.texts().back(), "smmu: b") << portion;
  }
}

TEST(ConsoleReader, HundredMegabytesInOneLine) {
  Sink sink;
  LineReader reader(kLiterals, &sink, {.repair_pastes = true});
  const std::string block(1 << 20, 'x');
  reader.feed("smmu: ");
  for (int i = 0; i < 100; ++i) reader.feed(block);
  reader.finish();
  ASSERT_EQ(sink.seen.size(), 1U);
  EXPECT_EQ(sink.seen[0].raw.size(), kMaxLineBytes);
  EXPECT_EQ(reader.counters().cut_lines, 1U);
}

// ---- joining ------------------------------------------------------------------------------------

// As mail programs wrap it.
constexpr std::string_view kHead =
    "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402,";
constexpr std::string_view kRest = "iova=0x8424cb148, fsynr=0xb0001, cb=0";
constexpr std::string_view kJoined =
    "smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x8424cb148, fsynr=0xb0001, "
    "cb=0";

std::string lines(std::initializer_list<std::string_view> all) {
  std::string text;
  for (const std::string_view line : all) text.append(line).append(1, '\n');
  return text;
}

TEST(ConsoleReaderJoin, WithoutRepairTheSinkMustTakeWhatThereIs) {
  Sink sink(wants_cb);
  read(lines({kHead, kRest}), &sink, false);
  ASSERT_EQ(sink.seen.size(), 2U);
  EXPECT_FALSE(sink.seen[0].last_chance);
  EXPECT_TRUE(sink.seen[1].last_chance);
  EXPECT_EQ(sink.seen[0].text, sink.seen[1].text);
}

TEST(ConsoleReaderJoin, JoinsAWrappedLine) {
  Sink sink(wants_cb);
  ReaderCounters counters;
  read(lines({"x", kHead, kRest, "(XEN) smmu: y cb="}), &sink, true, &counters);
  ASSERT_EQ(sink.texts(),
            (Texts{std::string(kHead.substr(6)), std::string(kJoined), "smmu: y cb="}));
  EXPECT_TRUE(sink.seen[1].repaired);
  EXPECT_FALSE(sink.seen[1].last_chance);
  EXPECT_EQ(sink.seen[1].speaker, Speaker::xen);
  EXPECT_EQ(sink.seen[1].offset, 2U);
  EXPECT_EQ(sink.seen[1].raw, std::string(kHead) + "\n" + std::string(kRest));
  EXPECT_FALSE(sink.seen[2].repaired);
  EXPECT_EQ(counters.candidate_lines, 2U);
}

TEST(ConsoleReaderJoin, JoinsQuotedIndentedAndCrlfLines) {
  for (const std::string_view rest :
       {"> iova=0x8424cb148, fsynr=0xb0001, cb=0", "\tiova=0x8424cb148, fsynr=0xb0001, cb=0 ",
        "> >    iova=0x8424cb148, fsynr=0xb0001, cb=0\r"}) {
    Sink sink(wants_cb);
    read(lines({"> " + std::string(kHead) + " \r", rest}), &sink, true);
    ASSERT_EQ(sink.seen.size(), 2U) << rest;
    EXPECT_EQ(sink.seen[1].text, kJoined);
  }
}

TEST(ConsoleReaderJoin, JoinsAtTheEndOfTheInput) {
  Sink sink(wants_cb);
  read(std::string(kHead) + "\n" + std::string(kRest), &sink, true);
  ASSERT_EQ(sink.seen.size(), 2U);
  EXPECT_EQ(sink.seen[1].text, kJoined);
}

TEST(ConsoleReaderJoin, TheInputEndsTooEarly) {
  Sink sink(wants_cb);
  read(lines({kHead, "iova=0x8424cb148,"}), &sink, true);
  ASSERT_EQ(sink.seen.size(), 3U);
  EXPECT_FALSE(sink.seen[1].last_chance);
  EXPECT_TRUE(sink.seen[2].last_chance);
  EXPECT_EQ(sink.seen[2].text, sink.seen[1].text);
  EXPECT_TRUE(sink.seen[2].repaired);
  Sink alone(wants_cb);
  read(kHead, &alone, true);
  ASSERT_EQ(alone.seen.size(), 2U);
  EXPECT_TRUE(alone.seen[1].last_chance);
  EXPECT_FALSE(alone.seen[1].repaired);
}

// What was joined so far is the sink's if it takes it on its last chance.
TEST(ConsoleReaderJoin, LinesJoinedBeforeTheLastChanceAreConsumed) {
  Sink sink([](const Line& line, bool last_chance) {
    if (!line.text.starts_with("smmu: a")) return Consumed::no;
    return last_chance ? Consumed::yes : Consumed::needs_more;
  });
  read(lines({"smmu: a", "DMAR b", "(XEN) DMAR c"}), &sink, true);
  EXPECT_EQ(sink.texts(), (Texts{"smmu: a", "smmu: a DMAR b", "smmu: a DMAR b", "DMAR c"}));
}

TEST(ConsoleReaderJoin, NeverJoinsANewMessage) {
  for (const std::string_view next :
       {"(XEN) smmu: z cb=1", "> (XEN) smmu: z cb=1", "[    1.000000] smmu: z cb=1",
        "<6>[    1.000000] smmu: z cb=1", "Oct 14 09:19:28 host kernel: smmu: z cb=1",
        "smmu: z cb=1", "<2>smmu: z cb=1", "iova=0x1(XEN) smmu: z cb=1",
        "iova=0x1<3>smmu: z cb=1"}) {
    Sink sink(wants_cb);
    read(lines({kHead, next}), &sink, true);
    ASSERT_GE(sink.seen.size(), 3U) << next;
    EXPECT_TRUE(sink.seen[1].last_chance) << next;
    EXPECT_EQ(sink.seen[1].text, kHead.substr(6)) << next;
    EXPECT_EQ(sink.seen.back().text, "smmu: z cb=1") << next;
    EXPECT_FALSE(sink.seen.back().repaired) << next;
  }
}

TEST(ConsoleReaderJoin, SkipsOneBlankLine) {
  Sink sink(wants_cb);
  read(lines({kHead, "", kRest}), &sink, true);
  ASSERT_EQ(sink.seen.size(), 2U);
  EXPECT_EQ(sink.seen[1].text, kJoined);
  Sink two(wants_cb);
  read(lines({kHead, ">", "> ", kRest}), &two, true);
  ASSERT_EQ(two.seen.size(), 2U);
  EXPECT_TRUE(two.seen[1].last_chance);
  EXPECT_EQ(two.seen[1].text, kHead.substr(6));
}

TEST(ConsoleReaderJoin, OffersAtMostEightTimesMore) {
  Sink sink([](const Line& line, bool last_chance) {
    if (line.text.starts_with("smmu: start")) {
      return last_chance ? Consumed::yes : Consumed::needs_more;
    }
    return Consumed::no;
  });
  std::string text = "smmu: start\n";
  for (int i = 0; i < 12; ++i) text += "part DMAR " + std::to_string(i) + "\n";
  read(text, &sink, true);
  // The message, eight joined offers, and the four lines that were not joined.
  ASSERT_EQ(sink.seen.size(), 1U + 8U + 4U);
  EXPECT_FALSE(sink.seen[7].last_chance);
  EXPECT_TRUE(sink.seen[8].last_chance);
  EXPECT_TRUE(sink.seen[8].text.ends_with("part DMAR 7"));
  EXPECT_EQ(sink.seen[9].text, "part DMAR 8");
}

TEST(ConsoleReaderJoin, LinesJoinedInVainAreReadNormally) {
  Sink sink([](const Line& line, bool) {
    return line.text.starts_with("smmu: start") ? Consumed::needs_more : Consumed::no;
  });
  ReaderCounters counters;
  std::string text = "smmu: start\n";
  for (int i = 0; i < 12; ++i) {
    text += (i % 2 == 0 ? "part DMAR " : "part nothing ") + std::to_string(i) + "\n";
  }
  read(text, &sink, true, &counters);
  EXPECT_EQ(sink.seen.size(), 1U + 8U + 6U);
  EXPECT_EQ(sink.seen[9].text, "part DMAR 0");
  EXPECT_EQ(sink.seen[9].offset, 12U);
  EXPECT_FALSE(sink.seen[9].repaired);
  EXPECT_EQ(sink.seen[14].text, "part DMAR 10");
  EXPECT_EQ(counters.candidate_lines, 7U);
}

TEST(ConsoleReaderJoin, ALineJoinedInVainMayWaitItself) {
  Sink sink([](const Line& line, bool last_chance) {
    if (line.text == "smmu: a DMAR b c") return Consumed::no;
    if (line.text == "DMAR b c") return Consumed::yes;
    return last_chance ? Consumed::no : Consumed::needs_more;
  });
  read("smmu: a\nDMAR b\nc\n(XEN) DMAR d\n", &sink, true);
  EXPECT_EQ(sink.texts(), (Texts{"smmu: a", "smmu: a DMAR b", "smmu: a DMAR b c", "DMAR b",
                                 "DMAR b c", "DMAR d", "DMAR d"}));
}

TEST(ConsoleReaderJoin, ARefusalBeforeTheLastChanceEndsTheJoining) {
  Sink sink([](const Line& line, bool) {
    return line.text == "smmu: a" ? Consumed::needs_more : Consumed::no;
  });
  read("smmu: a\nDMAR b\nDMAR c\n", &sink, true);
  EXPECT_EQ(sink.texts(), (Texts{"smmu: a", "smmu: a DMAR b", "DMAR b", "DMAR c"}));
}

TEST(ConsoleReaderJoin, OnlyTheLastMessageOfALineWaits) {
  Sink sink(wants_cb);
  read("(XEN) smmu: a(XEN) smmu: b\ncb=1\n", &sink, true);
  EXPECT_EQ(sink.texts(), (Texts{"smmu: a", "smmu: a", "smmu: b", "smmu: b cb=1"}));
  EXPECT_TRUE(sink.seen[1].last_chance);
  EXPECT_TRUE(sink.seen[3].mid_line);
}

TEST(ConsoleReaderJoin, LongTextsAreNotJoined) {
  Sink sink(wants_cb);
  read("smmu: " + std::string(5000, 'x') + "\ncb=1\n", &sink, true);
  ASSERT_EQ(sink.seen.size(), 2U);
  EXPECT_TRUE(sink.seen[1].last_chance);
  Sink rest(wants_cb);
  read("smmu: x\n" + std::string(5000, 'x') + "\ncb=1\n", &rest, true);
  ASSERT_EQ(rest.seen.size(), 2U);
  EXPECT_FALSE(rest.seen[1].repaired);
}

TEST(ConsoleReaderJoin, FinishForgetsNothing) {
  Sink sink(wants_cb);
  LineReader reader(kLiterals, &sink, {.repair_pastes = true});
  reader.feed("smmu: a\nDMAR b");
  reader.finish();
  EXPECT_EQ(sink.texts().back(), "DMAR b");
  reader.feed("cb=1\n");
  reader.finish();
  EXPECT_EQ(sink.texts().back(), "DMAR b");
}

// ---- portions -----------------------------------------------------------------------------------

/// What the contract says, without any cleverness, for texts without joins.
std::vector<Seen> read_plainly(std::string_view text) {
  std::vector<Seen> seen;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, std::min(end - begin, kMaxLineBytes));
    if (std::any_of(kLiterals.begin(), kLiterals.end(), [&](std::string_view literal) {
          return line.find(literal) != std::string_view::npos;
        })) {
      split_messages(line, [&](const Line& message) {
        seen.push_back({std::string(message.text), std::string(message.raw), message.speaker, begin,
                        message.mid_line, false, false});
      });
    }
    begin = end + 1;
  }
  return seen;
}

std::string random_text(std::mt19937* random, std::size_t size) {
  const auto below = [&](std::size_t bound) { return std::size_t{(*random)()} % bound; };
  const std::vector<std::string> parts = {"(XEN) ",
                                          "smmu: /a: x ",
                                          "cb=1",
                                          "\n",
                                          "\n",
                                          "\r\n",
                                          "> ",
                                          "  ",
                                          "[0x1]",
                                          "plain text",
                                          "DMAR",
                                          "(XEN) [    1.000000] ",
                                          "[    2.000000] ",
                                          "<2>smmu: ",
                                          "cb=",
                                          std::string("\0", 1),
                                          "Oct 14 09:19:28 h kernel: "};
  std::string text;
  while (text.size() < size) {
    text += parts[below(parts.size())];
    if (below(400) == 0) text += std::string(below(150'000), 'x');
  }
  return text;
}

TEST(ConsoleReaderPortions, AnyPortionsGiveThePlainResult) {
  std::mt19937 random(4711);
  for (int round = 0; round < 60; ++round) {
    const std::string text = random_text(&random, 20'000);
    const std::vector<Seen> expected = read_plainly(text);
    for (const std::size_t greatest : {std::size_t{3}, std::size_t{200}, std::size_t{300'000}}) {
      Sink sink;
      LineReader reader(kLiterals, &sink, {});
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t portion = 1 + std::size_t{random()} % greatest;
        const std::string copy = text.substr(at, portion);
        reader.feed(copy);
        at += portion;
      }
      reader.finish();
      ASSERT_EQ(sink.seen, expected) << "round " << round << " portions up to " << greatest;
    }
  }
}

TEST(ConsoleReaderPortions, JoiningDoesNotDependOnPortions) {
  std::mt19937 random(815);
  for (int round = 0; round < 60; ++round) {
    const std::string text = random_text(&random, 5'000);
    Sink whole(wants_cb);
    read(text, &whole, true);
    for (const std::size_t portion : {std::size_t{1}, std::size_t{17}, std::size_t{4096}}) {
      Sink sink(wants_cb);
      LineReader reader(kLiterals, &sink, {.repair_pastes = true});
      for (std::size_t at = 0; at < text.size(); at += portion) {
        reader.feed(std::string_view(text).substr(at, portion));
      }
      reader.finish();
      ASSERT_EQ(sink.seen, whole.seen) << "round " << round << " portion " << portion;
    }
  }
}

// The scanner is tuned after some megabytes: that must not change what is found.
TEST(ConsoleReaderPortions, LongTextsLoseNothing) {
  std::string block;
  for (int i = 0; i < 2000; ++i) {
    block += "(XEN) [    1.000000] d1v0 Unhandled SMC/HVC: 0x84000050\n";
    if (i % 10 == 0) block += "(XEN) smmu: /smmu@fd800000: x\n";
  }
  Sink sink;
  LineReader reader(kLiterals, &sink, {});
  for (int i = 0; i < 40; ++i) reader.feed(block);
  reader.finish();
  EXPECT_EQ(sink.seen.size(), 8000U);
}

// Every line asks for more: each is joined with eight others again and again, and no more.
TEST(ConsoleReaderPortions, EndlessWishesStayLinear) {
  std::size_t offers = 0;
  Sink sink;
  class Greedy : public LineSink {
   public:
    explicit Greedy(std::size_t* offers) : offers_(offers) {}
    Consumed on_line(const Line&, bool) override {
      ++*offers_;
      return Consumed::needs_more;
    }

   private:
    std::size_t* offers_;
  } greedy(&offers);
  LineReader reader(kLiterals, &greedy, {.repair_pastes = true});
  std::string text;
  constexpr std::size_t kLines = 20'000;
  for (std::size_t i = 0; i < kLines; ++i) text += "x smmu: \n";
  reader.feed(text);
  reader.finish();
  EXPECT_GE(offers, kLines);
  EXPECT_LE(offers, kLines * 10);
}

}  // namespace
}  // namespace xic
