// Fault -> frame -> grant -> domain -> device, and who may have written the line.
#include <gtest/gtest.h>

#include "core/diagnosis/dump_view.h"
#include "tests/unit/diagnosis_test_support.h"

namespace xic {
namespace {

using namespace testing;
using State = Attribution::State;

Attribution owner(const Host& host) {
  return host.judge().faults.at(0).attribution;
}
Host with(const GrantSighting& before, const GrantSighting& after) {
  FaultGroup fault = translation_fault();
  fault.before = before;
  fault.after = after;
  return protected_host().fault(fault);
}
const GrantSighting kNotAsked;

TEST(OwnerOfFrame, DumpsOnBothSidesAreExact) {
  const Attribution found = owner(with(shown(1, 0x31), shown(1, 0x31)));
  EXPECT_EQ(found.state, State::exact);
  EXPECT_EQ(found.role, "");
  EXPECT_EQ(found.backend, "");
  EXPECT_FALSE(found.long_lived);
  EXPECT_EQ(found.source, "complete 'g' dumps before and after the fault");
}
TEST(OwnerOfFrame, ASingleDumpIsExactOnlyAtALongLivedRef) {
  EXPECT_EQ(owner(with(shown(1, 0x208), kNotAsked)).state, State::exact);
  EXPECT_EQ(owner(with(kNotAsked, shown(1, 0x208))).state, State::exact);
  EXPECT_EQ(owner(with(shown(1, 0x31), kNotAsked)).state, State::likely);
  EXPECT_EQ(owner(with(kNotAsked, shown(1, 0x31))).state, State::likely);
}
TEST(OwnerOfFrame, ReservedRefsAreLongLived) {
  const Attribution console = owner(with(shown(7, 0), kNotAsked));
  EXPECT_EQ(console.state, State::exact);
  EXPECT_EQ(console.role, "console page");
  EXPECT_EQ(owner(with(shown(7, 1), kNotAsked)).role, "xenstore page");
}
TEST(OwnerOfFrame, ARingOfADeviceThatIsNotConnectedIsNot) {
  FaultGroup fault = ring_fault();
  Host host;
  host.arch(Arch::arm64).direct_mapped().trusted().banks().vif(6).fault(fault);
  const Attribution closed = owner(host);
  EXPECT_EQ(closed.state, State::likely);
  EXPECT_EQ(closed.backend, "vif1.0");
  EXPECT_FALSE(closed.long_lived);
}
TEST(OwnerOfFrame, ARingServedByADriverDomainGivesNoRole) {
  Host host;
  host.vif(4, 5).fault(ring_fault());
  const Attribution found = owner(host);
  EXPECT_EQ(found.state, State::likely);
  EXPECT_EQ(found.role, "");
}
TEST(OwnerOfFrame, ADumpThatDeniesItLeavesItLikely) {
  EXPECT_EQ(owner(with(shown(1, 0x208), not_shown())).state, State::likely);
  EXPECT_EQ(owner(with(not_shown(), shown(1, 0x208))).state, State::likely);
  EXPECT_EQ(owner(with(not_shown(), not_shown())).state, State::none);
}
TEST(OwnerOfFrame, DifferentGrantsAreNone) {
  EXPECT_EQ(owner(with(shown(1, 0x31), shown(1, 0x32))).state, State::none);
  EXPECT_EQ(owner(with(shown(1, 0x31), shown(2, 0x31))).state, State::none);
  FaultGroup fault = ring_fault();
  fault.sightings_differ = true;
  const Attribution found = owner(protected_host().fault(fault));
  EXPECT_EQ(found.state, State::none);
  EXPECT_FALSE(found.granter.has_value());
  EXPECT_NE(found.source.find("different"), std::string::npos);
}
TEST(OwnerOfFrame, ADamagedDumpIsLikely) {
  Host host = protected_host().fault(translation_fault());
  host.dump({grant_of(1, 0x208, 0x97f75)}, false);
  const Attribution found = owner(host);
  EXPECT_EQ(found.state, State::likely);
  EXPECT_EQ(found.source, "a damaged 'g' dump");
  EXPECT_EQ(host.judge().verdict.state, VerdictState::unknown);
  EXPECT_TRUE(has_id(host.judge().limits, "dump_truncated"));
}
TEST(OwnerOfFrame, ALaterCompleteDumpIsLikely) {
  Host host = protected_host().fault(translation_fault());
  host.dump({grant_of(1, 0x208, 0x97f75)});
  EXPECT_EQ(owner(host).state, State::likely);
}
TEST(OwnerOfFrame, GrantsToOthersAndOfDom0DoNotCount) {
  Host host = protected_host().fault(translation_fault());
  host.dump({grant_of(1, 3, 0x97f75, 2), grant_of(0, 4, 0x97f75)});
  EXPECT_EQ(owner(host).state, State::none);
  host.dump({grant_of(1, 3, 0x97f75, 2), grant_of(2, 4, 0x97f75)});
  EXPECT_EQ(owner(host).granter, DomId{2});
}
TEST(OwnerOfFrame, TheHypervisorsAnswerIsLikelyAtMost) {
  Host host = protected_host().fault(translation_fault());
  host.facts.granted_now.push_back(
      {Frame{0x97f75}, GrantedNow::Answer::granted_or_own, false, "cache_flush"});
  const Attribution found = owner(host);
  EXPECT_EQ(found.state, State::likely);
  EXPECT_FALSE(found.granter.has_value());
  EXPECT_NE(found.source.find("afterwards"), std::string::npos);
  // It also answers so for dom0's own pages: without a memory map it tells nothing.
  host.facts.memory = MemoryMap{};
  EXPECT_EQ(owner(host).state, State::none);
}
TEST(OwnerOfFrame, QueuesAndTimes) {
  Host host = protected_host();
  host.facts.backends.devices[0].queues = 2;
  host.facts.backends.devices[0].rings[0] = {RingRole::vif_rx, 1, GrantRef{0x208}};
  FaultGroup fault = ring_fault();
  fault.before.dump_time = {Clock::xen_boot, 20'138'086'000};
  const Attribution found = owner(host.fault(fault));
  EXPECT_EQ(found.role, "rx ring of queue 1");
  EXPECT_EQ(found.seen_at, "20.138086 s after Xen started");
}
TEST(OwnerOfFrame, EveryRoleHasAName) {
  const std::pair<RingRole, const char*> roles[] = {{RingRole::vif_tx, "tx ring"},
                                                    {RingRole::vif_ctrl, "control ring"},
                                                    {RingRole::vbd, "ring"},
                                                    {RingRole::console, "console page"},
                                                    {RingRole::xenstore, "xenstore page"},
                                                    {RingRole::other, "ring"}};
  for (const auto& [role, name] : roles) {
    Host host = protected_host();
    host.facts.backends.devices[0].rings[0].role = role;
    EXPECT_EQ(owner(host.fault(ring_fault())).role, name);
  }
}
TEST(OwnerOfFrame, WithoutAnAddressThereIsNone) {
  FaultGroup fault = ring_fault();
  fault.iova.reset();
  EXPECT_EQ(owner(protected_host().fault(fault)).state, State::none);
}

TEST(LatestDump, FindsTheTwinAbove4GiB) {
  Host host;
  host.fault(translation_fault(0x24cb148));
  host.dump({grant_of(1, 5, 0x1024cb), grant_of(1, 6, 0x999999), grant_of(1, 7, 0x24cc)});
  const DumpView view(host.facts);
  ASSERT_NE(view.cut_to_32_bits(Iova{0x24cb148}), nullptr);
  EXPECT_EQ(view.cut_to_32_bits(Iova{0x24cb148})->ref, GrantRef{5});
  EXPECT_EQ(view.cut_to_32_bits(Iova{0x24cc000}), nullptr);  // that one is not above 4 GiB
  EXPECT_EQ(view.cut_to_32_bits(Iova{0x1024cb148}), nullptr);
  EXPECT_TRUE(view.complete());
}

// ---- authorship
std::pair<bool, std::string> author(const Host& host) {
  const FaultFinding found = host.judge().faults.at(0);
  return {found.authentic, found.authentic_why};
}
TEST(Author, EveryDoorIsNamed) {
  Host host = Host().trusted().fault(translation_fault());
  EXPECT_TRUE(author(host).first);
  LineTrust& trust = host.facts.hypervisor.trust;
  trust.dom0less_console = true;
  EXPECT_NE(author(host).second.find("dom0less"), std::string::npos);
  trust.console_to_ring.reset();
  trust.dom0less_console = false;
  EXPECT_NE(author(host).second.find("command line"), std::string::npos);
  trust.console_to_ring = true;
  EXPECT_NE(author(host).second.find("console_to_ring"), std::string::npos);
  trust.debug_build.reset();
  trust.console_to_ring = false;
  EXPECT_NE(author(host).second.find("banner"), std::string::npos);
  trust.debug_build = true;
  EXPECT_NE(author(host).second.find("debug build"), std::string::npos);
  EXPECT_FALSE(author(host).first);
}
TEST(Author, TheLiveQuestionConfirmsOnlyAtTheTimeOfTheFault) {
  Host host = Host().fault(translation_fault());
  host.facts.granted_now.push_back(
      {Frame{0x97f75}, GrantedNow::Answer::granted_or_own, true, "cache_flush"});
  EXPECT_TRUE(author(host).first);
  host.facts.granted_now[0].at_fault = false;
  EXPECT_FALSE(author(host).first);
  host.facts.granted_now[0] = {Frame{0x97f75}, GrantedNow::Answer::not_granted, true, ""};
  EXPECT_FALSE(author(host).first);
  host.facts.granted_now[0] = {Frame{0x97f76}, GrantedNow::Answer::granted_or_own, true, ""};
  EXPECT_FALSE(author(host).first);
}
TEST(Author, AnIndexThatPointsNowhereConfirmsNothing) {
  FaultGroup fault = translation_fault();
  fault.dom0_error = 3;
  EXPECT_FALSE(author(Host().fault(fault)).first);
}

}  // namespace
}  // namespace xic
