// The seven rows, each alone and against its neighbours.
#include <gtest/gtest.h>

#include "tests/unit/diagnosis_test_support.h"

namespace xic {
namespace {

using namespace testing;
using Answer = ProbeResult::Answer;

Verdict verdict_of(const Host& host) {
  return host.judge().verdict;
}

// ---- row 1
TEST(Row1Probe, DecidesBeforeEverythingElse) {
  Host host = protected_host().version("4.17.0").feature_bit(17);
  const Verdict absent = verdict_of(host.probe(Answer::absent));
  EXPECT_EQ(absent.state, VerdictState::affected);
  EXPECT_EQ(absent.rule, 1);
  EXPECT_EQ(absent.confidence, Confidence::high);
  EXPECT_FALSE(absent.observed);
  host.commit("ad844aa352");
  const Verdict present = verdict_of(host.probe(Answer::present));
  EXPECT_EQ(present.state, VerdictState::not_affected);
  EXPECT_EQ(present.rule, 1);
}
TEST(Row1Probe, AnswersOnlyOnAValidHostAndWithOneVoice) {
  Host host = protected_host().version("4.14.1");
  EXPECT_EQ(verdict_of(host.probe(Answer::present, false)).rule, 6);
  EXPECT_EQ(verdict_of(host.probe(Answer::absent, false)).rule, 6);
  EXPECT_EQ(verdict_of(host.probe(Answer::mixed)).rule, 6);
  EXPECT_EQ(verdict_of(host.probe(Answer::not_possible)).rule, 6);
}
TEST(Row1Probe, AFaultThatContradictsItIsSuspected) {
  Host host = protected_host().version("4.14.1").fault(ring_fault());
  const Verdict found = verdict_of(host.probe(Answer::present));
  EXPECT_EQ(found.state, VerdictState::not_affected);
  EXPECT_TRUE(found.suspected);
  EXPECT_TRUE(verdict_of(host.probe(Answer::absent)).observed);
}

// ---- row 2
TEST(Row2NoXen, NothingOfXenIsUnknown) {
  Host host;
  host.facts.hypervisor.seen = false;
  host.facts.foreign_faults.push_back(translation_fault());
  host.facts.foreign_faults.back().origin = FaultOrigin::linux_kernel;
  const Diagnosis found = host.judge();
  EXPECT_EQ(found.verdict.state, VerdictState::unknown);
  EXPECT_EQ(found.verdict.rule, 2);
  EXPECT_FALSE(found.verdict.suspected);
  EXPECT_TRUE(found.verdict.fixed_in.empty());
  EXPECT_EQ(found.exit_code, 3);
  EXPECT_TRUE(has_id(found.actions, "give_xen_input"));
  EXPECT_EQ(found.foreign.at(0).id, "XIC-5003");
}
TEST(Row2NoXen, AFaultPrintedByXenIsATrace) {
  Host host;
  host.facts.hypervisor.seen = false;
  EXPECT_EQ(verdict_of(host.fault(translation_fault())).rule, 7);
}

// ---- row 3
TEST(Row3Exclusion, X86ByArchitecture) {
  const Verdict found = verdict_of(Host().version("4.14.0").arch(Arch::x86));
  EXPECT_EQ(found.state, VerdictState::not_affected);
  EXPECT_EQ(found.confidence, Confidence::high);
}
TEST(Row3Exclusion, X86ByAFaultThatXenPrinted) {
  FaultGroup fault = translation_fault();
  fault.kind = FaultKind::vtd;
  Host host = Host().fault(fault);
  EXPECT_EQ(host.state(), VerdictState::not_affected);
  EXPECT_EQ(host.judge().exit_code, 1);
  host.facts.faults.back().kind = FaultKind::amdvi;
  EXPECT_EQ(host.state(), VerdictState::not_affected);
  // In the middle of a line it may be a guest's text.
  host.facts.faults.back().mid_line = true;
  EXPECT_EQ(host.state(), VerdictState::unknown);
}
TEST(Row3Exclusion, AnX86FaultBesideArmFaultsExcludesNothing) {
  FaultGroup fault = translation_fault();
  fault.kind = FaultKind::vtd;
  EXPECT_EQ(Host().fault(fault).fault(translation_fault()).state(), VerdictState::unknown);
  EXPECT_EQ(Host().arch(Arch::arm64).fault(fault).state(), VerdictState::unknown);
}
TEST(Row3Exclusion, SysctlNumberThatAnswered) {
  for (const std::uint32_t number : {0x11U, 0x14U, 0x15U}) {
    EXPECT_EQ(Host().version("4.14.1").sysctl_abi(number).state(), VerdictState::not_affected);
  }
  for (const std::uint32_t number : {0x12U, 0x13U}) {
    EXPECT_EQ(Host().version("4.14.1").sysctl_abi(number).state(), VerdictState::likely_affected);
  }
}
TEST(Row3Exclusion, FeatureBits) {
  EXPECT_EQ(Host().version("4.14.1").feature_bit(16).state(), VerdictState::not_affected);
  EXPECT_EQ(Host().version("4.14.1").feature_bit(17).state(), VerdictState::not_affected);
  EXPECT_EQ(Host().version("4.14.1").feature_bit(11).state(), VerdictState::likely_affected);
}
TEST(Row3Exclusion, RuntimeSignsOutweighAnAffectedCommitAndSaySo) {
  const Verdict found = verdict_of(Host().commit("ad844aa352").sysctl_abi(0x15));
  EXPECT_EQ(found.state, VerdictState::not_affected);
  EXPECT_EQ(found.confidence, Confidence::medium);
}
TEST(Row3Exclusion, NumberAloneIsWeak) {
  const Diagnosis found = Host().version("4.17.7").judge();
  EXPECT_EQ(found.verdict.state, VerdictState::not_affected);
  EXPECT_EQ(found.verdict.rule, 3);
  EXPECT_EQ(found.verdict.confidence, Confidence::low);
  EXPECT_TRUE(has_id(found.limits, "version_only"));
  EXPECT_EQ(found.exit_code, 0);
}
TEST(Row3Exclusion, AnExactFaultContradictsEveryExclusion) {
  for (Host host : {protected_host().version("4.17.7"), protected_host().commit("04085ec1ac"),
                    protected_host().sysctl_abi(0x15), protected_host().feature_bit(17)}) {
    const Diagnosis found = host.fault(ring_fault()).judge();
    EXPECT_EQ(found.verdict.state, VerdictState::unknown);
    EXPECT_EQ(found.verdict.rule, 3);
    EXPECT_TRUE(found.verdict.suspected);
    EXPECT_FALSE(found.verdict.observed);
    EXPECT_EQ(found.faults.at(0).attribution.state, Attribution::State::exact);
    EXPECT_EQ(found.faults.at(0).cause.id, "XIC-1001");
    EXPECT_EQ(found.actions.at(0).id, "run_probe");
    EXPECT_EQ(found.exit_code, 3);
  }
}
TEST(Row3Exclusion, ASignatureFaultIsSuspectedOnlyAgainstTheNumber) {
  Host by_number = protected_host().version("4.17.7").fault(translation_fault());
  EXPECT_EQ(by_number.state(), VerdictState::not_affected);
  EXPECT_TRUE(by_number.judge().verdict.suspected);
  EXPECT_EQ(by_number.judge().exit_code, 1);
  by_number.sysctl_abi(0x15);
  EXPECT_FALSE(by_number.judge().verdict.suspected);
}

// ---- row 4
TEST(Row4Dormant, NeedsAPossibleBuild) {
  EXPECT_EQ(Host().version("4.13.0").iommu(false).state(), VerdictState::dormant);
  EXPECT_EQ(Host().version("4.15-unstable").iommu(false).state(), VerdictState::dormant);
  EXPECT_EQ(Host().commit("ad844aa352").iommu(false).state(), VerdictState::dormant);
  EXPECT_EQ(Host().version("4.17.0").iommu(false).state(), VerdictState::not_affected);
  EXPECT_EQ(Host().iommu(false).state(), VerdictState::unknown);
  const Verdict found = verdict_of(Host().version("4.13.0").iommu(false));
  EXPECT_EQ(found.rule, 4);
  EXPECT_EQ(found.fixed_in.at(0), "4.13.3");
}
TEST(Row4Dormant, ContradictoryClaimsAboutTheIommuDecideNothing) {
  EXPECT_EQ(Host().version("4.13.0").iommu(false).iommu(true).state(),
            VerdictState::likely_affected);
}
TEST(Row4Dormant, AuthenticFaultsProveAnIommu) {
  Host host = Host().version("4.13.0").iommu(false).trusted().fault(translation_fault());
  EXPECT_EQ(host.state(), VerdictState::likely_affected);
  host.facts.hypervisor.trust.debug_build = true;  // now a guest can have written the line
  EXPECT_EQ(host.state(), VerdictState::dormant);
}
TEST(Row4Dormant, FaultsOnADom0ThatIsNot1To1AreNotHarmless) {
  Host host = Host().version("4.13.0").iommu(true).direct_mapped(false);
  EXPECT_EQ(host.judge().exit_code, 0);
  const Diagnosis found = host.fault(translation_fault()).judge();
  EXPECT_EQ(found.verdict.state, VerdictState::dormant);
  EXPECT_FALSE(found.verdict.suspected);
  EXPECT_EQ(found.faults.at(0).cause.id, "XIC-1006");
  EXPECT_EQ(found.exit_code, 1);
}

// ---- row 5
TEST(Row5Proof, CleanAffectedCommit) {
  const Verdict found = verdict_of(Host().version("4.14.1").commit("ad844aa352"));
  EXPECT_EQ(found.state, VerdictState::affected);
  EXPECT_EQ(found.rule, 5);
  EXPECT_FALSE(found.observed);
  EXPECT_EQ(found.fixed_in, (std::vector<std::string>{"4.14.2", "4.15.0", "4.13.3"}));
  EXPECT_EQ(found.commits, (std::vector<std::string>{"b0b734a8b3", "9b6054a63e"}));
}
TEST(Row5Proof, AnAffectedCommitStaysAffectedUnderAnInnocentNumber) {
  EXPECT_EQ(Host().version("4.17.0").commit("ad844aa352").state(), VerdictState::affected);
  EXPECT_EQ(Host().version("4.11.4").commit("ad844aa352").state(), VerdictState::affected);
}
TEST(Row5Proof, AnExactFaultAccusesWithoutAnyVersion) {
  const Diagnosis found = protected_host().fault(ring_fault()).judge();
  EXPECT_EQ(found.verdict.state, VerdictState::affected);
  EXPECT_EQ(found.verdict.rule, 5);
  EXPECT_TRUE(found.verdict.observed);
  EXPECT_FALSE(found.verdict.suspected);
  EXPECT_EQ(found.exit_code, 2);
  EXPECT_EQ(found.faults.at(0).cause.id, "XIC-1001");
  EXPECT_EQ(found.faults.at(0).cause.confidence, Confidence::high);
}
TEST(Row5Proof, TheRecordingOf4141) {
  Host host = protected_host().version("4.14.1").fault(ring_fault());
  host.facts.hypervisor.changeset_text = Sourced<std::string>{"", "banner"};
  const Diagnosis found = host.judge();
  EXPECT_EQ(found.verdict.state, VerdictState::affected);
  EXPECT_TRUE(found.verdict.observed);
  EXPECT_EQ(found.verdict.summary,
            "Xen 4.14.1 on arm64 does not map granted pages into dom0's IOMMU tables");
  EXPECT_TRUE(has_id(found.limits, "changeset_empty"));
  const Attribution& owner = found.faults.at(0).attribution;
  EXPECT_EQ(owner.state, Attribution::State::exact);
  EXPECT_EQ(owner.granter, DomId{1});
  EXPECT_EQ(owner.granter_name, "rigdomu");
  EXPECT_EQ(owner.ref, GrantRef{0x208});
  EXPECT_EQ(owner.backend, "vif1.0");
  EXPECT_EQ(owner.role, "tx ring");
  EXPECT_TRUE(owner.long_lived);
}
TEST(Row5Proof, ConditionalCommitsNeedSharingShown) {
  Host host = Host().version("4.13.0").commit("c0d1710001");
  EXPECT_EQ(host.state(), VerdictState::likely_affected);
  EXPECT_TRUE(has_id(host.judge().limits, "table_sharing_unknown"));
  host.facts.hypervisor.table_shared = Sourced<bool>{true, "virt_caps"};
  EXPECT_EQ(host.state(), VerdictState::affected);
  host.facts.hypervisor.table_shared = Sourced<bool>{false, "virt_caps"};
  EXPECT_EQ(host.state(), VerdictState::not_affected);
  host.facts.hypervisor.table_shared = Sourced<bool>{true, "virt_caps"};
  host.facts.hypervisor.ipmmu_sharing_disabled = true;
  EXPECT_EQ(host.state(), VerdictState::not_affected);
}
TEST(Row5Proof, ADirtyConditionalCommitIsOnlyLikely) {
  Host host = Host().commit("c0d1710001", Commit::Origin::changeset, true);
  host.facts.hypervisor.table_shared = Sourced<bool>{true, "virt_caps"};
  EXPECT_EQ(host.state(), VerdictState::likely_affected);
}

// ---- row 6
TEST(Row6Likely, DirtyPackageAndNumber) {
  const auto kPackage = Commit::Origin::distribution;
  const Diagnosis dirty = Host().commit("ad844aa352", Commit::Origin::changeset, true).judge();
  EXPECT_EQ(dirty.verdict.state, VerdictState::likely_affected);
  EXPECT_EQ(dirty.verdict.rule, 6);
  EXPECT_TRUE(has_id(dirty.limits, "dirty_build"));
  EXPECT_EQ(Host().commit("1d1d1f5391", kPackage).state(), VerdictState::likely_affected);
  EXPECT_EQ(Host().commit("ad844aa352", Commit::Origin::recipe).state(),
            VerdictState::likely_affected);
  EXPECT_EQ(Host().version("4.12.4").state(), VerdictState::likely_affected);
  EXPECT_EQ(Host().version("4.14.1").judge().exit_code, 1);
}
TEST(Row6Likely, ADirtyAffectedCommitUnderAnInnocentNumberIsNotAcquitted) {
  EXPECT_EQ(Host().version("4.17.0").commit("ad844aa352", Commit::Origin::changeset, true).state(),
            VerdictState::likely_affected);
}
TEST(Row6Likely, ALikelyAttributionNeverAccuses) {
  FaultGroup fault = translation_fault();
  fault.before = shown(1, 0x31);
  fault.count = 9;
  const Diagnosis found = protected_host().version("4.14.1").fault(fault).judge();
  EXPECT_EQ(found.verdict.state, VerdictState::likely_affected);
  EXPECT_FALSE(found.verdict.observed);
  EXPECT_FALSE(found.verdict.suspected);
  EXPECT_EQ(found.faults.at(0).attribution.state, Attribution::State::likely);
  EXPECT_EQ(found.faults.at(0).cause.id, "XIC-1001");
  EXPECT_EQ(found.faults.at(0).cause.confidence, Confidence::medium);
}

// ---- row 7
TEST(Row7Unknown, TheTwoLinesOfTheOriginalReport) {
  FaultGroup fault = translation_fault(0x8424cb148);
  fault.iommu = "/smmu@fd800000";
  const Diagnosis found = Host().fault(fault).dom0_error().judge();
  EXPECT_EQ(found.verdict.state, VerdictState::unknown);
  EXPECT_EQ(found.verdict.rule, 7);
  EXPECT_TRUE(found.verdict.suspected);
  EXPECT_FALSE(found.verdict.observed);
  EXPECT_EQ(found.faults.at(0).cause.id, "XIC-1008");
  EXPECT_EQ(found.faults.at(0).attribution.dom0_device, "ff0e0000.ethernet");
  EXPECT_TRUE(has_id(found.actions, "run_probe"));
  EXPECT_TRUE(has_id(found.actions, "get_full_console"));
  EXPECT_TRUE(has_id(found.limits, "no_banner"));
  EXPECT_TRUE(has_id(found.limits, "dump_missing"));
}
TEST(Row7Unknown, UndecidableNumbers) {
  for (const char* version : {"4.13.3-pre", "4.14.2-pre", "4.15-unstable", "4.12-unstable"}) {
    const Verdict found = verdict_of(protected_host().version(version));
    EXPECT_EQ(found.state, VerdictState::unknown) << version;
    EXPECT_EQ(found.rule, 7) << version;
    EXPECT_FALSE(found.suspected) << version;
  }
}
TEST(Row7Unknown, OnlyTheSeries) {
  Host host = protected_host();
  host.facts.hypervisor.series = Sourced<Version>{{4, 13, ""}, "Linux"};
  const Diagnosis found = host.judge();
  EXPECT_EQ(found.verdict.state, VerdictState::unknown);
  EXPECT_NE(found.verdict.summary.find("series"), std::string::npos);
  EXPECT_NE(evidence_of(found, "version_number"), nullptr);
}
TEST(Row7Unknown, ContradictoryCommits) {
  Host host = Host().version("4.17.0").commit("ad844aa352").commit("04085ec1ac");
  EXPECT_EQ(host.state(), VerdictState::unknown);
  EXPECT_TRUE(has_id(host.judge().limits, "commits_contradict"));
  EXPECT_EQ(Host().version("4.14.1").commit("ad844aa352").commit("04085ec1ac").state(),
            VerdictState::likely_affected);
}
TEST(Row7Unknown, SuspicionNeedsTheSignature) {
  FaultGroup permission = translation_fault();
  permission.fault_class = FaultClass::permission;
  EXPECT_FALSE(verdict_of(Host().fault(permission)).suspected);
  FaultGroup global = translation_fault();
  global.kind = FaultKind::smmuv2_global;
  global.fault_class = FaultClass::stream_unknown;
  global.iova.reset();
  EXPECT_FALSE(verdict_of(Host().fault(global)).suspected);
  FaultGroup multiple = translation_fault();
  multiple.multiple = true;
  EXPECT_TRUE(verdict_of(Host().fault(multiple)).suspected);
}

TEST(Determinism, TheSameFactsGiveTheSameDiagnosis) {
  const Host host = protected_host().version("4.14.1").fault(ring_fault()).dom0_error();
  const Diagnosis one = host.judge();
  const Diagnosis two = host.judge();
  ASSERT_EQ(one.evidence.size(), two.evidence.size());
  for (std::size_t i = 0; i < one.evidence.size(); ++i) {
    EXPECT_EQ(one.evidence[i].value, two.evidence[i].value);
  }
  EXPECT_EQ(one.verdict.summary, two.verdict.summary);
}

TEST(Names, OfStatesAndConfidences) {
  EXPECT_EQ(to_string(VerdictState::affected), "affected");
  EXPECT_EQ(to_string(VerdictState::likely_affected), "likely_affected");
  EXPECT_EQ(to_string(VerdictState::dormant), "dormant");
  EXPECT_EQ(to_string(VerdictState::not_affected), "not_affected");
  EXPECT_EQ(to_string(VerdictState::unknown), "unknown");
  EXPECT_EQ(to_string(Confidence::low), "low");
  EXPECT_EQ(to_string(Confidence::medium), "medium");
  EXPECT_EQ(to_string(Confidence::high), "high");
}

}  // namespace
}  // namespace xic
