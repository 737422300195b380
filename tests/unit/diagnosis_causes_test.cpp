// One test per cause: what leads to it, and what must not.
#include <gtest/gtest.h>

#include "tests/unit/diagnosis_test_support.h"

namespace xic {
namespace {

using namespace testing;
using Kind = HypervisorEvent::Kind;

CauseFinding cause(const Host& host) {
  return host.judge().faults.at(0).cause;
}
CauseFinding cause(const FaultGroup& fault) {
  return cause(protected_host().fault(fault));
}
FaultGroup of_class(FaultClass klass, std::uint64_t fsr = 0) {
  FaultGroup fault = translation_fault();
  fault.fault_class = klass;
  fault.registers = {};
  fault.registers.add("fsr", fsr);
  return fault;
}
FaultGroup global(FaultClass klass, std::uint64_t gfsr = 0) {
  FaultGroup fault;
  fault.kind = FaultKind::smmuv2_global;
  fault.fault_class = klass;
  fault.iommu = "/iommu@5000000";
  fault.stream_id = 0x42a;
  fault.count = 1;
  fault.registers.add("gfsr", gfsr);
  return fault;
}
FaultGroup smmuv3(FaultClass klass, std::uint64_t type) {
  FaultGroup fault;
  fault.kind = FaultKind::smmuv3_event;
  fault.fault_class = klass;
  fault.stream_id = 0x100;
  fault.count = 1;
  fault.registers.add("evt0", std::uint64_t{0x100} << 32 | type);
  return fault;
}
FaultGroup old_fault(std::uint64_t address) {
  FaultGroup fault = translation_fault(address);
  fault.fault_class = FaultClass::other;
  fault.registers = {};
  fault.registers.add("fsynr", 1);
  return fault;
}

// ---- x86, streams, configuration
TEST(Cause5001, VtdWithItsReason) {
  FaultGroup fault = translation_fault();
  fault.kind = FaultKind::vtd;
  fault.device = "0000:01:00.0";
  fault.reason = "05 - PTE Write access is not set";
  const CauseFinding found = cause(Host().fault(fault));
  EXPECT_EQ(found.id, "XIC-5001");
  EXPECT_NE(found.summary.find("0000:01:00.0"), std::string::npos);
  EXPECT_NE(found.summary.find("PTE Write"), std::string::npos);
}
TEST(Cause5002, AmdVi) {
  FaultGroup fault = translation_fault();
  fault.kind = FaultKind::amdvi;
  EXPECT_EQ(cause(Host().fault(fault)).id, "XIC-5002");
}
TEST(Cause2001To2003, GlobalFaults) {
  EXPECT_EQ(cause(global(FaultClass::stream_unknown)).id, "XIC-2001");
  EXPECT_NE(cause(global(FaultClass::stream_unknown)).summary.find("0x42a"), std::string::npos);
  EXPECT_EQ(cause(global(FaultClass::stream_disabled)).id, "XIC-2002");
  EXPECT_EQ(cause(global(FaultClass::stream_conflict)).id, "XIC-2003");
  EXPECT_EQ(cause(global(FaultClass::configuration)).id, "XIC-2007");
  EXPECT_EQ(cause(global(FaultClass::other)).id, "XIC-2007");
}
TEST(Cause2001To2003, SeveralBitsAtOnce) {
  EXPECT_EQ(cause(global(FaultClass::mixed, 0x6)).id, "XIC-2003");
  EXPECT_EQ(cause(global(FaultClass::mixed, 0x3)).id, "XIC-2001");
  EXPECT_EQ(cause(global(FaultClass::mixed, 0x9)).id, "XIC-2002");
  EXPECT_EQ(cause(global(FaultClass::mixed, 0x30)).id, "XIC-2007");
}
TEST(Cause2002, NamesADomainThatEnded) {
  Host host = protected_host().fault(global(FaultClass::stream_disabled));
  EXPECT_EQ(cause(host).summary.find("destroyed"), std::string::npos);
  EXPECT_NE(cause(host.event(Kind::domain_destroyed)).summary.find("destroyed"), std::string::npos);
}
TEST(Cause2001, AStreamWithoutAnIdIsNotGivenOne) {
  FaultGroup fault = global(FaultClass::stream_unknown);
  fault.stream_id.reset();
  EXPECT_EQ(cause(fault).summary.find("0x"), std::string::npos);
}
TEST(Cause2004, Smmuv3StreamTable) {
  for (const std::uint64_t type : {0x02U, 0x03U, 0x04U, 0x06U, 0x07U}) {
    EXPECT_EQ(cause(smmuv3(FaultClass::configuration, type)).id, "XIC-2004") << type;
  }
  EXPECT_EQ(cause(smmuv3(FaultClass::stream_unknown, 0)).id, "XIC-2004");
  EXPECT_EQ(cause(smmuv3(FaultClass::configuration, 0x0a)).id, "XIC-2007");
}
TEST(Cause2007, Smmuv3GlobalError) {
  FaultGroup fault = smmuv3(FaultClass::other, 0);
  fault.kind = FaultKind::smmuv3_gerror;
  EXPECT_EQ(cause(fault).id, "XIC-2007");
}

// ---- kinds of faults
TEST(Cause4003To4007, ByClassOrByBit) {
  const std::tuple<FaultClass, std::uint64_t, const char*> cases[] = {
      {FaultClass::external_abort, 0x10, "XIC-4003"}, {FaultClass::tlb_conflict, 0x20, "XIC-4004"},
      {FaultClass::address_size, 0x80, "XIC-4005"},   {FaultClass::unsupported, 0x100, "XIC-4007"},
      {FaultClass::permission, 0x8, "XIC-4002"},      {FaultClass::access_flag, 0x4, "XIC-4006"}};
  for (const auto& [klass, bit, id] : cases) {
    EXPECT_EQ(cause(of_class(klass)).id, id);
    EXPECT_EQ(cause(of_class(FaultClass::mixed, bit | 0x2)).id, id);
  }
  EXPECT_EQ(cause(of_class(FaultClass::mixed, 0x40)).id, "XIC-4004");
  EXPECT_EQ(cause(of_class(FaultClass::mixed, 0)).id, "XIC-9001");
}
TEST(Cause4001, InstructionFetch) {
  FaultGroup fault = of_class(FaultClass::permission);
  fault.access = Access::instruction;
  EXPECT_EQ(cause(fault).id, "XIC-4001");
}
TEST(Cause1003, WriteToAReadOnlyGrant) {
  FaultGroup fault = of_class(FaultClass::permission);
  fault.access = Access::write;
  EXPECT_EQ(cause(fault).id, "XIC-4002");  // nobody knows whose page it is
  fault.before = shown(1, 0x31, 0x100);
  EXPECT_EQ(cause(fault).id, "XIC-1003");
  EXPECT_EQ(cause(fault).confidence, Confidence::high);
  fault.before = shown(1, 0x31, 0x1);
  EXPECT_EQ(cause(fault).confidence, Confidence::low);
  fault.access = Access::read;
  EXPECT_EQ(cause(fault).id, "XIC-4002");
}

// ---- addresses
TEST(Cause3001, TheDoorbellByClassAndByPattern) {
  Host known = protected_host();
  known.facts.memory.its.push_back({0x8080000, 0x80a0000, "ITS", "iomem"});
  FaultGroup fault = translation_fault(0x8090040);
  fault.access = Access::write;
  EXPECT_EQ(cause(known.fault(fault)).id, "XIC-3001");
  EXPECT_EQ(cause(known).confidence, Confidence::high);
  fault.iova = Iova{0xf9030040};
  const CauseFinding pattern = cause(Host().fault(fault));
  EXPECT_EQ(pattern.id, "XIC-3001");
  EXPECT_EQ(pattern.confidence, Confidence::low);
  fault.access = Access::read;
  EXPECT_NE(cause(Host().fault(fault)).id, "XIC-3001");
}
TEST(Cause3001, TheSameOffsetInRamIsNone) {
  FaultGroup fault = translation_fault(0x97f70040);
  fault.access = Access::write;
  EXPECT_EQ(cause(fault).id, "XIC-1008");
}
TEST(Cause3002, Mmio) {
  Host host = protected_host();
  host.facts.memory.devices.push_back({0x9000000, 0x9001000, "uart", "iomem"});
  EXPECT_EQ(cause(host.fault(translation_fault(0x9000010))).id, "XIC-3002");
}
TEST(Cause3003, NoRamOrAFillPattern) {
  EXPECT_EQ(cause(translation_fault(0x1234567000)).id, "XIC-3003");  // host RAM is known
  EXPECT_EQ(cause(Host().fault(translation_fault(0x1234567000))).id, "XIC-1008");
  for (const std::uint64_t address :
       {std::uint64_t{0}, std::uint64_t{0x10}, std::uint64_t{0xdeadbeef}, std::uint64_t{0x6b6b6b6b},
        std::uint64_t{0xffffffffff000}}) {
    EXPECT_EQ(cause(Host().fault(translation_fault(address))).id, "XIC-3003") << address;
  }
}
TEST(Cause3003, AFillPatternInRealRamIsNone) {
  Host host = Host();
  host.facts.memory.dom0_banks.push_back({0x40000000, 0x60000000, "BANK[0]", "boot log"});
  host.facts.memory.host_ram.push_back({0x40000000, 0x100000000, "RAM", "boot log"});
  EXPECT_EQ(cause(host.fault(translation_fault(0xaaaaa000))).id, "XIC-1008");
}
TEST(Cause3004, CutTo32Bits) {
  Host host = Host().fault(translation_fault(0x424cb148));
  EXPECT_EQ(cause(host).id, "XIC-1008");
  host.dump({grant_of(1, 5, 0x8424cb)});
  EXPECT_EQ(cause(host).id, "XIC-3004");
  EXPECT_NE(cause(host).summary.find("0x8424cb148"), std::string::npos);
}
TEST(Cause3005, NamedDomain) {
  FaultGroup fault = translation_fault();
  fault.domain = DomId{1};
  const CauseFinding found = cause(fault);
  EXPECT_EQ(found.id, "XIC-3005");
  EXPECT_EQ(found.confidence, Confidence::high);
  EXPECT_NE(found.summary.find("rigdomu"), std::string::npos);
}
TEST(Cause1004And3006, Dom0sOwnRam) {
  FaultGroup page = translation_fault(0x41000000);
  EXPECT_EQ(cause(page).id, "XIC-1004");
  page.level = 3;
  EXPECT_EQ(cause(page).id, "XIC-1004");
  page.level = 2;
  EXPECT_EQ(cause(page).id, "XIC-3006");
}
TEST(Cause1005, SelfGrant) {
  Host host = protected_host().fault(translation_fault(0x41000000));
  EXPECT_EQ(cause(host.event(Kind::self_grant)).id, "XIC-1005");
  EXPECT_EQ(cause(host).confidence, Confidence::medium);
  EXPECT_EQ(cause(host.commit("b0b734a8b3")).confidence, Confidence::high);
  // At another domain's page it has no part.
  EXPECT_EQ(cause(protected_host().event(Kind::self_grant).fault(translation_fault())).id,
            "XIC-1008");
}
TEST(Cause1006, NotDirectMapped) {
  Host host;
  host.arch(Arch::arm64).feature_bit(16).fault(translation_fault());
  host.facts.dom0_kernel = "5.10.0-32-arm64";
  const CauseFinding found = cause(host);
  EXPECT_EQ(found.id, "XIC-1006");
  EXPECT_EQ(found.confidence, Confidence::high);
  EXPECT_NE(found.summary.find("5.10.0"), std::string::npos);
  Host passed = host;
  passed.facts.faults[0].domain = DomId{3};
  EXPECT_EQ(cause(passed).id, "XIC-3005");
}

// ---- granted pages
TEST(Cause1001, ByTheBuild) {
  EXPECT_EQ(cause(protected_host().commit("ad844aa352").fault(translation_fault())).id, "XIC-1001");
  const CauseFinding likely = cause(protected_host().version("4.14.1").fault(translation_fault()));
  EXPECT_EQ(likely.id, "XIC-1001");
  EXPECT_EQ(likely.confidence, Confidence::low);
}
TEST(Cause1002, GoneInTheDumpAfter) {
  FaultGroup fault = translation_fault();
  fault.before = shown(1, 0x31);
  fault.after = not_shown();
  const CauseFinding gone = cause(protected_host().sysctl_abi(0x15).fault(fault));
  EXPECT_EQ(gone.id, "XIC-1002");
  EXPECT_EQ(gone.confidence, Confidence::low);
  // On an affected hypervisor nobody can tell, nor where nothing but a number excludes it.
  EXPECT_EQ(cause(protected_host().commit("ad844aa352").fault(fault)).id, "XIC-1001");
  const CauseFinding undecided = cause(protected_host().version("4.17.7").fault(fault));
  EXPECT_EQ(undecided.id, "XIC-1008");
  EXPECT_NE(undecided.summary.find("no more in the dump after it"), std::string::npos);
  fault.after = GrantSighting{};
  EXPECT_EQ(cause(protected_host().sysctl_abi(0x15).fault(fault)).id, "XIC-1008");
}
TEST(Cause1002, ByTheHypervisorsAnswer) {
  Host host = protected_host().fault(translation_fault());
  host.facts.granted_now.push_back({Frame{0x97f75}, GrantedNow::Answer::not_granted, true, ""});
  EXPECT_EQ(cause(host).id, "XIC-1008");
  EXPECT_NE(cause(host).summary.find("was not granted to dom0 when the fault was read"),
            std::string::npos);
  host.sysctl_abi(0x15);
  EXPECT_EQ(cause(host).id, "XIC-1002");
  // It may have been mapped at the fault: a packet's grant lives for milliseconds.
  EXPECT_EQ(cause(host).confidence, Confidence::low);
  EXPECT_NE(cause(host).summary.find("may have ended since"), std::string::npos);
  host.facts.granted_now[0] = {Frame{0x97f75}, GrantedNow::Answer::free_or_xen, false, ""};
  EXPECT_EQ(cause(host).confidence, Confidence::low);
  EXPECT_NE(cause(host).summary.find("no domain"), std::string::npos);
}
TEST(Cause1007, Prefetch) {
  Host host = protected_host().fault(translation_fault(0x97f76020));
  host.dump({grant_of(1, 0x31, 0x97f75)});
  EXPECT_EQ(cause(host).id, "XIC-1007");
  host.facts.faults[0].iova = Iova{0x97f76040};
  EXPECT_EQ(cause(host).id, "XIC-1008");
  host.facts.faults[0].iova = Iova{0x97f76020};
  host.facts.faults[0].access = Access::write;
  EXPECT_EQ(cause(host).id, "XIC-1008");
}
TEST(Cause1008, ADumpWithoutTheFrameClearsNothing) {
  Host host = protected_host().version("4.17.7").fault(translation_fault());
  host.dump({grant_of(1, 0x31, 0x11111)});
  host.facts.faults[0].before = not_shown();
  EXPECT_EQ(cause(host).id, "XIC-1008");
  EXPECT_NE(cause(host).summary.find("regression"), std::string::npos);
  // Where the regression is ruled out for certain, the text says so.
  EXPECT_NE(cause(host.sysctl_abi(0x15)).summary.find("given back"), std::string::npos);
}
TEST(Cause1009, TheMappingOfThisFrameFailed) {
  Host host = protected_host().fault(translation_fault());
  host.event(Kind::iommu_map_failed, kDom0, "",
             "d0: IOMMU mapping dfn 0x11 to mfn 0x11 failed: -12");
  EXPECT_EQ(cause(host).id, "XIC-1008");
  host.event(Kind::iommu_map_failed, kDom0, "",
             "d0: IOMMU mapping dfn 97f75 to mfn 97f75 failed: -12");
  EXPECT_EQ(cause(host).id, "XIC-1009");
  Host padded = protected_host().fault(translation_fault());
  padded.event(Kind::iommu_map_failed, kDom0, "",
               "IOMMU mapping dfn 0x0097f75 to mfn 0x0097f75 failed: -12");
  EXPECT_EQ(cause(padded).id, "XIC-1009");
  Host unreadable = protected_host().fault(translation_fault());
  unreadable.event(Kind::iommu_map_failed, kDom0, "", "IOMMU mapping failed");
  EXPECT_EQ(cause(unreadable).id, "XIC-1008");
}

// ---- old forms
TEST(OldForm, SaysWhatTheAddressSaysAndNoMore) {
  EXPECT_EQ(cause(old_fault(0x97f75148)).id, "XIC-9001");
  EXPECT_NE(cause(old_fault(0x97f75148)).summary.find("4.11"), std::string::npos);
  EXPECT_EQ(cause(old_fault(0x41000000)).id, "XIC-1004");
  EXPECT_EQ(cause(old_fault(0x41000000)).confidence, Confidence::low);
  EXPECT_FALSE(protected_host().fault(old_fault(0x97f75148)).judge().verdict.suspected);
}

// ---- besides faults
TEST(Events, EachHasItsCauseOrNone) {
  const std::pair<Kind, const char*> cases[] = {{Kind::cmd_sync_timeout, "XIC-2005"},
                                                {Kind::tlb_sync_timeout, "XIC-2008"},
                                                {Kind::events_lost, "XIC-6003"},
                                                {Kind::iommu_map_failed, "XIC-1009"},
                                                {Kind::deassign_failed, "XIC-2009"},
                                                {Kind::init_failed, "XIC-2006"},
                                                {Kind::hypervisor_crash, "XIC-6001"},
                                                {Kind::guest_abort, "XIC-6002"},
                                                {Kind::swiotlb, "XIC-5005"},
                                                {Kind::self_grant, "XIC-1005"},
                                                {Kind::assigned, ""},
                                                {Kind::domain_destroyed, ""},
                                                {Kind::suppressed, ""}};
  for (const auto& [kind, id] : cases) {
    const Diagnosis found = Host().event(kind, DomId{1}, "/smmu@1", "text").judge();
    ASSERT_EQ(found.events.size(), 1U);
    EXPECT_EQ(found.events[0].id, id);
  }
  EXPECT_EQ(Host().event(Kind::guest_abort).judge().events[0].id, "XIC-6002");
  EXPECT_EQ(Host().commit("b0b734a8b3").event(Kind::self_grant).judge().events[0].confidence,
            Confidence::high);
}
TEST(Foreign, LinuxFaultsAreNeverXens) {
  Host host;
  host.facts.foreign_faults.push_back(translation_fault());
  host.facts.foreign_faults[0].origin = FaultOrigin::linux_kernel;
  const Diagnosis found = host.judge();
  EXPECT_EQ(found.foreign.at(0).id, "XIC-5003");
  EXPECT_TRUE(found.faults.empty());
  EXPECT_FALSE(found.verdict.suspected);
  EXPECT_NE(evidence_of(found, "foreign_fault"), nullptr);
}

// Whatever a fault says, there is a cause for it.
TEST(Causes, EveryCombinationHasOne) {
  for (int kind = 0; kind <= static_cast<int>(FaultKind::amdvi); ++kind) {
    for (int klass = 0; klass <= static_cast<int>(FaultClass::other); ++klass) {
      for (int access = 0; access <= static_cast<int>(Access::instruction); ++access) {
        for (const bool address : {false, true}) {
          FaultGroup fault = translation_fault();
          fault.kind = static_cast<FaultKind>(kind);
          fault.fault_class = static_cast<FaultClass>(klass);
          fault.access = static_cast<Access>(access);
          if (!address) fault.iova.reset();
          for (const bool mapped : {false, true}) {
            Host host = protected_host().fault(fault);
            if (!mapped) host.direct_mapped(false);
            const CauseFinding found = cause(host);
            EXPECT_EQ(found.id.substr(0, 4), "XIC-");
            EXPECT_FALSE(found.summary.empty());
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace xic
