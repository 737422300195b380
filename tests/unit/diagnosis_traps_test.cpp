// Versions that lie about the tree they were built from.
#include <gtest/gtest.h>

#include "tests/unit/diagnosis_test_support.h"

namespace xic {
namespace {

using namespace testing;
constexpr auto kPackage = Commit::Origin::distribution;

Host dom0(std::string_view version) {
  return protected_host().version(version);
}

TEST(BuildTraps, Xilinx2020_2_2_K26CallsItself4_13_0AndIsFixed) {
  const Diagnosis found = dom0("4.13.0").commit("fdd2453b08").judge();
  EXPECT_EQ(found.verdict.state, VerdictState::not_affected);
  EXPECT_EQ(found.verdict.confidence, Confidence::high);
  EXPECT_EQ(found.exit_code, 0);
}
TEST(BuildTraps, Xilinx2021_1CallsItself4_14_1_preAndIsFixed) {
  EXPECT_EQ(dom0("4.14.1-pre").commit("4bd2da58b5").state(), VerdictState::not_affected);
  EXPECT_EQ(dom0("4.14.1-pre").commit("851c66f2d3").state(), VerdictState::not_affected);
}
TEST(BuildTraps, Debian4_14_1_11IsTheBackportItselfWithoutItsGuard) {
  Host host = dom0("4.14.1").commit("b0b734a8b3", kPackage);
  const Diagnosis found = host.judge();
  EXPECT_EQ(found.verdict.state, VerdictState::not_affected);
  EXPECT_EQ(found.verdict.confidence, Confidence::medium);
  // A fault in dom0's own RAM is then the damage of a self-grant.
  EXPECT_EQ(host.fault(translation_fault(0x41000000)).judge().faults.at(0).cause.id, "XIC-1005");
}
TEST(BuildTraps, Debian4_14_0_88AccusesAtMostLikely) {
  EXPECT_EQ(dom0("4.14.0").commit("1d1d1f5391", kPackage).state(), VerdictState::likely_affected);
}
TEST(BuildTraps, PreAndUnstableNumbersAreUndecidable) {
  EXPECT_EQ(dom0("4.13.3-pre").state(), VerdictState::unknown);
  EXPECT_EQ(dom0("4.15-unstable").state(), VerdictState::unknown);
  EXPECT_EQ(dom0("4.15-unstable").commit("9dc687f155").state(), VerdictState::affected);
  EXPECT_EQ(dom0("4.15-unstable").commit("04085ec1ac").state(), VerdictState::not_affected);
}
TEST(BuildTraps, TarballsHaveOnlyTheirNumber) {
  Host host = dom0("4.12.0");
  host.facts.hypervisor.changeset_text = Sourced<std::string>{"", "banner"};
  const Diagnosis found = host.judge();
  EXPECT_EQ(found.verdict.state, VerdictState::likely_affected);
  EXPECT_TRUE(has_id(found.limits, "changeset_empty"));
  EXPECT_TRUE(has_id(found.limits, "version_only"));
  EXPECT_EQ(dom0("4.14.2").state(), VerdictState::not_affected);
}
TEST(BuildTraps, UnavailableChangesetIsQuoted) {
  Host host = dom0("4.13.2");
  host.facts.hypervisor.changeset_text = Sourced<std::string>{"unavailable", "banner"};
  for (const Limit& limit : host.judge().limits) {
    if (limit.id == "changeset_empty") {
      EXPECT_NE(limit.detail.find("unavailable"), std::string::npos);
    }
  }
}
TEST(BuildTraps, DirtyBuildsOfAffectedAndOfUnaffectedCommits) {
  EXPECT_EQ(dom0("4.14.1").commit("ad844aa352", Commit::Origin::changeset, true).state(),
            VerdictState::likely_affected);
  const Diagnosis acquitted =
      dom0("4.14.1").commit("851c66f2d3", Commit::Origin::changeset, true).judge();
  EXPECT_EQ(acquitted.verdict.state, VerdictState::not_affected);
  EXPECT_EQ(acquitted.verdict.confidence, Confidence::medium);
  EXPECT_TRUE(has_id(acquitted.limits, "dirty_build"));
}
TEST(BuildTraps, AShortHashThatFitsBothKindsLeavesItToTheNumber) {
  const Diagnosis inside = dom0("4.14.1").commit("15aa6c6").judge();
  EXPECT_EQ(inside.verdict.state, VerdictState::likely_affected);
  EXPECT_TRUE(has_id(inside.limits, "short_hash_ambiguous"));
  EXPECT_EQ(dom0("4.17.0").commit("15aa6c6").state(), VerdictState::not_affected);
  EXPECT_EQ(dom0("4.14.1").commit("15aa6c6111").state(), VerdictState::affected);
}
TEST(BuildTraps, AnUnlistedCommitLeavesItToTheNumber) {
  const Diagnosis found = dom0("4.17.7").commit("2445b30a44", kPackage).judge();
  EXPECT_EQ(found.verdict.state, VerdictState::not_affected);
  EXPECT_EQ(found.verdict.confidence, Confidence::low);
  EXPECT_TRUE(has_id(found.limits, "changeset_unlisted"));
}
TEST(BuildTraps, TheHypervisorsOwnChangesetOutweighsThePackage) {
  // Same statement from both: the own, clean changeset makes it certain.
  EXPECT_EQ(dom0("4.14.0").commit("1d1d1f5391", kPackage).commit("1d1d1f5391").state(),
            VerdictState::affected);
  // Once seen dirty, it is dirty.
  EXPECT_EQ(dom0("4.14.0")
                .commit("ad844aa352")
                .commit("ad844aa352", Commit::Origin::changeset, true)
                .state(),
            VerdictState::likely_affected);
}
TEST(BuildTraps, AnUnknownCommitAndAnOutsideNumberIsNotAffected) {
  EXPECT_EQ(dom0("4.11.4").state(), VerdictState::not_affected);
  EXPECT_EQ(dom0("4.20.5-pre").commit("7abfd2bce2", kPackage).state(), VerdictState::not_affected);
}

}  // namespace
}  // namespace xic
