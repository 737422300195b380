// What the recorder's word does to attribution, verdict and cause.
#include <gtest/gtest.h>

#include "core/diagnosis/exact_fault.h"
#include "core/grant/recorded_grant.h"
#include "tests/probe/recorded_sighting.h"
#include "tests/unit/diagnosis_test_support.h"

namespace xic {
namespace {

using namespace testing;
using State = TraceSighting::State;

FaultGroup fault_with(std::initializer_list<TraceSighting> sightings) {
  FaultGroup fault = translation_fault();
  fault.count = sightings.size();
  for (const TraceSighting& one : sightings) join_sighting(one, &fault.recorded);
  return fault;
}
Diagnosis judge(const FaultGroup& fault) {
  return protected_host().fault(fault).judge();
}

TEST(RecorderAttribution, MappedThroughoutIsExactAndOneFaultAccuses) {
  const Diagnosis found = judge(fault_with({recorded(State::mapped)}));
  const Attribution& who = found.faults.at(0).attribution;
  EXPECT_EQ(who.state, Attribution::State::exact);
  EXPECT_EQ(who.granter, DomId{1});
  EXPECT_EQ(who.ref, GrantRef{0x31});
  EXPECT_EQ(who.granter_name, "rigdomu");
  EXPECT_TRUE(found.faults.at(0).accuses) << found.faults.at(0).why_not;
  EXPECT_EQ(found.verdict.state, VerdictState::affected);
  EXPECT_TRUE(found.verdict.observed);
  EXPECT_EQ(found.faults.at(0).cause.id, "XIC-1001");
}

TEST(RecorderAttribution, ASecondMappingNeedsASecondFault) {
  TraceSighting seen = recorded(State::mapped);
  seen.remapped = true;
  EXPECT_FALSE(judge(fault_with({seen})).faults.at(0).accuses);
  EXPECT_TRUE(judge(fault_with({seen, seen})).faults.at(0).accuses);
  // Two faults of which only one was seen mapped are one.
  EXPECT_FALSE(judge(fault_with({seen, recorded(State::unclear)})).faults.at(0).accuses);
}

TEST(RecorderAttribution, UnclearIsLikelyAndAccusesNobody) {
  const Diagnosis found = judge(fault_with({recorded(State::unclear), recorded(State::unclear)}));
  EXPECT_EQ(found.faults.at(0).attribution.state, Attribution::State::likely);
  EXPECT_EQ(found.faults.at(0).attribution.ref, GrantRef{0x31});
  EXPECT_FALSE(found.faults.at(0).accuses);
  EXPECT_EQ(found.faults.at(0).cause.id, "XIC-1008");
}

TEST(RecorderAttribution, UnmappedBeforeIsDmaAfterUnmapAndNoSignature) {
  const Diagnosis found = judge(fault_with({recorded(State::ended)}));
  const FaultFinding& fault = found.faults.at(0);
  EXPECT_EQ(fault.cause.id, "XIC-1002");
  EXPECT_EQ(fault.cause.confidence, Confidence::high);
  EXPECT_EQ(fault.attribution.state, Attribution::State::likely);
  EXPECT_EQ(fault.attribution.ref, GrantRef{0x31});
  EXPECT_FALSE(fault.signature);
  EXPECT_FALSE(fault.accuses);
  EXPECT_FALSE(found.verdict.suspected);
}

TEST(RecorderAttribution, UnmappedBeforeStaysSoOnAnAffectedBuild) {
  Host host = protected_host().commit("15aa6c6111").fault(fault_with({recorded(State::ended)}));
  EXPECT_EQ(host.judge().faults.at(0).cause.id, "XIC-1002");
}

TEST(RecorderAttribution, BothAfterAndDuringIsAmbiguousNotTheOther) {
  const Diagnosis found = judge(fault_with({recorded(State::ended), recorded(State::unclear)}));
  EXPECT_EQ(found.faults.at(0).cause.id, "XIC-1008");
  EXPECT_FALSE(found.faults.at(0).accuses);
}

TEST(RecorderAttribution, GrantedWhenAskedContradictsAnEndWithoutANewMapping) {
  GrantedNow answer;
  answer.frame = Frame{0x97f75};
  answer.answer = GrantedNow::Answer::granted_or_own;
  answer.at_fault = true;
  Host host = protected_host().fault(fault_with({recorded(State::ended)}));
  host.facts.granted_now.push_back(answer);
  EXPECT_NE(host.judge().faults.at(0).cause.id, "XIC-1002");
  host.facts.faults.at(0).recorded->sighting.again = true;
  EXPECT_EQ(host.judge().faults.at(0).cause.id, "XIC-1002");
}

TEST(RecorderAttribution, DifferentGrantsAtTheFaultsAreNone) {
  const Diagnosis found =
      judge(fault_with({recorded(State::mapped, 1, 8), recorded(State::mapped, 2, 8)}));
  EXPECT_EQ(found.faults.at(0).attribution.state, Attribution::State::none);
  EXPECT_FALSE(found.faults.at(0).accuses);
}

TEST(RecorderAttribution, APageThatWasGrantedAnewHasAnOwnerAndNoReference) {
  const Diagnosis found =
      judge(fault_with({recorded(State::mapped, 1, 8), recorded(State::mapped, 1, 9)}));
  const FaultFinding& fault = found.faults.at(0);
  EXPECT_EQ(fault.attribution.state, Attribution::State::exact);
  EXPECT_EQ(fault.attribution.granter, DomId{1});
  EXPECT_FALSE(fault.attribution.ref);
  EXPECT_NE(fault.attribution.source.find("granted anew"), std::string::npos);
  EXPECT_TRUE(fault.accuses) << fault.why_not;
}

TEST(RecorderAttribution, AnotherGrantOfThePageIsTold) {
  TraceSighting seen = recorded(State::mapped);
  seen.others = 1;
  const FaultFinding fault = judge(fault_with({seen})).faults.at(0);
  EXPECT_EQ(fault.attribution.state, Attribution::State::exact);
  EXPECT_EQ(fault.attribution.granter, DomId{1});
  EXPECT_EQ(fault.attribution.ref, GrantRef{0x31});
  EXPECT_NE(fault.attribution.source.find("1 other grant"), std::string::npos);
  EXPECT_TRUE(fault.accuses) << fault.why_not;
}

TEST(RecorderAttribution, TheRecorderComesBeforeTheDumps) {
  FaultGroup fault = fault_with({recorded(State::mapped, 1, 8)});
  fault.after = shown(2, 9);
  const Attribution who = judge(fault).faults.at(0).attribution;
  EXPECT_EQ(who.granter, DomId{1});
  EXPECT_EQ(who.ref, GrantRef{8});
}

TEST(RecorderAttribution, WithNothingToSayTheDumpsSpeak) {
  for (const State state : {State::never, State::not_covered}) {
    FaultGroup fault = fault_with({recorded(state)});
    fault.before = shown(1, 0x208);
    const Attribution who = judge(fault).faults.at(0).attribution;
    EXPECT_EQ(who.state, Attribution::State::exact);
    EXPECT_EQ(who.ref, GrantRef{0x208});
  }
}

TEST(RecorderAttribution, TheUnmappingThreadNamesTheQueueOfItsOwnGuestOnly) {
  TraceSighting seen = recorded(State::mapped);
  seen.unmapped = 20'004'000'000;
  seen.unmapper = "vif1.0-q3-deall";
  Attribution who = judge(fault_with({seen})).faults.at(0).attribution;
  EXPECT_EQ(who.backend, "vif1.0");
  EXPECT_EQ(who.role, "packet of queue 3");
  seen.unmapper = "vif2.0-q3-deall";
  EXPECT_EQ(judge(fault_with({seen})).faults.at(0).attribution.backend, "");
  seen.unmapper = "vif1.0";
  EXPECT_EQ(judge(fault_with({seen})).faults.at(0).attribution.backend, "");
}

TEST(RecorderAttribution, APermissionFaultAccusesNobody) {
  FaultGroup fault = fault_with({recorded(State::mapped)});
  fault.fault_class = FaultClass::permission;
  EXPECT_FALSE(judge(fault).faults.at(0).accuses);
}

TEST(RecordedGrant, TheMemberThatTellsMostIsKept) {
  std::optional<RecordedGrant> group;
  join_sighting(recorded(State::never), &group);
  EXPECT_EQ(group->sighting.state, State::never);
  join_sighting(recorded(State::unclear), &group);
  join_sighting(recorded(State::ended), &group);
  join_sighting(recorded(State::mapped), &group);
  join_sighting(recorded(State::unclear), &group);
  EXPECT_EQ(group->sighting.state, State::mapped);
  EXPECT_EQ(group->mapped, 1U);
  EXPECT_EQ(group->ended, 1U);
  EXPECT_EQ(group->unclear, 2U);
  EXPECT_FALSE(group->differ);
}

}  // namespace
}  // namespace xic
