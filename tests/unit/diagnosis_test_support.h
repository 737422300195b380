// Facts built by hand, and a small Knowledge, for the tests of the diagnosis.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/diagnosis/diagnosis.h"

namespace xic::testing {

inline std::vector<std::uint8_t> pack(std::initializer_list<std::string_view> hashes) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<std::uint8_t> bytes;
  for (const std::string_view hash : hashes) {
    for (std::size_t i = 0; i < 10; i += 2) {
      bytes.push_back(static_cast<std::uint8_t>(digit(hash[i]) * 16 + digit(hash[i + 1])));
    }
  }
  return bytes;
}

/// A handful of the real commits: enough for every standing.
inline const Knowledge& small_knowledge() {
  static const auto affected = pack({"15aa6c6111", "1d1d1f5391", "9dc687f155", "ad844aa352"});
  static const auto conditional = pack({"c0d1710001"});
  static const auto unaffected =
      pack({"04085ec1ac", "4bd2da58b5", "851c66f2d3", "b0b734a8b3", "fdd2453b08"});
  static const std::array<PackedHashes, 3> commits = {
      PackedHashes{"upstream", CommitStanding::affected, affected},
      PackedHashes{"xen-troops/xen", CommitStanding::conditional, conditional},
      PackedHashes{"upstream", CommitStanding::unaffected, unaffected}};
  static constexpr std::array<std::string_view, 1> kShort = {"15aa6c6"};
  static constexpr std::array<std::string_view, 1> kUnguarded = {"b0b734a8b3"};
  static constexpr std::array<BranchFix, 4> kFixes = {
      BranchFix{"4.12", "", "", ""}, BranchFix{"4.13", "4.13.3", "d7a1e06efd", "98e6482bd1"},
      BranchFix{"4.14", "4.14.2", "b0b734a8b3", "9b6054a63e"},
      BranchFix{"master", "4.15.0", "04085ec1ac", "e8185c5f01"}};
  static constexpr std::array<VendorRow, 3> kVendors = {
      VendorRow{"Xilinx", "xilinx/release-2020.2", "4.13.0", "", true},
      VendorRow{"Xilinx", "xilinx/release-2020.2.2_k26", "4.13.0", "fdd2453b08", false},
      VendorRow{"Debian", "4.14.0+88-g1d1d1f5391-2", "4.14.0", "1d1d1f5391", true}};
  static constexpr std::array<Entry, 1> kLimits = {
      Entry{"version_only", "Only the release number speaks", "", "", "", ""}};
  static constexpr std::array<Entry, 1> kActions = {
      Entry{"run_probe", "Ask the hypervisor itself", "", "", "Run the probe.", "docs"}};
  static const Knowledge knowledge = [] {
    Knowledge made;
    made.date = "2026-01-01";
    made.commits = commits;
    made.ambiguous_short = kShort;
    made.self_grant_unguarded = kUnguarded;
    made.fixes = kFixes;
    made.vendors = kVendors;
    made.limits = kLimits;
    made.actions = kActions;
    return made;
  }();
  return knowledge;
}

/// One pure translation fault: a read of 0x97f75148 by context bank 0.
inline FaultGroup translation_fault(std::uint64_t address = 0x97f75148) {
  FaultGroup fault;
  fault.kind = FaultKind::smmuv2_context;
  fault.fault_class = FaultClass::translation;
  fault.access = Access::read;
  fault.iommu = "/smmu@bff00000";
  fault.cb = 0;
  fault.iova = Iova{address};
  fault.count = 1;
  fault.registers.add("fsr", 0x402);
  fault.registers.add("fsynr", 0xb0001);
  return fault;
}

inline GrantSighting shown(std::uint16_t granter, std::uint32_t ref, std::uint32_t pin = 1) {
  GrantSighting sighting;
  sighting.asked = true;
  sighting.found = true;
  sighting.granter = DomId{granter};
  sighting.ref = GrantRef{ref};
  sighting.pin = pin;
  return sighting;
}
inline GrantSighting not_shown() {
  GrantSighting sighting;
  sighting.asked = true;
  return sighting;
}

/// Chainable facts. The default: some trace of Xen and nothing else.
class Host {
 public:
  Host() { facts.hypervisor.seen = true; }

