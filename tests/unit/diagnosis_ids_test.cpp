// Whatever the diagnosis names has a text in the built-in knowledge.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/unit/diagnosis_test_support.h"

namespace xic {
namespace {

using namespace testing;

bool is_evidence_kind(std::string_view kind) {
  const auto kinds = built_in_knowledge().evidence_kinds;
  return std::any_of(kinds.begin(), kinds.end(),
                     [&](const Entry& entry) { return entry.id == kind; });
}

void expect_known(const Facts& facts) {
  const Knowledge& knowledge = built_in_knowledge();
  const Diagnosis found = diagnose(facts, knowledge);
  for (const FaultFinding& one : found.faults) {
    EXPECT_NE(knowledge.cause(one.cause.id), nullptr) << one.cause.id;
  }
  for (const CauseFinding& one : found.foreign) EXPECT_NE(knowledge.cause(one.id), nullptr);
  for (const CauseFinding& one : found.events) {
    EXPECT_TRUE(one.id.empty() || knowledge.cause(one.id) != nullptr) << one.id;
  }
  for (const Limit& one : found.limits) EXPECT_NE(knowledge.limit(one.id), nullptr) << one.id;
  for (const Action& one : found.actions) {
    EXPECT_NE(knowledge.action(one.id), nullptr) << one.id;
    EXPECT_FALSE(one.text.empty()) << one.id;
    EXPECT_NE(one.text, one.id);
  }
  for (const Evidence& one : found.evidence) EXPECT_TRUE(is_evidence_kind(one.kind)) << one.kind;
}

TEST(Ids, OfEveryKindOfFault) {
  for (int kind = 0; kind <= static_cast<int>(FaultKind::amdvi); ++kind) {
    for (int klass = 0; klass <= static_cast<int>(FaultClass::other); ++klass) {
      FaultGroup fault = ring_fault();
      fault.kind = static_cast<FaultKind>(kind);
      fault.fault_class = static_cast<FaultClass>(klass);
      expect_known(Host().fault(fault).facts);
      expect_known(protected_host().version("4.14.1").fault(fault).dom0_error().facts);
      expect_known(protected_host().version("4.17.0").sysctl_abi(0x15).fault(fault).facts);
    }
  }
}
TEST(Ids, OfEveryEventAndLimit) {
  Host host =
      protected_host().version("4.13.0").commit("15aa6c6").probe(ProbeResult::Answer::mixed);
  for (int kind = 0; kind <= static_cast<int>(HypervisorEvent::Kind::self_grant); ++kind) {
    host.event(static_cast<HypervisorEvent::Kind>(kind));
  }
  host.facts.mode = InputMode::live;
  host.facts.lost_console_bytes = 1;
  host.facts.damaged_fault_lines = 1;
  host.facts.hypervisor.changeset_text = Sourced<std::string>{"", "banner"};
  host.facts.hypervisor.iommu_kinds = {"SMMUv3"};
  host.facts.foreign_faults.push_back(translation_fault());
  host.facts.granted_now.push_back({Frame{1}, GrantedNow::Answer::not_granted, false, "asked"});
  host.dump({grant_of(1, 2, 3)}, false);
  expect_known(host.facts);
  host.facts.hypervisor.seen = false;
  host.facts.latest_dump.reset();
  expect_known(host.facts);
  expect_known(Host().commit("ad844aa352", Commit::Origin::changeset, true).facts);
  expect_known(Host().version("4.17.0").commit("777777777").facts);
  expect_known(Facts{});
}
// The bounds of the input: the greatest number of everything.
TEST(Ids, OfTheLargestInput) {
  Host host = protected_host().version("4.14.1");
  for (std::uint64_t i = 0; i < 1024; ++i) host.fault(translation_fault(0x90000000 + (i << 12)));
  for (int i = 0; i < 256; ++i) {
    host.event(HypervisorEvent::Kind::assigned, DomId{2}, "/smmu@" + std::to_string(i));
  }
  expect_known(host.facts);
}

}  // namespace
}  // namespace xic
