// The legs of the exactly attributed fault: the proof holds with all of them and with none missing.
#include <gtest/gtest.h>

#include "core/diagnosis/exact_fault.h"
#include "tests/unit/diagnosis_test_support.h"

namespace xic {
namespace {

using namespace testing;

FaultFinding finding_of(const Host& host) {
  return host.judge().faults.at(0);
}
bool accuses(const Host& host) {
  const Diagnosis found = host.judge();
  EXPECT_EQ(found.verdict.observed,
            found.verdict.state == VerdictState::affected && found.faults.at(0).accuses);
  return found.faults.at(0).accuses;
}
bool accuses(const FaultGroup& fault) {
  return accuses(protected_host().fault(fault));
}

TEST(ExactFault, RingAndDataGrantAccuse) {
  EXPECT_TRUE(accuses(ring_fault()));
  EXPECT_TRUE(accuses(data_fault()));
}

TEST(ExactFault, OnlyThePureTranslationFault) {
  for (const FaultClass klass :
       {FaultClass::permission, FaultClass::access_flag, FaultClass::address_size,
        FaultClass::external_abort, FaultClass::tlb_conflict, FaultClass::unsupported,
        FaultClass::mixed, FaultClass::other}) {
    FaultGroup fault = ring_fault();
    fault.fault_class = klass;
    const FaultFinding found = finding_of(protected_host().fault(fault));
    EXPECT_FALSE(found.accuses) << static_cast<int>(klass);
    EXPECT_FALSE(found.signature) << static_cast<int>(klass);
    EXPECT_EQ(found.attribution.state, Attribution::State::exact);
  }
  FaultGroup multiple = ring_fault();
  multiple.multiple = true;
  EXPECT_TRUE(accuses(multiple));
}

TEST(ExactFault, DataAccessAndAddress) {
  FaultGroup fetch = ring_fault();
  fetch.access = Access::instruction;
  EXPECT_FALSE(accuses(fetch));
  FaultGroup write = ring_fault();
  write.access = Access::write;
  EXPECT_TRUE(accuses(write));
  FaultGroup nowhere = ring_fault();
  nowhere.iova.reset();
  EXPECT_FALSE(accuses(nowhere));
}

TEST(ExactFault, OnlyArmDriversOfXen) {
  for (const FaultKind kind : {FaultKind::vtd, FaultKind::amdvi}) {
    FaultGroup fault = ring_fault();
    fault.kind = kind;
    EXPECT_FALSE(accuses(protected_host().fault(fault)));
  }
  FaultGroup fault = ring_fault();
  fault.kind = FaultKind::smmuv3_event;
  fault.stream_id = 0x877;
  fault.cb.reset();
  EXPECT_TRUE(accuses(fault));
}

TEST(ExactFault, OnlyTheLastBoot) {
  Host host = protected_host().fault(ring_fault());
  host.facts.last_boot = 1;
  const Diagnosis found = host.judge();
  EXPECT_FALSE(found.faults.at(0).accuses);
  EXPECT_FALSE(found.verdict.suspected);
  EXPECT_TRUE(has_id(found.limits, "earlier_boot"));
  host.facts.faults.at(0).boot = 1;
  EXPECT_TRUE(accuses(host));
}

// ---- authentic
TEST(ExactFault, AnAuthorIsNeeded) {
  Host host = protected_host().fault(ring_fault());
  host.facts.hypervisor.trust.debug_build = true;
  EXPECT_FALSE(accuses(host));
  EXPECT_FALSE(finding_of(host).why_not.empty());
  EXPECT_TRUE(finding_of(host).signature);
  EXPECT_TRUE(accuses(host.dom0_error()));
}
TEST(ExactFault, MidLineAndRepairedNeedConfirmation) {
  for (const bool mid : {true, false}) {
    FaultGroup fault = ring_fault();
    (mid ? fault.mid_line : fault.repaired) = true;
    Host host = protected_host().fault(fault);
    EXPECT_FALSE(accuses(host));
    EXPECT_TRUE(accuses(host.dom0_error()));
  }
}

// ---- dom0's context
TEST(ExactFault, TheIpmmuNamesTheDomain) {
  FaultGroup fault = ring_fault();
  fault.kind = FaultKind::ipmmu;
  fault.cb.reset();
  fault.access = Access::unknown;
  fault.domain = kDom0;
  EXPECT_TRUE(accuses(fault));
  fault.domain = DomId{3};
  EXPECT_FALSE(accuses(fault));
  EXPECT_FALSE(finding_of(protected_host().fault(fault)).signature);
  fault.domain.reset();
  EXPECT_FALSE(accuses(fault));
}
TEST(ExactFault, AnotherDomainOnTheSameSmmu) {
  constexpr auto kAssigned = HypervisorEvent::Kind::assigned;
  Host host = protected_host().fault(ring_fault());
  EXPECT_TRUE(accuses(host.event(kAssigned, kDom0, "/smmu@bff00000")));
  EXPECT_TRUE(accuses(host.event(kAssigned, DomId{2}, "/smmu@other")));
  EXPECT_FALSE(accuses(host.event(kAssigned, DomId{2}, "/smmu@bff00000")));
  EXPECT_TRUE(finding_of(host).signature);  // bank 0 is not known to be the other's
  EXPECT_TRUE(accuses(host.dom0_error()));
}
TEST(ExactFault, AnotherDomainOfAnEarlierBootDoesNotCount) {
  Host host = protected_host();
  host.event(HypervisorEvent::Kind::assigned, DomId{2}, "/smmu@bff00000");
  FaultGroup fault = ring_fault();
  fault.boot = 1;
  host.facts.last_boot = 1;
  EXPECT_TRUE(accuses(host.fault(fault)));
}
TEST(ExactFault, ALaterBankBesideAnotherDomainIsThatDomains) {
  FaultGroup fault = ring_fault();
  fault.cb = 1;
  Host host = protected_host().fault(fault);
  EXPECT_TRUE(accuses(host));
  host.event(HypervisorEvent::Kind::assigned, DomId{2}, "/smmu@bff00000");
  EXPECT_FALSE(finding_of(host).signature);
  EXPECT_EQ(finding_of(host).cause.id, "XIC-3005");
}
TEST(ExactFault, NoSignMustBeEarned) {
  Host dropped = protected_host().fault(ring_fault());
  dropped.facts.limits.push_back({"events_overflow", "", ""});
  EXPECT_FALSE(accuses(dropped));
  Host pci = protected_host().fault(ring_fault());
  Backend device;
  device.type = "pci";
  device.frontend_domain = DomId{2};
  pci.facts.backends.devices.push_back(device);
  EXPECT_FALSE(accuses(pci));
}

// ---- dom0 shown direct-mapped
TEST(ExactFault, DirectMapMustBeShown) {
  Host host = protected_host().fault(ring_fault());
  host.facts.hypervisor.direct_map.clear();
  EXPECT_FALSE(accuses(host));
  EXPECT_TRUE(finding_of(host).signature);
  host.direct_mapped(false);
  EXPECT_FALSE(finding_of(host).signature);
  Host coloured = protected_host().fault(ring_fault());
  coloured.facts.hypervisor.llc_coloring = true;
  EXPECT_FALSE(accuses(coloured));
}

// ---- the frame
TEST(ExactFault, DeviceAndOwnAddressesNeverAccuse) {
  Host own = protected_host();
  FaultGroup fault = ring_fault();
  fault.iova = Iova{0x41000000};
  EXPECT_FALSE(accuses(own.fault(fault)));
  Host mmio = protected_host();
  mmio.facts.memory.devices.push_back({0x97f75000, 0x97f76000, "dev", "iomem"});
  EXPECT_FALSE(accuses(mmio.fault(ring_fault())));
  Host its = protected_host();
  its.facts.memory.its.push_back({0x97f70000, 0x97f80000, "ITS", "iomem"});
  EXPECT_FALSE(accuses(its.fault(ring_fault())));
}

// ---- how often
TEST(ExactFault, ADataGrantNeedsTwoFaults) {
  FaultGroup once = data_fault();
  once.count = 1;
  EXPECT_FALSE(accuses(once));
  EXPECT_EQ(finding_of(protected_host().fault(once)).attribution.state, Attribution::State::exact);
  // Two groups of one page (a read and a write) are two faults.
  FaultGroup write = once;
  write.access = Access::write;
  EXPECT_TRUE(accuses(protected_host().fault(once).fault(write)));
  // Of another page they are not.
  FaultGroup elsewhere = once;
  elsewhere.iova = Iova{0x97f80000};
  EXPECT_FALSE(accuses(protected_host().fault(once).fault(elsewhere)));
  // Nor of an earlier boot, nor lines that a guest can have written.
  FaultGroup earlier = write;
  earlier.boot = 7;
  EXPECT_FALSE(accuses(protected_host().fault(once).fault(earlier)));
  FaultGroup doubtful = write;
  doubtful.mid_line = true;
  EXPECT_FALSE(accuses(protected_host().fault(once).fault(doubtful)));
}

TEST(ExactFault, WithoutAContextOwnerThereIsNone) {
  const Host host = protected_host().fault(ring_fault());
  EXPECT_EQ(context_owner(host.facts, host.facts.faults[0]), ContextOwner::dom0);
  FaultGroup quarantine = ring_fault();
  quarantine.domain = DomId{0x7ff2};
  EXPECT_EQ(context_owner(host.facts, quarantine), ContextOwner::other_domain);
}

}  // namespace
}  // namespace xic
