#include "core/diagnosis/exact_fault.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace xic {
namespace {

/// A domain other than dom0 is known to use `fault`'s IOMMU. An assignment message that names no
/// IOMMU, a device of the PCI backend, or messages that were dropped count: "no sign" must be
/// earned.
bool sign_of_another_domain(const Facts& facts, const FaultGroup& fault) {
  const bool assigned =
      std::any_of(facts.events.begin(), facts.events.end(), [&](const auto& event) {
        return event.kind == HypervisorEvent::Kind::assigned && event.boot == fault.boot &&
               event.domain && *event.domain != kDom0 &&
               (event.iommu.empty() || fault.iommu.empty() || event.iommu == fault.iommu);
      });
  if (assigned) return true;
  const bool pci = std::any_of(facts.backends.devices.begin(), facts.backends.devices.end(),
                               [](const Backend& device) { return device.type == "pci"; });
  if (pci) return true;
  return std::any_of(facts.limits.begin(), facts.limits.end(),
                     [](const Limit& limit) { return limit.id == "events_overflow"; });
}

bool is_data_access(const FaultGroup& fault) {
  return fault.access != Access::instruction;
}

// The legs. Each answers for one fault; docs/verdict.md tells why each is there.
bool in_last_boot(const Facts& facts, const FaultGroup& fault, const FaultFinding&,
                  const GrantHits&) {
  return fault.boot == facts.last_boot;
}
bool by_arm_driver(const Facts&, const FaultGroup& fault, const FaultFinding&, const GrantHits&) {
  return is_arm_fault(fault);
}
bool translation_only(const Facts&, const FaultGroup& fault, const FaultFinding&,
                      const GrantHits&) {
  return fault.fault_class == FaultClass::translation;
}
bool data_access(const Facts&, const FaultGroup& fault, const FaultFinding&, const GrantHits&) {
  return is_data_access(fault);
}
bool has_address(const Facts&, const FaultGroup& fault, const FaultFinding&, const GrantHits&) {
  return fault.iova.has_value();
}
bool foreign_address(const Facts&, const FaultGroup&, const FaultFinding& finding,
                     const GrantHits&) {
  const AddressClass klass = finding.address.klass;
  return klass != AddressClass::dom0_ram && klass != AddressClass::mmio &&
         klass != AddressClass::its;
}
bool not_passed_through(const Facts& facts, const FaultGroup& fault, const FaultFinding&,
                        const GrantHits&) {
  return context_owner(facts, fault) != ContextOwner::other_domain;
}
bool not_known_indirect(const Facts& facts, const FaultGroup&, const FaultFinding&,
                        const GrantHits&) {
  return facts.hypervisor.direct_mapped() != false;
}
/// The flight recorder shows that every one of these faults came after the page was given back.
bool not_after_unmap(const Facts&, const FaultGroup& fault, const FaultFinding&, const GrantHits&) {
  return !all_after_unmap(fault);
}
bool direct_mapped(const Facts& facts, const FaultGroup&, const FaultFinding&, const GrantHits&) {
  return facts.hypervisor.direct_mapped() == true;
}
bool in_dom0_context(const Facts& facts, const FaultGroup& fault, const FaultFinding&,
                     const GrantHits&) {
  return context_owner(facts, fault) == ContextOwner::dom0;
}
bool authentic(const Facts&, const FaultGroup&, const FaultFinding& finding, const GrantHits&) {
  return finding.authentic;
}
bool attributed(const Facts&, const FaultGroup&, const FaultFinding& finding, const GrantHits&) {
  return finding.attribution.state == Attribution::State::exact;
}
bool often_enough(const Facts&, const FaultGroup& fault, const FaultFinding& finding,
                  const GrantHits& hits) {
  // netfront re-uses its pages: one fault at a data grant may be a page freed too early and granted
  // again. A ring stays granted as long as its device is connected.
  // So does a page that the recorder shows mapped with no second mapping around the fault: for it
  // is the same page, and a read-only entry that becomes writable is gone for a moment on any Xen.
  const bool recorded_once = fault.recorded && fault.recorded->mapped != 0 &&
                             !fault.recorded->differ && !fault.recorded->remapped;
  return finding.attribution.long_lived || recorded_once || hits.of(fault) >= 2;
}

/// A leg of the proof: what is missing without it, and whether it is there.
struct Leg {
  std::string_view missing;
  bool (*holds)(const Facts&, const FaultGroup&, const FaultFinding&, const GrantHits&);
};

constexpr Leg kSignature[] = {
    {"it is of an earlier boot", in_last_boot},
    {"it is not a fault of an Arm IOMMU", by_arm_driver},
    {"it is not a pure translation fault", translation_only},
    {"it is an instruction fetch", data_access},
    {"its address was not printed", has_address},
    {"its address is not another domain's RAM", foreign_address},
    {"it is in another domain's context", not_passed_through},
    {"dom0 is not direct-mapped", not_known_indirect},
    {"the page had been given back before the fault", not_after_unmap},
};

constexpr Leg kProof[] = {
    {"nothing shows that dom0 is direct-mapped", direct_mapped},
    {"another domain uses this IOMMU, and nothing shows whose context faulted", in_dom0_context},
    {"a guest could have written the line", authentic},
    {"neither the recorder nor complete 'g' dumps show the frame granted to dom0 at the time of "
     "the "
     "fault",
     attributed},
    {"a data grant needs two faults: a page freed too early may be granted again", often_enough},
};

const Leg* first_missing(std::span<const Leg> legs, const Facts& facts, const FaultGroup& fault,
                         const FaultFinding& finding, const GrantHits& hits) {
  for (const Leg& leg : legs) {
    if (!leg.holds(facts, fault, finding, hits)) return &leg;
  }
  return nullptr;
}

}  // namespace