  Host& version(std::string_view text) {
    facts.hypervisor.version = Sourced<Version>{parse_version(text).value_or(Version{}), "banner"};
    facts.hypervisor.boot_start_seen = true;
    facts.hypervisor.boots = 1;
    return *this;
  }
  Host& arch(Arch value) {
    facts.hypervisor.arch = Sourced<Arch>{value, "banner"};
    return *this;
  }
  Host& commit(std::string_view hash, Commit::Origin origin = Commit::Origin::changeset,
               bool dirty = false) {
    facts.hypervisor.commits.push_back({{std::string(hash), dirty, origin}, "banner"});
    return *this;
  }
  Host& iommu(bool enabled) {
    facts.hypervisor.iommu.push_back({enabled, IommuClaim::Strength::proof, "boot log"});
    return *this;
  }
  Host& direct_mapped(bool value = true) {
    facts.hypervisor.direct_map.push_back({value, false, "boot log"});
    return *this;
  }
  Host& feature_bit(unsigned bit) {
    facts.hypervisor.features = Sourced<std::uint64_t>{std::uint64_t{1} << bit, "sysfs"};
    if (bit == 16 || bit == 17) facts.hypervisor.direct_map.push_back({bit == 17, true, "sysfs"});
    return *this;
  }
  Host& sysctl_abi(std::uint32_t number) {
    facts.hypervisor.sysctl_abi = Sourced<std::uint32_t>{number, "libxencall"};
    return *this;
  }
  /// Release build, no console_to_ring: only Xen writes "(XEN)" lines.
  Host& trusted() {
    facts.hypervisor.trust.debug_build = false;
    facts.hypervisor.trust.console_to_ring = false;
    return *this;
  }
  Host& banks() {
    facts.memory.dom0_banks.push_back({0x40000000, 0x60000000, "BANK[0]", "boot log"});
    facts.memory.host_ram.push_back({0x40000000, 0xbfe00000, "RAM", "boot log"});
    return *this;
  }
  /// vif1.0 of d1 with tx ring 0x208, served by dom0.
  Host& vif(int state = 4, std::uint16_t backend = 0) {
    Backend device;
    device.type = "vif";
    device.backend_domain = DomId{backend};
    device.frontend_domain = DomId{1};
    device.backend_state = state;
    device.rings.push_back({RingRole::vif_tx, 0, GrantRef{0x208}});
    facts.backends.listing_seen = true;
    facts.backends.devices.push_back(device);
    facts.backends.domain_names[DomId{1}] = "rigdomu";
    return *this;
  }
  Host& fault(FaultGroup group) {
    facts.faults.push_back(std::move(group));
    return *this;
  }
  Host& event(HypervisorEvent::Kind kind, std::optional<DomId> domain = std::nullopt,
              std::string iommu = "", std::string message = "") {
    HypervisorEvent made;
    made.kind = kind;
    made.domain = domain;
    made.iommu = std::move(iommu);
    made.message = std::move(message);
    facts.events.push_back(made);
    return *this;
  }
  /// dom0's macb reports an error next to the fault added last.
  Host& dom0_error() {
    Dom0Error error;
    error.driver = "macb";
    error.device = "ff0e0000.ethernet";
    error.netdev = "eth0";
    error.message = "DMA bus error: HRESP not OK";
    error.near_fault = true;
    facts.faults.back().dom0_error = facts.dom0_errors.size();
    facts.dom0_errors.push_back(error);
    return *this;
  }
  Host& dump(std::vector<Grant> grants, bool complete = true) {
    GrantDump made;
    made.begin_seen = true;
    made.end_seen = complete;
    made.grants = std::move(grants);
    facts.latest_dump = made;
    (complete ? facts.complete_dumps : facts.damaged_dumps) = 1;
    return *this;
  }
  Host& probe(ProbeResult::Answer answer, bool valid = true) {
    facts.probe = ProbeResult{answer, valid, 3, "", "probe"};
    return *this;
  }
  Host& console() {
    facts.sources.push_back({"xl-dmesg.txt", 100, "console text"});
    return *this;
  }

  [[nodiscard]] Diagnosis judge() const { return diagnose(facts, small_knowledge()); }
  [[nodiscard]] VerdictState state() const { return judge().verdict.state; }

  Facts facts;
};

inline Grant grant_of(std::uint16_t granter, std::uint32_t ref, std::uint64_t frame,
                      std::uint16_t grantee = 0) {
  Grant made;
  made.granter = DomId{granter};
  made.ref = GrantRef{ref};
  made.frame = Frame{frame};
  made.grantee = DomId{grantee};
  made.pin = 1;
  return made;
}

/// A protected, direct-mapped arm64 dom0 whose console only Xen writes; the version is not known.
inline Host protected_host() {
  Host host;
  host.arch(Arch::arm64).iommu(true).direct_mapped().trusted().banks().vif();
  return host;
}
/// The fault of the recording xen-4.14.1-smmu: at the tx ring of vif1.0, shown before the fault.
inline FaultGroup ring_fault() {
  FaultGroup fault = translation_fault();
  fault.before = shown(1, 0x208);
  return fault;
}
/// Two faults at a data grant that dumps before and after show.
inline FaultGroup data_fault() {
  FaultGroup fault = translation_fault();
  fault.before = shown(1, 0x31);
  fault.after = shown(1, 0x31);
  fault.count = 2;
  return fault;
}

template <class List>
bool has_id(const List& list, std::string_view id) {
  for (const auto& one : list) {
    if (one.id == id) return true;
  }
  return false;
}
inline const Evidence* evidence_of(const Diagnosis& diagnosis, std::string_view kind) {
  for (const Evidence& one : diagnosis.evidence) {
    if (one.kind == kind) return &one;
  }
  return nullptr;
}

}  // namespace xic::testing
