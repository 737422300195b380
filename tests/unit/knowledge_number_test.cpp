// What a self-reported version number tells by itself.
#include <gtest/gtest.h>

#include <string>

#include "core/diagnosis/knowledge.h"

namespace xic {
namespace {

constexpr auto kIn = NumberStanding::in_interval;
constexpr auto kUndecidable = NumberStanding::undecidable;
constexpr auto kOutside = NumberStanding::outside;

struct NumberCase {
  unsigned minor;
  const char* extra;
  NumberStanding expected;
};

class NumberTable : public testing::TestWithParam<NumberCase> {};

TEST_P(NumberTable, Stands) {
  const NumberCase& row = GetParam();
  EXPECT_EQ(number_standing({4, row.minor, row.extra}), row.expected)
      << "4." << row.minor << row.extra;
}

INSTANTIATE_TEST_SUITE_P(SelfReported, NumberTable,
                         testing::ValuesIn(std::initializer_list<NumberCase>{
                             {4, "", kOutside},
                             {10, ".4", kOutside},
                             {11, "-unstable", kOutside},
                             {11, "-rc1", kOutside},
                             {11, ".0", kOutside},
                             {11, ".4", kOutside},
                             {11, ".5-pre", kOutside},
                             {12, "-unstable", kUndecidable},
                             {12, "-rc", kIn},
                             {12, ".0-rc", kIn},
                             {12, ".0-rc1", kIn},
                             {12, ".0", kIn},
                             {12, ".4", kIn},
                             {12, ".5-pre", kIn},
                             {12, ".5", kIn},
                             {12, "", kIn},
                             {13, "-unstable", kIn},
                             {13, "-rc", kIn},
                             {13, ".0-rc2", kIn},
                             {13, ".0", kIn},
                             {13, ".1-pre", kIn},
                             {13, ".1", kIn},
                             {13, ".2-pre", kIn},
                             {13, ".2", kIn},
                             {13, ".3-pre", kUndecidable},
                             {13, ".3", kOutside},
                             {13, ".4-pre", kOutside},
                             {13, ".5", kOutside},
                             {13, "", kUndecidable},
                             {14, "-unstable", kIn},
                             {14, "-rc", kIn},
                             {14, ".0-rc", kIn},
                             {14, ".0-rc7", kIn},
                             {14, ".0", kIn},
                             {14, ".1-pre", kIn},
                             {14, ".1", kIn},
                             {14, ".2-pre", kUndecidable},
                             {14, ".2-rc1", kUndecidable},
                             {14, ".2", kOutside},
                             {14, ".3-pre", kOutside},
                             {14, ".6", kOutside},
                             {14, "", kUndecidable},
                             {15, "-unstable", kUndecidable},
                             {15, "-rc", kUndecidable},
                             {15, ".0-rc", kUndecidable},
                             {15, ".0-rc5", kUndecidable},
                             {15, ".0-pre", kUndecidable},
                             {15, "", kUndecidable},
                             {15, ".0", kOutside},
                             {15, ".1-pre", kOutside},
                             {15, ".4", kOutside},
                             {16, "-unstable", kOutside},
                             {16, ".0", kOutside},
                             {20, ".5-pre", kOutside},
                             {23, "-unstable", kOutside},
                         }));

INSTANTIATE_TEST_SUITE_P(VendorSuffix, NumberTable,
                         testing::ValuesIn(std::initializer_list<NumberCase>{
                             {13, ".0-xilinx", kIn},
                             {13, ".3-xilinx", kOutside},
                             {13, ".3-pre-xilinx", kUndecidable},
                             {13, ".3-xilinx-pre", kUndecidable},
                             {13, ".3-presto", kOutside},
                             {13, ".3-rcx", kOutside},
                             {14, ".1.4", kIn},
                             {14, ".2.1", kOutside},
                             {14, ".0~rc3", kIn},
                             {14, ".2+25-gb6a8c4f72d", kOutside},
                             {14, "-xilinx", kUndecidable},
                             {14, "+stable", kUndecidable},
                             {15, "-xilinx", kUndecidable},
                             {15, ".0-xilinx", kOutside},
                         }));

INSTANTIATE_TEST_SUITE_P(Hostile, NumberTable,
                         testing::ValuesIn(std::initializer_list<NumberCase>{
                             {12, ".99999999999999999999", kIn},
                             {13, ".99999999999999999999", kOutside},
                             {13, ".", kUndecidable},
                             {13, "..", kUndecidable},
                             {13, ".-1", kUndecidable},
                             {13, ".+1", kUndecidable},
                             {14, "\xff\x01", kUndecidable},
                             {15, ".00000", kOutside},
                         }));

TEST(Number, OnlyMajorFourIsInQuestion) {
  EXPECT_EQ(number_standing({3, 13, ".0"}), kOutside);
  EXPECT_EQ(number_standing({5, 13, ".0"}), kOutside);
  EXPECT_EQ(number_standing({0, 0, ""}), kOutside);
}

TEST(Number, AVeryLongSuffixIsReadOnce) {
  std::string extra = ".2";
  for (int i = 0; i < 100000; ++i) extra += "-x";
  EXPECT_EQ(number_standing({4, 14, extra}), kOutside);
  EXPECT_EQ(number_standing({4, 14, extra + "-pre"}), kUndecidable);
}

}  // namespace
}  // namespace xic
