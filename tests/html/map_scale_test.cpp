#include "report/html/map_scale.h"

#include <gtest/gtest.h>

namespace xic::html {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = 1 << 30;

AddressRange range(std::uint64_t begin, std::uint64_t size) {
  return {begin, begin + size, "", ""};
}

TEST(MapScale, RamStretchesShareOneScale) {
  const MapScale scale({range(0, 2 * kGiB), range(32 * kGiB, 6 * kGiB)}, {}, 1000);
  ASSERT_EQ(scale.stretches().size(), 2U);
  const Stretch& low = scale.stretches()[0];
  const Stretch& high = scale.stretches()[1];
  EXPECT_TRUE(low.to_scale);
  EXPECT_TRUE(high.to_scale);
  EXPECT_NEAR(high.width, 3 * low.width, 0.01);
  EXPECT_NEAR(high.x, low.width + MapScale::kGap, 0.01);
  EXPECT_NEAR(scale.width(), 1000, 0.01);
  EXPECT_NEAR(scale.bytes_per_unit() * low.width, 2.0 * kGiB, 1e6);
}

TEST(MapScale, AddressesInAGapHaveNoPlace) {
  const MapScale scale({range(0, kGiB), range(32 * kGiB, kGiB)}, {}, 1000);
  EXPECT_FALSE(scale.x(16 * kGiB));
  ASSERT_TRUE(scale.x(kGiB / 2));
  EXPECT_NEAR(*scale.x(kGiB / 2), scale.stretches()[0].width / 2, 0.01);
}

TEST(MapScale, ASmallHoleInTheRamIsDrawnToScale) {
  const MapScale scale({range(0, 8 * kGiB), range(8 * kGiB + 64 * kMiB, 8 * kGiB)}, {}, 1000);
  EXPECT_EQ(scale.stretches().size(), 1U);
}

TEST(MapScale, DeviceWindowsOfAnySizeLeaveRoomForRam) {
  const MapScale scale({range(2 * kGiB, 2 * kGiB)},
                       {range(0x8000000, 0x1000), range(512 * kGiB, 512 * kGiB)}, 1000);
  ASSERT_EQ(scale.stretches().size(), 3U);
  EXPECT_FALSE(scale.stretches()[0].to_scale);
  EXPECT_TRUE(scale.stretches()[1].to_scale);
  EXPECT_FALSE(scale.stretches()[2].to_scale);
  EXPECT_NEAR(scale.stretches()[2].width, MapScale::kFixed, 0.01);
  EXPECT_GT(scale.stretches()[1].width, 800);
}

TEST(MapScale, SmallRamIsWidenedAndSaysSo) {
  const MapScale scale({range(0, 4096), range(4 * kGiB, 4 * kGiB)}, {}, 1000);
  ASSERT_EQ(scale.stretches().size(), 2U);
  EXPECT_FALSE(scale.stretches()[0].to_scale);
  EXPECT_NEAR(scale.stretches()[0].width, MapScale::kLeast, 0.01);
  EXPECT_TRUE(scale.stretches()[1].to_scale);
}

TEST(MapScale, APageJustBesideTheRamIsPartOfItsPicture) {
  const MapScale scale({range(0, 4 * kGiB)}, {range(4 * kGiB + kMiB, 4096)}, 1000);
  ASSERT_EQ(scale.stretches().size(), 1U);
  EXPECT_EQ(scale.stretches()[0].end, 4 * kGiB + kMiB + 4096);
}

TEST(MapScale, StretchesNeverOverlapAndAreBounded) {
  std::vector<AddressRange> ram;
  std::vector<AddressRange> devices;
  std::uint64_t state = 1;
  const auto next = [&] { return state = state * 6364136223846793005ULL + 1442695040888963407ULL; };
  for (int i = 0; i < 200; ++i) {
    ram.push_back(range(next() >> 24, next() >> 34));
    devices.push_back(range(next() >> 8, next() >> 20));
  }
  devices.push_back({~std::uint64_t{0} - 4095, ~std::uint64_t{0}, "", ""});
  devices.push_back({5, 5, "", ""});
  const MapScale scale(ram, devices, 1000);
  EXPECT_LE(scale.stretches().size(), 2 * (MapScale::kMaxRam + MapScale::kMaxOther));
  for (std::size_t i = 1; i < scale.stretches().size(); ++i) {
    const Stretch& before = scale.stretches()[i - 1];
    EXPECT_LE(before.end, scale.stretches()[i].begin);
    EXPECT_LE(before.x + before.width, scale.stretches()[i].x + 0.01);
  }
  for (const AddressRange& one : ram) EXPECT_TRUE(scale.x(one.begin)) << one.begin;
}

TEST(MapScale, NothingGivesNothing) {
  const MapScale scale({}, {}, 1000);
  EXPECT_TRUE(scale.stretches().empty());
  EXPECT_FALSE(scale.x(0));
  EXPECT_EQ(scale.width(), 0);
}

}  // namespace
}  // namespace xic::html