ContextOwner context_owner(const Facts& facts, const FaultGroup& fault) {
  if (fault.domain) return *fault.domain == kDom0 ? ContextOwner::dom0 : ContextOwner::other_domain;
  // The IPMMU's driver always names the domain; a line without one is not as Xen prints it.
  if (fault.kind == FaultKind::ipmmu) return ContextOwner::unknown;
  if (fault.dom0_error) return ContextOwner::dom0;
  if (!sign_of_another_domain(facts, fault)) return ContextOwner::dom0;
  // Context banks are handed out lowest first and dom0 is built first (arm-smmu: context_map).
  const bool later_bank = fault.kind == FaultKind::smmuv2_context && fault.cb && *fault.cb != 0;
  return later_bank ? ContextOwner::other_domain : ContextOwner::unknown;
}

bool all_after_unmap(const FaultGroup& fault) {
  if (!fault.recorded) return false;
  const RecordedGrant& all = *fault.recorded;
  return all.ended != 0 && all.mapped == 0 && all.unclear == 0;
}

bool is_arm_fault(const FaultGroup& fault) {
  switch (fault.kind) {
    case FaultKind::smmuv2_context:
    case FaultKind::smmuv2_global:
    case FaultKind::smmuv3_event:
    case FaultKind::smmuv3_gerror:
    case FaultKind::ipmmu:
      return fault.origin == FaultOrigin::xen;
    case FaultKind::vtd:
    case FaultKind::amdvi:
      break;
  }
  return false;
}

GrantHits::GrantHits(const Facts& facts, const std::vector<FaultFinding>& findings) {
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const FaultGroup& fault = facts.faults[i];
    const bool counts = fault.iova && fault.boot == facts.last_boot &&
                        fault.fault_class == FaultClass::translation && findings[i].authentic &&
                        findings[i].attribution.state == Attribution::State::exact;
    if (!counts) continue;
    hits_[frame_of(*fault.iova)] +=
        fault.recorded && fault.recorded->mapped != 0 ? fault.recorded->mapped : fault.count;
  }
}

std::uint64_t GrantHits::of(const FaultGroup& fault) const {
  if (!fault.iova) return 0;
  const auto found = hits_.find(frame_of(*fault.iova));
  return found == hits_.end() ? 0 : found->second;
}

void judge_fault(const Facts& facts, const FaultGroup& fault, const GrantHits& hits,
                 FaultFinding* finding) {
  if (first_missing(kSignature, facts, fault, *finding, hits) != nullptr) return;
  finding->signature = true;
  const Leg* missing = first_missing(kProof, facts, fault, *finding, hits);
  finding->accuses = missing == nullptr;
  if (missing != nullptr) finding->why_not = missing->missing;
}

}  // namespace xic
