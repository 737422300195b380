// Indices of the console ring -> one continuous text with exact losses.
#include "core/console/ring_cursor.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace xic {
namespace {

constexpr RingIndex index(std::uint64_t value) {
  return RingIndex{static_cast<std::uint32_t>(value)};
}

TEST(RingCursor, BeginsAtTheOldestWithoutALoss) {
  RingCursor cursor;
  EXPECT_FALSE(cursor.next());
  EXPECT_FALSE(cursor.position());
  const RingPiece piece = cursor.accept(100, index(5100), index(5000));
  EXPECT_EQ(piece.lost, 0U);
  EXPECT_EQ(piece.skip, 0U);
  EXPECT_EQ(piece.offset, 5000U);
  EXPECT_FALSE(piece.restarted);
  EXPECT_EQ(cursor.next(), index(5100));
  EXPECT_EQ(cursor.position()->offset, 5100U);
}

TEST(RingCursor, ContinuousReadsLoseNothing) {
  RingCursor cursor({700, index(700)});
  EXPECT_EQ(cursor.accept(50, index(750), index(0)).offset, 700U);
  EXPECT_EQ(cursor.accept(0, index(750), index(0)).lost, 0U);
  const RingPiece last = cursor.accept(1, index(751), index(750));
  EXPECT_EQ(last.offset, 750U);
  EXPECT_EQ(last.lost, 0U);
}

TEST(RingCursor, CountsWhatWasOverwrittenToTheByte) {
  RingCursor cursor({1000, index(1000)});
  const RingPiece piece = cursor.accept(16384, index(20000), index(20000 - 16384));
  EXPECT_EQ(piece.lost, 20000U - 16384U - 1000U);
  EXPECT_EQ(piece.offset, 20000U - 16384U);
  EXPECT_EQ(cursor.position()->offset, 20000U);
}

TEST(RingCursor, TheIndexWraps) {
  constexpr std::uint64_t kWrap = std::uint64_t{1} << 32;
  RingCursor cursor({kWrap - 10, index(kWrap - 10)});
  EXPECT_EQ(cursor.accept(30, index(kWrap + 20), index(kWrap - 10)).offset, kWrap - 10);
  EXPECT_EQ(cursor.position()->offset, kWrap + 20);
  EXPECT_EQ(cursor.next(), index(20));
  // A loss over the wrap of a second round.
  RingCursor second({2 * kWrap - 10, index(kWrap - 10)});
  const RingPiece piece = second.accept(5, index(kWrap + 105), index(kWrap + 100));
  EXPECT_EQ(piece.lost, 110U);
  EXPECT_EQ(piece.offset, 2 * kWrap + 100);
}

TEST(RingCursor, ATornHeadIsLost) {
  RingCursor cursor({100, index(100)});
  const RingPiece piece = cursor.accept(50, index(150), index(120));
  EXPECT_EQ(piece.skip, 20U);
  EXPECT_EQ(piece.lost, 20U);
  EXPECT_EQ(piece.offset, 120U);
  EXPECT_EQ(cursor.position()->offset, 150U);
}

TEST(RingCursor, AGapAndATornHeadAddUp) {
  RingCursor cursor({100, index(100)});
  const RingPiece piece = cursor.accept(50, index(350), index(310));
  EXPECT_EQ(piece.lost, 210U);
  EXPECT_EQ(piece.skip, 10U);
  EXPECT_EQ(piece.offset, 310U);
}

TEST(RingCursor, LappedWhollyDuringTheCopyLosesAllOfItAndTheRestNextTime) {
  RingCursor cursor({100, index(100)});
  const RingPiece lapped = cursor.accept(50, index(150), index(400));
  EXPECT_EQ(lapped.skip, 50U);
  EXPECT_EQ(lapped.lost, 50U);
  EXPECT_EQ(cursor.position()->offset, 150U);
  const RingPiece after = cursor.accept(10, index(410), index(400));
  EXPECT_EQ(after.lost, 250U);
  EXPECT_EQ(after.offset, 400U);
}

TEST(RingCursor, AnIndexBeyondTheProducerMeansANewBoot) {
  RingCursor cursor({90000, index(90000)});
  const RingPiece piece = cursor.accept(300, index(300), index(0));
  EXPECT_TRUE(piece.restarted);
  EXPECT_EQ(piece.lost, 0U);
  EXPECT_EQ(piece.offset, 90000U);
  EXPECT_EQ(cursor.position()->offset, 90300U);
  EXPECT_EQ(cursor.next(), index(300));
}

// Whatever a ring of 64 bytes does, offsets stay true to what was printed: text plus losses add up.
TEST(RingCursor, LossesAndTextAddUpOverAnyHistory) {
  constexpr std::uint64_t kCapacity = 64;
  std::uint32_t random = 1;
  const auto below = [&](std::uint32_t bound) {
    random = random * 1664525 + 1013904223;
    return (random >> 8) % bound;
  };
  std::uint64_t printed = (std::uint64_t{1} << 32) - 500;
  const auto oldest = [&] { return printed - kCapacity; };
  RingCursor cursor({printed, index(printed)});
  std::uint64_t text = 0;
  std::uint64_t lost = 0;
  const std::uint64_t start = printed;
  std::uint64_t at = printed;
  for (int i = 0; i < 2000; ++i) {
    printed += below(100);
    const std::uint64_t begin = std::max(at, oldest());
    const std::uint64_t count = std::min<std::uint64_t>(printed - begin, below(80));
    if (below(4) == 0) printed += below(90);  // while it is copied
    const RingPiece piece = cursor.accept(count, index(begin + count), index(oldest()));
    ASSERT_FALSE(piece.restarted);
    ASSERT_EQ(piece.offset, std::max(begin, std::min(begin + count, oldest())));
    text += count - piece.skip;
    lost += piece.lost;
    at = begin + count;
    ASSERT_EQ(cursor.position()->offset, at);
  }
  EXPECT_EQ(start + text + lost, at);
  EXPECT_GT(lost, 0U);
  EXPECT_GT(text, 0U);
}

}  // namespace
}  // namespace xic
