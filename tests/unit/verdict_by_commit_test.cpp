// Every listed commit, in an otherwise plausible Arm boot log, through the whole core.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tests/unit/pipeline_test_support.h"

namespace xic {
namespace {

using testing::arm_boot;
using testing::judge;

std::vector<std::string> facts_file(const char* name) {
  const char* folder = std::getenv("XIC_FACTS_DIR");
  std::vector<std::string> hashes;
  if (folder == nullptr) return hashes;
  std::ifstream in(std::string(folder) + "/" + name);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) hashes.push_back(line);
  }
  return hashes;
}

VerdictState state_with(const std::string& version, const std::string& changeset,
                        std::string_view more = "") {
  return judge(arm_boot(version, changeset, more)).diagnosis.verdict.state;
}

std::string changeset(std::string_view hash, std::string_view suffix = "") {
  return "Mon Feb 8 10:49:32 2021 +0000 git:" + std::string(hash) + std::string(suffix);
}

class AffectedCommits : public ::testing::TestWithParam<const char*> {};

TEST_P(AffectedCommits, EachAccusesAtEveryLength) {
  const auto hashes = facts_file(GetParam());
  if (hashes.empty()) GTEST_SKIP() << "XIC_FACTS_DIR names no commit lists";
  std::size_t index = 0;
  for (const std::string& hash : hashes) {
    // Every length for some, for all others one that varies: 8 to 40.
    const std::size_t length = 8 + index % 33;
    ASSERT_EQ(state_with("4.14.1", changeset(hash.substr(0, length))), VerdictState::affected)
        << hash << " at " << length;
    if (index % 97 == 0) {
      for (std::size_t any = 8; any <= 40; ++any) {
        ASSERT_EQ(state_with("4.13.0", changeset(hash.substr(0, any))), VerdictState::affected)
            << hash << " at " << any;
      }
    }
    ASSERT_EQ(state_with("4.14.1", changeset(hash.substr(0, 10), "-dirty")),
              VerdictState::likely_affected)
        << hash;
    ++index;
  }
}

INSTANTIATE_TEST_SUITE_P(Lists, AffectedCommits,
                         ::testing::Values("affected-commits.txt", "affected-commits-xilinx.txt",
                                           "affected-commits-xen-troops.txt"));

TEST(ConditionalCommits, AccuseOnlyWhereTableSharingIsShown) {
  const auto hashes = facts_file("affected-commits-xen-troops-conditional.txt");
  if (hashes.empty()) GTEST_SKIP() << "XIC_FACTS_DIR names no commit lists";
  constexpr std::string_view kShared =
      "virt_caps              : hvm hvm_directio hap iommu_hap_pt_share\n";
  constexpr std::string_view kOwnTables =
      "(XEN) ipmmu: disable sharing P2M table between the CPU and IPMMU\n";
  for (const std::string& hash : hashes) {
    const std::string ten = changeset(hash.substr(0, 10));
    ASSERT_EQ(state_with("4.13.0", ten), VerdictState::likely_affected) << hash;
    ASSERT_EQ(state_with("4.13.0", ten, kShared), VerdictState::affected) << hash;
    ASSERT_EQ(state_with("4.13.0", ten, kOwnTables), VerdictState::not_affected) << hash;
  }
}

TEST(UnaffectedCommits, AcquitAtTenDigitsInsideTheInterval) {
  for (const char* list : {"unaffected-commits.txt", "unaffected-commits-xilinx.txt"}) {
    const auto hashes = facts_file(list);
    if (hashes.empty()) GTEST_SKIP() << "XIC_FACTS_DIR names no commit lists";
    for (std::size_t i = 0; i < hashes.size(); i += 7) {
      ASSERT_EQ(state_with("4.14.1", changeset(hashes[i])), VerdictState::not_affected)
          << hashes[i];
    }
  }
}

// The traps: versions that lie about the tree they were built from.
TEST(Traps, Xilinx20202k26SaysAffectedNumberAndIsFixed) {
  EXPECT_EQ(state_with("4.13.0", changeset("fdd2453b08")), VerdictState::not_affected);
}
TEST(Traps, Xilinx20211SaysAffectedNumberAndIsFixed) {
  EXPECT_EQ(state_with("4.14.1-pre", changeset("4bd2da58b5")), VerdictState::not_affected);
  EXPECT_EQ(state_with("4.14.1-pre", changeset("851c66f2d3")), VerdictState::not_affected);
}
TEST(Traps, DebianSnapshotThatIsTheBackportItself) {
  EXPECT_EQ(state_with("4.14.1 (Debian 4.14.1+11-gb0b734a8b3-1)", ""), VerdictState::not_affected);
}
TEST(Traps, DebianSnapshotBeforeTheBackportAccusesAtMostLikely) {
  EXPECT_EQ(state_with("4.14.0 (Debian 4.14.0+88-g1d1d1f5391-2)", ""),
            VerdictState::likely_affected);
}
TEST(Traps, UndecidableNumbersStayUnknown) {
  for (const char* version : {"4.13.3-pre", "4.14.2-pre", "4.15-unstable", "4.12-unstable"}) {
    EXPECT_EQ(state_with(version, ""), VerdictState::unknown) << version;
  }
}
TEST(Traps, TarballBuildsHaveOnlyTheirNumber) {
  EXPECT_EQ(state_with("4.12.0", ""), VerdictState::likely_affected);
  EXPECT_EQ(state_with("4.13.2", "unavailable"), VerdictState::likely_affected);
  EXPECT_EQ(state_with("4.14.2", ""), VerdictState::not_affected);
}
TEST(Traps, AnAffectedCommitOutweighsAnInnocentNumber) {
  EXPECT_EQ(state_with("4.15-unstable", changeset("9dc687f155")), VerdictState::affected);
}
TEST(Traps, SevenDigitsThatFitAnOldCommitTooDecideNothing) {
  const auto judged = judge(arm_boot("4.14.1", changeset("15aa6c6")));
  EXPECT_NE(judged.diagnosis.verdict.state, VerdictState::affected);
}

}  // namespace
}  // namespace xic
