#include "core/diagnosis/assessment.h"

#include <algorithm>

#include "core/diagnosis/attribution.h"
#include "core/diagnosis/authenticity.h"
#include "core/diagnosis/exact_fault.h"

namespace xic {
namespace {

std::vector<FaultFinding> find_all(const Facts& facts, const DumpView& dump,
                                   std::span<const Attribution> frozen) {
  std::vector<FaultFinding> findings(facts.faults.size());
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const FaultGroup& fault = facts.faults[i];
    FaultFinding& finding = findings[i];
    if (fault.iova) finding.address = facts.memory.classify(*fault.iova);
    finding.attribution = attribute(facts, fault, finding.address, dump);
    if (i < frozen.size()) keep_attribution(frozen[i], &finding.attribution);
    Authenticity author = judge_authenticity(facts, fault);
    finding.authentic = author.authentic;
    finding.authentic_why = std::move(author.why);
  }
  const GrantHits hits(facts, findings);
  for (std::size_t i = 0; i < findings.size(); ++i) {
    judge_fault(facts, facts.faults[i], hits, &findings[i]);
  }
  return findings;
}

}  // namespace

Assessment::Assessment(const Facts& all_facts, const Knowledge& all_knowledge,
                       std::span<const Attribution> frozen)
    : facts(all_facts),
      knowledge(all_knowledge),
      dump(all_facts),
      commit(read_commits(all_facts.hypervisor, all_knowledge)),
      number(read_number(all_facts.hypervisor)),
      exclusions(find_exclusions(all_facts, commit, number)),
      findings(find_all(all_facts, dump, frozen)),
      xen_seen(all_facts.hypervisor.seen || !all_facts.faults.empty() ||
               all_facts.latest_dump.has_value()) {}

bool Assessment::any_accuses() const {
  return std::any_of(findings.begin(), findings.end(), [](const auto& f) { return f.accuses; });
}

bool Assessment::any_signature() const {
  return std::any_of(findings.begin(), findings.end(), [](const auto& f) { return f.signature; });
}

bool Assessment::faults_prove_iommu() const {
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const FaultGroup& fault = facts.faults[i];
    if (findings[i].authentic && is_arm_fault(fault) && fault.boot == facts.last_boot) return true;
  }
  return false;
}

bool Assessment::excluded_by_number_alone() const {
  return exclusions.size() == 1 && exclusions.front().kind == Exclusion::Kind::number;
}

}  // namespace xic
