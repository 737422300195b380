// The ordered table of causes. What the IOMMU says of the stream comes first, then what proves
// itself, then what the address says, then what the kind of fault says; what is left is undecided.
#include "core/diagnosis/causes.h"

#include <string_view>

#include "core/diagnosis/cause_rules.h"
#include "core/diagnosis/words.h"

namespace xic {
namespace {

struct Rule {
  std::string_view id;
  cause::Answer (*apply)(const cause::Case&);
};

constexpr Rule kTable[] = {
    {"XIC-5001", cause::vtd},
    {"XIC-5002", cause::amdvi},
    {"XIC-2004", cause::smmuv3_stream},
    {"XIC-2003", cause::stream_conflict},
    {"XIC-2001", cause::unidentified_stream},
    {"XIC-2002", cause::invalid_context},
    {"XIC-2007", cause::other_global},
    {"XIC-1001", cause::proved_regression},
    {"XIC-4003", cause::walk_abort},
    {"XIC-4004", cause::tlb_conflict},
    {"XIC-4005", cause::address_size},
    {"XIC-4007", cause::unsupported},
    {"XIC-4001", cause::instruction_fetch},
    {"XIC-3001", cause::its_doorbell},
    {"XIC-3002", cause::other_mmio},
    {"XIC-3005", cause::passed_through},
    {"XIC-1003", cause::read_only_grant},
    {"XIC-4002", cause::permission},
    {"XIC-4006", cause::access_flag},
    {"XIC-1009", cause::map_failed},
    {"XIC-1005", cause::self_grant},
    {"XIC-1006", cause::not_direct_mapped},
    {"XIC-3006", cause::hole_in_dom0},
    {"XIC-1004", cause::ballooned},
    {"XIC-3004", cause::cut_address},
    {"XIC-3003", cause::garbage},
    {"XIC-1002", cause::recorded_after_unmap},
    {"XIC-1001", cause::regression_by_build},
    {"XIC-1007", cause::prefetch},
    {"XIC-1002", cause::after_unmap},
    {"XIC-1008", cause::undecided},
    {"XIC-9001", cause::unexplained},
};

CauseFinding finding(std::string_view id, Confidence confidence, std::string summary) {
  return {std::string(id), confidence, std::move(summary)};
}

}  // namespace

CauseFinding explain_fault(const Assessment& assessment, const Verdict& verdict,
                           std::size_t index) {
  const cause::Case one{assessment, verdict, assessment.facts.faults[index],
                        assessment.findings[index]};
  for (const Rule& rule : kTable) {
    if (auto answer = rule.apply(one)) {
      return finding(rule.id, answer->confidence, std::move(answer->summary));
    }
  }
  return {};
}

CauseFinding explain_foreign(const FaultGroup& fault) {
  return finding("XIC-5003", Confidence::high,
                 "Linux's own IOMMU driver refused the " + fault_text(fault));
}

CauseFinding explain_event(const Assessment& assessment, const HypervisorEvent& event) {
  const std::string where = event.iommu.empty() ? event.device : event.iommu;
  const std::string at = where.empty() ? "" : " at " + where;
  switch (event.kind) {
    case HypervisorEvent::Kind::cmd_sync_timeout:
      return finding("XIC-2005", Confidence::high, "the SMMUv3 did not finish a command" + at);
    case HypervisorEvent::Kind::tlb_sync_timeout:
      return finding("XIC-2008", Confidence::high, "a TLB invalidation did not finish" + at);
    case HypervisorEvent::Kind::events_lost:
      return finding("XIC-6003", Confidence::high, "fault records were lost" + at);
    case HypervisorEvent::Kind::iommu_map_failed:
      return finding("XIC-1009", Confidence::high, event.message);
    case HypervisorEvent::Kind::deassign_failed:
      return finding("XIC-2009", Confidence::high, "a device could not be taken back" + at);
    case HypervisorEvent::Kind::init_failed:
      return finding("XIC-2006", Confidence::high, "an IOMMU could not be set up" + at);
    case HypervisorEvent::Kind::hypervisor_crash:
      return finding("XIC-6001", Confidence::high, event.message);
    case HypervisorEvent::Kind::guest_abort:
      return finding("XIC-6002", Confidence::high,
                     event.domain
                         ? "a CPU access of " + domain_text(assessment.facts, *event.domain) +
                               " failed; no DMA"
                         : "a CPU access failed; no DMA");
    case HypervisorEvent::Kind::swiotlb:
      return finding("XIC-5005", Confidence::high, event.message);
    case HypervisorEvent::Kind::self_grant:
      return finding(
          "XIC-1005", assessment.commit.self_grant_unguarded ? Confidence::high : Confidence::low,
          "dom0 mapped a grant of its own: harmless with the guard, destructive without");
    case HypervisorEvent::Kind::assigned:
    case HypervisorEvent::Kind::domain_destroyed:
    case HypervisorEvent::Kind::suppressed:
      break;
  }
  return {};
}

}  // namespace xic
