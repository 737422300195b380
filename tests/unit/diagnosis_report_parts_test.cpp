// Evidence, limits, actions and the exit code.
#include <gtest/gtest.h>

#include <set>

#include "core/diagnosis/visibility.h"
#include "tests/unit/diagnosis_test_support.h"

namespace xic {
namespace {

using namespace testing;
using Kind = HypervisorEvent::Kind;

std::vector<std::string> action_ids(const Diagnosis& diagnosis) {
  std::vector<std::string> ids;
  for (const Action& action : diagnosis.actions) ids.push_back(action.id);
  return ids;
}
std::string detail_of(const Diagnosis& diagnosis, std::string_view id) {
  for (const Limit& limit : diagnosis.limits) {
    if (limit.id == id) return limit.detail;
  }
  return "";
}

// ---- evidence
TEST(EvidenceList, ShowsTheProofFirstAndIsSortedByRank) {
  const Diagnosis found =
      protected_host().version("4.14.1").fault(ring_fault()).dom0_error().judge();
  ASSERT_GE(found.evidence.size(), 5U);
  EXPECT_EQ(found.evidence[0].kind, "fault");
  EXPECT_EQ(found.evidence[0].supports, "observed");
  EXPECT_EQ(found.evidence[1].kind, "attribution");
  EXPECT_NE(found.evidence[1].value.find("0x208 of d1 \"rigdomu\" (tx ring of vif1.0)"),
            std::string::npos);
  for (std::size_t i = 1; i < found.evidence.size(); ++i) {
    EXPECT_LE(found.evidence[i - 1].rank, found.evidence[i].rank);
  }
  EXPECT_EQ(evidence_of(found, "iommu_state")->source, "boot log");
  EXPECT_EQ(evidence_of(found, "direct_map")->supports, "context");
  EXPECT_EQ(evidence_of(found, "dom0_error")->supports, "observed");
  EXPECT_EQ(evidence_of(found, "version_number")->supports, "affected");
}
TEST(EvidenceList, ContradictingClaimsAreBothShown) {
  Host host = Host().version("4.13.0").iommu(true).iommu(false);
  host.facts.hypervisor.iommu.push_back({true, IommuClaim::Strength::proof, "key 'o'"});
  host.facts.hypervisor.iommu.push_back({true, IommuClaim::Strength::hint, "probe line"});
  host.direct_mapped(true).direct_mapped(false);
  std::multiset<std::string> iommu;
  int direct = 0;
  for (const Evidence& one : host.judge().evidence) {
    if (one.kind == "iommu_state") iommu.insert(one.value + " | " + one.source);
    direct += one.kind == "direct_map";
  }
  EXPECT_EQ(iommu, (std::multiset<std::string>{"Xen uses no IOMMU | boot log",
                                               "Xen uses the IOMMU | boot log, key 'o'"}));
  EXPECT_EQ(direct, 2);
}
TEST(EvidenceList, CommitsNameTreeAndVendor) {
  const Diagnosis found = Host()
                              .commit("1d1d1f5391", Commit::Origin::distribution)
                              .commit("15aa6c6")
                              .commit("77777777")
                              .judge();
  const Evidence* package = evidence_of(found, "package_commit");
  ASSERT_NE(package, nullptr);
  EXPECT_EQ(package->supports, "affected");
  EXPECT_EQ(package->rank, 2);
  EXPECT_NE(package->value.find("Debian 4.14.0+88"), std::string::npos);
  int context = 0;
  for (const Evidence& one : found.evidence) context += one.kind == "commit" && one.rank == 4;
  EXPECT_EQ(context, 2);
  EXPECT_EQ(evidence_of(Host().commit("c0d1710001").judge(), "commit")->supports, "affected");
  EXPECT_EQ(evidence_of(Host().commit("04085ec1ac").judge(), "commit")->supports, "not_affected");
}
TEST(EvidenceList, ANumberThatVendorsShipBothWays) {
  const Diagnosis both = Host().version("4.13.0").judge();
  const Evidence* trees = evidence_of(both, "vendor_tree");
  ASSERT_NE(trees, nullptr);
  EXPECT_NE(trees->value.find("k26 (fixed)"), std::string::npos);
  EXPECT_EQ(evidence_of(Host().version("4.14.0").judge(), "vendor_tree"), nullptr);
  EXPECT_EQ(evidence_of(Host().version("4.13.0").commit("fdd2453b08").judge(), "vendor_tree"),
            nullptr);
}
TEST(EvidenceList, ProbeInAllItsAnswers) {
  using Answer = ProbeResult::Answer;
  EXPECT_EQ(evidence_of(Host().probe(Answer::absent).judge(), "probe")->supports, "affected");
  EXPECT_EQ(evidence_of(Host().probe(Answer::present).judge(), "probe")->supports, "not_affected");
  EXPECT_EQ(evidence_of(Host().probe(Answer::present, false).judge(), "probe")->supports,
            "context");
  EXPECT_EQ(evidence_of(Host().probe(Answer::mixed).judge(), "probe")->supports, "context");
  Host impossible = Host().probe(Answer::not_possible, false);
  impossible.facts.probe->detail = "no /dev/mem";
  EXPECT_NE(evidence_of(impossible.judge(), "probe")->value.find("/dev/mem"), std::string::npos);
}
TEST(EvidenceList, RuntimeSigns) {
  const Diagnosis found = Host().feature_bit(17).sysctl_abi(0x13).arch(Arch::arm32).judge();
  EXPECT_EQ(evidence_of(found, "feature_bits")->supports, "not_affected");
  EXPECT_EQ(evidence_of(found, "sysctl_abi")->supports, "context");
  EXPECT_EQ(evidence_of(found, "architecture")->value, "arm32");
  EXPECT_EQ(evidence_of(Host().sysctl_abi(0x11).judge(), "sysctl_abi")->supports, "not_affected");
  FaultGroup x86 = translation_fault();
  x86.kind = FaultKind::amdvi;
  EXPECT_EQ(evidence_of(Host().fault(x86).judge(), "architecture")->source, "fault lines");
}
TEST(EvidenceList, TableSharingMattersForConditionalCommitsOnly) {
  Host host = Host().commit("c0d1710001");
  EXPECT_EQ(evidence_of(host.judge(), "table_sharing"), nullptr);
  host.facts.hypervisor.table_shared = Sourced<bool>{true, "virt_caps"};
  EXPECT_EQ(evidence_of(host.judge(), "table_sharing")->supports, "affected");
  host.facts.hypervisor.ipmmu_sharing_disabled = true;
  EXPECT_EQ(evidence_of(host.judge(), "table_sharing")->supports, "not_affected");
  Host other = Host().commit("ad844aa352");
  other.facts.hypervisor.table_shared = Sourced<bool>{true, "virt_caps"};
  EXPECT_EQ(evidence_of(other.judge(), "table_sharing"), nullptr);
}
TEST(EvidenceList, ManyFaultsAreBounded) {
  Host host = protected_host();
  for (std::uint64_t i = 0; i < 500; ++i) host.fault(translation_fault(0x90000000 + (i << 12)));
  host.fault(ring_fault());
  const Diagnosis found = host.judge();
  std::size_t shown = 0;
  for (const Evidence& one : found.evidence) shown += one.kind == "fault";
  EXPECT_EQ(shown, 4U);
  EXPECT_EQ(found.evidence[0].supports, "observed");  // the last one accuses and comes first
  EXPECT_EQ(found.faults.size(), 501U);
}
TEST(EvidenceList, LoneDriverErrorsProveNothing) {
  Host host;
  for (int i = 0; i < 5; ++i) {
    Dom0Error error;
    error.driver = "xhci_hcd";
    error.device = "0000:01:00.0";
    error.message = "Host System Error";
    host.facts.dom0_errors.push_back(error);
  }
  const Diagnosis found = host.judge();
  std::size_t shown = 0;
  for (const Evidence& one : found.evidence) shown += one.kind == "dom0_error";
  EXPECT_EQ(shown, 3U);
  EXPECT_NE(evidence_of(found, "dom0_error")->value.find("XIC-5004"), std::string::npos);
  EXPECT_EQ(found.verdict.state, VerdictState::unknown);
  EXPECT_FALSE(found.verdict.suspected);
}
TEST(EvidenceList, DumpsAndLiveAnswers) {
  Host host = Host().fault(translation_fault());
  host.dump({grant_of(1, 2, 3)});
  host.facts.granted_now.push_back({Frame{1}, GrantedNow::Answer::granted_or_own, false, "asked"});
  host.facts.granted_now.push_back({Frame{2}, GrantedNow::Answer::not_granted, false, "asked"});
  const Diagnosis found = host.judge();
  EXPECT_EQ(evidence_of(found, "grant_dump")->value, "complete dump, 1 active grant");
  EXPECT_EQ(evidence_of(found, "granted_now")->value, "1 of 2 faulting frames granted to dom0");
}
TEST(EvidenceList, EveryClassOfFaultHasWords) {
  for (int klass = 0; klass <= static_cast<int>(FaultClass::other); ++klass) {
    FaultGroup fault = translation_fault();
    fault.fault_class = static_cast<FaultClass>(klass);
    EXPECT_NE(evidence_of(Host().fault(fault).judge(), "fault")->value.find(": "),
              std::string::npos);
  }
}

// ---- limits
TEST(Limits, GivenOnesKeepTheirWordsAndAreNotRepeated) {
  Host host = Host().version("4.17.0");
  host.facts.limits.push_back({"version_only", "", "mine"});
  host.facts.limits.push_back({"lines_cut", "overlong lines were cut", "3 lines"});
  const Diagnosis found = host.judge();
  int count = 0;
  for (const Limit& limit : found.limits) count += limit.id == "version_only";
  EXPECT_EQ(count, 1);
  EXPECT_EQ(found.limits[0].what, "Only the release number speaks");
  EXPECT_EQ(found.limits[0].detail, "mine");
  EXPECT_EQ(found.limits[1].what, "overlong lines were cut");
}
TEST(Limits, Losses) {
  Host host = Host().event(Kind::events_lost).event(Kind::suppressed);
  host.facts.events.back().number = 18;
  host.facts.lost_console_bytes = 1;
  host.facts.damaged_fault_lines = 2;
  const Diagnosis found = host.judge();
  EXPECT_EQ(detail_of(found, "lost_bytes").substr(0, 7), "1 byte ");
  EXPECT_EQ(detail_of(found, "damaged_fault_lines").substr(0, 7), "2 lines");
  EXPECT_NE(detail_of(found, "messages_suppressed").find("18 messages"), std::string::npos);
  EXPECT_TRUE(has_id(found.limits, "events_lost"));
}
TEST(Limits, PlatformUnknownMattersOnlyWhereTheRegressionIsPossible) {
  EXPECT_TRUE(has_id(Host().version("4.14.1").judge().limits, "iommu_state_unknown"));
  EXPECT_TRUE(has_id(Host().version("4.14.1").judge().limits, "direct_map_unknown"));
  EXPECT_FALSE(has_id(Host().version("4.17.0").judge().limits, "iommu_state_unknown"));
  const Diagnosis contradiction = Host().version("4.14.1").iommu(true).iommu(false).judge();
  EXPECT_NE(detail_of(contradiction, "iommu_state_unknown").find("contradicts"), std::string::npos);
}
TEST(Limits, AboutFaults) {
  FaultGroup fault = translation_fault();
  fault.complete = false;
  fault.after = not_shown();
  Host host = Host().fault(fault);
  host.facts.hypervisor.trust.debug_build = true;
  host.dump({grant_of(1, 2, 3)});
  const Diagnosis found = host.judge();
  for (const char* id : {"dump_after_only", "no_store_listing", "no_memory_map",
                         "debug_build_console", "fault_record_incomplete", "ring_wrapped"}) {
    EXPECT_TRUE(has_id(found.limits, id)) << id;
  }
  EXPECT_FALSE(has_id(found.limits, "authorship_unknown"));
  EXPECT_FALSE(has_id(found.limits, "dump_missing"));
  EXPECT_TRUE(has_id(Host().fault(translation_fault()).judge().limits, "authorship_unknown"));
}
TEST(Limits, AHealthyHostHasFew) {
  const Diagnosis found =
      protected_host().version("4.17.7").feature_bit(17).commit("04085ec1ac").console().judge();
  EXPECT_TRUE(found.limits.empty()) << found.limits[0].id;
}
TEST(Limits, NotRootIsSaidOfALiveHostOnly) {
  Host host;
  EXPECT_FALSE(has_id(host.judge().limits, "not_root"));
  host.facts.mode = InputMode::live;
  EXPECT_TRUE(has_id(host.judge().limits, "not_root"));
  host.facts.root = true;
  EXPECT_FALSE(has_id(host.judge().limits, "not_root"));
}

// ---- visibility
Host smmuv3(std::string_view version) {
  Host host = Host().version(version).iommu(true).trusted().console();
  host.facts.hypervisor.iommu_kinds = {"SMMUv3"};
  return host;
}
TEST(Visibility, Smmuv3EventsAreInformationalMessages) {
  EXPECT_TRUE(log_level_hides_faults(smmuv3("4.17.0").facts));
  EXPECT_FALSE(log_level_hides_faults(smmuv3("4.18.0").facts));
  Host all = smmuv3("4.17.0");
  all.facts.hypervisor.command_line = Sourced<std::string>{"console=dtuart loglvl=all", "boot"};
  EXPECT_FALSE(log_level_hides_faults(all.facts));
  Host debug = smmuv3("4.17.0");
  debug.facts.hypervisor.trust.debug_build = true;
  EXPECT_FALSE(log_level_hides_faults(debug.facts));
  Host unknown = smmuv3("4.17.0");
  unknown.facts.hypervisor.trust.debug_build.reset();
  EXPECT_FALSE(log_level_hides_faults(unknown.facts));
}
TEST(Visibility, TheStatedLevelOutweighsTheDefault) {
  Host host = smmuv3("4.18.0");
  host.facts.hypervisor.log_level = Sourced<std::string>{"Errors and warnings", "boot"};
  EXPECT_TRUE(log_level_hides_faults(host.facts));
  host.facts.hypervisor.log_level->value = "Errors, warnings and info";
  EXPECT_FALSE(log_level_hides_faults(host.facts));
  host.facts.hypervisor.log_level->value = "All";
  EXPECT_FALSE(log_level_hides_faults(host.facts));
  host.facts.hypervisor.iommu_kinds = {"SMMUv2"};
  host.facts.hypervisor.log_level->value = "Errors";
  EXPECT_FALSE(log_level_hides_faults(host.facts));
  host.facts.hypervisor.log_level->value = "Nothing";
  EXPECT_TRUE(log_level_hides_faults(host.facts));
  host.facts.hypervisor.log_level->value = "no such word";
  EXPECT_FALSE(log_level_hides_faults(host.facts));
}

// ---- exit code
TEST(ExitCode, FollowsTheState) {
  EXPECT_EQ(Host().version("4.17.0").judge().exit_code, 0);
  EXPECT_EQ(Host().version("4.13.0").iommu(false).judge().exit_code, 0);
  EXPECT_EQ(Host().version("4.13.0").judge().exit_code, 1);
  EXPECT_EQ(Host().commit("ad844aa352").judge().exit_code, 2);
  EXPECT_EQ(Host().judge().exit_code, 3);
}
TEST(ExitCode, FaultsOfAnotherCauseAreAWarning) {
  FaultGroup fault = translation_fault();
  fault.fault_class = FaultClass::permission;
  EXPECT_EQ(Host().version("4.17.0").fault(fault).judge().exit_code, 1);
  EXPECT_EQ(Host().probe(ProbeResult::Answer::present).fault(fault).judge().exit_code, 1);
}
TEST(ExitCode, ForeignFaultsAndLoneErrorsAreNone) {
  Host host = Host().version("4.17.0");
  host.facts.foreign_faults.push_back(translation_fault());
  host.facts.dom0_errors.emplace_back();
  EXPECT_EQ(host.judge().exit_code, 0);
}
TEST(ExitCode, LostEvidenceIsAWarningWhereAnIommuCanBeInUse) {
  Host bytes = Host().version("4.17.0");
  bytes.facts.lost_console_bytes = 4096;
  EXPECT_EQ(bytes.judge().exit_code, 1);
  EXPECT_EQ(bytes.iommu(false).judge().exit_code, 0);
  Host lines = Host().commit("04085ec1ac");
  lines.facts.damaged_fault_lines = 1;
  EXPECT_EQ(lines.judge().exit_code, 1);
  EXPECT_EQ(Host().version("4.17.0").event(Kind::events_lost).judge().exit_code, 1);
}
TEST(ExitCode, AHiddenLogLevelCountsWhereSilenceIsPartOfTheAnswer) {
  EXPECT_EQ(smmuv3("4.17.0").judge().exit_code, 1);
  EXPECT_TRUE(has_id(smmuv3("4.17.0").judge().limits, "log_level_hides_faults"));
  EXPECT_EQ(smmuv3("4.17.0").commit("04085ec1ac").judge().exit_code, 0);
}
TEST(ExitCode, AWrappedRingOrARunWithoutRootIsNoAlarm) {
  Host host = Host().version("4.17.0").console();
  host.facts.hypervisor.boot_start_seen = false;
  host.facts.mode = InputMode::live;
  const Diagnosis found = host.judge();
  EXPECT_TRUE(has_id(found.limits, "ring_wrapped"));
  EXPECT_TRUE(has_id(found.limits, "not_root"));
  EXPECT_EQ(found.exit_code, 0);
}

// ---- actions
TEST(Actions, AffectedNamesReleaseCommitsAndWorkarounds) {
  const Diagnosis found = protected_host().version("4.14.1").fault(ring_fault()).judge();
  EXPECT_EQ(action_ids(found), (std::vector<std::string>{"upgrade", "apply_commit", "swiotlb_force",
                                                         "iommu_off", "report_bug"}));
  EXPECT_NE(found.actions[0].text.find("4.14.2"), std::string::npos);
  EXPECT_NE(found.actions[1].text.find("b0b734a8b3"), std::string::npos);
  EXPECT_NE(found.actions[1].text.find("9b6054a63e"), std::string::npos);
}
TEST(Actions, EveryBranchGetsItsOwnAdvice) {
  const auto advice = [](std::string_view version) {
    return Host().version(version).commit("ad844aa352").judge();
  };
  const Diagnosis never = advice("4.12.4");
  EXPECT_NE(never.actions[0].text.find("never fixed"), std::string::npos);
  EXPECT_EQ(never.verdict.fixed_in, (std::vector<std::string>{"4.13.3", "4.14.2", "4.15.0"}));
  EXPECT_EQ(never.verdict.commits, (std::vector<std::string>{"04085ec1ac", "e8185c5f01"}));
  EXPECT_EQ(advice("4.13.1").verdict.fixed_in,
            (std::vector<std::string>{"4.13.3", "4.14.2", "4.15.0"}));
  EXPECT_EQ(advice("4.13.1").verdict.commits,
            (std::vector<std::string>{"d7a1e06efd", "98e6482bd1"}));
  EXPECT_EQ(advice("4.15-unstable").verdict.commits,
            (std::vector<std::string>{"04085ec1ac", "e8185c5f01"}));
  const Diagnosis unknown = Host().commit("ad844aa352").judge();
  EXPECT_EQ(unknown.verdict.commits, (std::vector<std::string>{"04085ec1ac", "e8185c5f01"}));
}
TEST(Actions, LikelyProbesFirst) {
  const Diagnosis found = Host().version("4.13.0").judge();
  EXPECT_EQ(found.actions[0].id, "run_probe");
  EXPECT_EQ(found.actions[0].text, "Run the probe.");
  EXPECT_EQ(found.actions[0].reference, "docs");
  EXPECT_LE(found.actions.size(), 5U);
}
TEST(Actions, OtherCausesAreToBeRead) {
  FaultGroup stream = translation_fault();
  stream.kind = FaultKind::smmuv2_global;
  stream.fault_class = FaultClass::stream_unknown;
  FaultGroup permission = translation_fault();
  permission.fault_class = FaultClass::permission;
  const Diagnosis found =
      Host().version("4.17.0").sysctl_abi(0x15).fault(stream).fault(permission).judge();
  EXPECT_EQ(action_ids(found), (std::vector<std::string>{"explain", "check_device_tree"}));
  EXPECT_NE(found.actions[0].text.find("explain XIC-2001 (also XIC-4002)"), std::string::npos);
}
TEST(Actions, LossesAreToBeRepaired) {
  Host host = smmuv3("4.17.0");
  host.facts.lost_console_bytes = 1;
  EXPECT_EQ(action_ids(host.judge()), (std::vector<std::string>{"raise_loglevel", "raise_ring"}));
  Host dormant = Host().version("4.13.0").direct_mapped(false);
  dormant.facts.lost_console_bytes = 1;
  EXPECT_EQ(action_ids(dormant.judge()),
            (std::vector<std::string>{"upgrade", "apply_commit", "raise_ring"}));
}
TEST(Actions, UnknownSaysWhatWouldSettleIt) {
  Host host = Host().fault(translation_fault());
  host.dump({grant_of(1, 2, 3)}, false);
  const Diagnosis found = host.judge();
  EXPECT_EQ(found.actions[0].id, "run_probe");
  EXPECT_TRUE(has_id(found.actions, "get_grant_dump"));
  EXPECT_EQ(found.actions.size(), 5U);
}
TEST(Actions, NeverMoreThanFiveNeverTwice) {
  for (const char* version : {"", "4.12.0", "4.13.3-pre", "4.14.1", "4.17.0"}) {
    Host host = protected_host();
    if (*version != '\0') host.version(version);
    for (const FaultGroup& fault : {translation_fault(), data_fault(), ring_fault()}) {
      const Diagnosis found = host.fault(fault).judge();
      const auto ids = action_ids(found);
      EXPECT_LE(ids.size(), 5U);
      EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
      EXPECT_FALSE(ids.empty());
    }
  }
}

}  // namespace
}  // namespace xic
