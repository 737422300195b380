// Frame -> grants.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "core/grant/grant.h"

namespace xic {
namespace {

Grant grant_of(std::uint64_t frame, std::uint32_t ref) {
  Grant grant;
  grant.frame = Frame{frame};
  grant.ref = GrantRef{ref};
  return grant;
}

std::vector<std::uint32_t> refs(const GrantIndex& index, std::uint64_t frame) {
  std::vector<std::uint32_t> found;
  for (const Grant* grant : index.find(Frame{frame})) {
    EXPECT_EQ(grant->frame, Frame{frame});
    found.push_back(grant->ref.value());
  }
  return found;
}

TEST(GrantIndex, Empty) {
  EXPECT_TRUE(GrantIndex().find(Frame{0}).empty());
  EXPECT_TRUE(GrantIndex(std::vector<Grant>{}).find(Frame{1}).empty());
}

TEST(GrantIndex, One) {
  const std::vector<Grant> grants = {grant_of(0x97f75, 0x208)};
  const GrantIndex index(grants);
  EXPECT_EQ(refs(index, 0x97f75), (std::vector<std::uint32_t>{0x208}));
  EXPECT_TRUE(index.find(Frame{0x97f76}).empty());
  EXPECT_TRUE(index.find(Frame{0}).empty());
  EXPECT_TRUE(index.find(Frame{~std::uint64_t{0}}).empty());
}

TEST(GrantIndex, SeveralOfOneFrameComeInTheDumpsOrder) {
  const std::vector<Grant> grants = {grant_of(5, 9), grant_of(7, 1), grant_of(5, 3), grant_of(6, 2),
                                     grant_of(5, 4)};
  const GrantIndex index(grants);
  EXPECT_EQ(refs(index, 5), (std::vector<std::uint32_t>{9, 3, 4}));
  EXPECT_EQ(refs(index, 6), (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(refs(index, 7), (std::vector<std::uint32_t>{1}));
  EXPECT_TRUE(refs(index, 8).empty());
}

TEST(GrantIndex, AgreesWithAMap) {
  std::mt19937_64 random(1);
  // Few frames: many share one; many frames: few do; spread: the upper bits differ.
  for (const std::uint64_t range :
       {std::uint64_t{50}, std::uint64_t{100000}, (std::uint64_t{1} << 52) - 1}) {
    std::vector<Grant> grants;
    std::map<std::uint64_t, std::vector<std::uint32_t>> expected;
    for (std::uint32_t ref = 0; ref < 5000; ++ref) {
      const std::uint64_t frame = random() % range;
      grants.push_back(grant_of(frame, ref));
      expected[frame].push_back(ref);
    }
    const GrantIndex index(grants);
    for (const auto& [frame, wanted] : expected) EXPECT_EQ(refs(index, frame), wanted);
    for (int i = 0; i < 5000; ++i) {
      const std::uint64_t frame = random() % (2 * range);
      EXPECT_EQ(refs(index, frame).size(), expected.contains(frame) ? expected[frame].size() : 0U);
    }
  }
}

TEST(GrantIndex, FramesChosenToCollide) {
  // Multiples of the inverse of the hash's factor differ in their lowest bits only: one bucket.
  std::uint64_t inverse = 1;
  for (int i = 0; i < 6; ++i) inverse *= 2 - 0x9e3779b97f4a7c15ULL * inverse;
  ASSERT_EQ(inverse * 0x9e3779b97f4a7c15ULL, 1U);
  std::vector<Grant> grants;
  for (std::uint32_t i = 0; i < 20000; ++i) grants.push_back(grant_of(inverse * i, i));
  const GrantIndex index(grants);
  for (std::uint32_t i = 0; i < 20000; ++i)
    EXPECT_EQ(refs(index, inverse * i), (std::vector<std::uint32_t>{i}));
  EXPECT_TRUE(refs(index, inverse * 20001).empty());
}

}  // namespace
}  // namespace xic
