#include "core/diagnosis/verdict_rules.h"

#include <algorithm>

#include "core/diagnosis/words.h"

namespace xic {
namespace {

using Decision = std::optional<Verdict>;

Verdict verdict(int rule, VerdictState state, Confidence confidence, std::string summary) {
  Verdict made;
  made.rule = rule;
  made.state = state;
  made.confidence = confidence;
  made.summary = std::move(summary);
  return made;
}

std::string not_mapping(const Assessment& all) {
  return hypervisor_text(all.facts.hypervisor) +
         " does not map granted pages into dom0's IOMMU tables";
}

/// Row 1: the probe asked the hypervisor itself.
Decision by_probe(const Assessment& all) {
  const auto& probe = all.facts.probe;
  if (!probe || !probe->valid_host) return std::nullopt;
  const std::string who = hypervisor_text(all.facts.hypervisor);
  switch (probe->answer) {
    case ProbeResult::Answer::absent:
      return verdict(1, VerdictState::affected, Confidence::high, not_mapping(all) + " (probed)");
    case ProbeResult::Answer::present:
      return verdict(1, VerdictState::not_affected, Confidence::high,
                     who + " maps granted pages into dom0's IOMMU tables (probed)");
    case ProbeResult::Answer::mixed:
    case ProbeResult::Answer::not_possible:
      break;
  }
  return std::nullopt;
}

/// Row 2: nothing here comes from Xen.
Decision by_absence_of_xen(const Assessment& all) {
  if (all.xen_seen) return std::nullopt;
  return verdict(2, VerdictState::unknown, Confidence::low, "no trace of Xen in the input");
}

/// Row 3: something rules the regression out; a fault that proves it contradicts that.
Decision by_exclusion(const Assessment& all) {
  if (all.exclusions.empty()) return std::nullopt;
  const Exclusion& first = all.exclusions.front();
  if (all.any_accuses()) {
    return verdict(3, VerdictState::unknown, Confidence::low,
                   "contradiction: " + first.why + ", yet a page granted to dom0 faulted");
  }
  Confidence best = Confidence::low;
  for (const Exclusion& one : all.exclusions) best = std::max(best, one.confidence);
  return verdict(3, VerdictState::not_affected, best,
                 hypervisor_text(all.facts.hypervisor) + " is not affected: " + first.why);
}

bool possible(const Assessment& all) {
  if (all.commit.accuses() || all.commit.contradictory) return true;
  return all.number && *all.number != NumberStanding::outside;
}

/// Row 4: possibly there, but nothing can trip over it.
Decision by_dormancy(const Assessment& all) {
  if (!possible(all)) return std::nullopt;
  const Hypervisor& xen = all.facts.hypervisor;
  const bool certain = all.commit.clean() && all.commit.standing == CommitStanding::affected;
  const std::string head = hypervisor_text(xen) + (certain ? " has" : " may have") +
                           " the regression, but it cannot bite: ";
  if (xen.iommu_enabled() == false && !all.faults_prove_iommu()) {
    return verdict(4, VerdictState::dormant, Confidence::high, head + "Xen uses no IOMMU");
  }
  if (xen.direct_mapped() == false) {
    std::string tail = "dom0 is not direct-mapped";
    if (!all.facts.faults.empty()) tail += "; the faults seen have another cause";
    return verdict(4, VerdictState::dormant, Confidence::high, head + tail);
  }
  return std::nullopt;
}

/// Row 5: the commit proves it, or a fault does.
Decision by_proof(const Assessment& all) {
  const auto& shared = all.facts.hypervisor.table_shared;
  const bool conditional_holds =
      all.commit.standing == CommitStanding::conditional && shared && shared->value;
  const bool commit_proves =
      all.commit.clean() && (all.commit.standing == CommitStanding::affected || conditional_holds);
  if (!commit_proves && !all.any_accuses()) return std::nullopt;
  return verdict(5, VerdictState::affected, Confidence::high, not_mapping(all));
}

/// Row 6: only what the build says of itself.
Decision by_likelihood(const Assessment& all) {
  const std::string who = hypervisor_text(all.facts.hypervisor);
  if (all.commit.accuses()) {
    const Commit& commit = *all.commit.commit;
    std::string why = who + " is built from affected commit " + commit.hash;
    if (commit.dirty) {
      why += " with local changes that may hold the fix";
    } else if (commit.origin != Commit::Origin::changeset) {
      why += " plus the packager's patches, which may hold the fix";
    } else {
      why += ", which is affected where CPU and IPMMU share their tables; nothing shows whether";
    }
    return verdict(6, VerdictState::likely_affected, Confidence::medium, std::move(why));
  }
  if (all.number == NumberStanding::in_interval) {
    return verdict(6, VerdictState::likely_affected, Confidence::medium,
                   who + " carries an affected number; vendors ship it with and without the fix");
  }
  return std::nullopt;
}

/// Row 7: nothing decided.
Decision by_default(const Assessment& all) {
  std::string why;
  if (all.commit.contradictory) {
    why = "the input names affected and unaffected commits";
  } else if (all.number == NumberStanding::undecidable) {
    why = "builds called Xen " + all.facts.hypervisor.version->value.text() +
          " exist on both sides of the fix";
  } else if (const auto& series = all.facts.hypervisor.series; series && !all.number) {
    why = "only the series is known (Xen " + series->value.text() + "), neither release nor commit";
  } else if (all.any_signature()) {
    why = "the faults look like the regression, but nothing shows which hypervisor this is";
  } else {
    why = "nothing shows which hypervisor this is";
  }
  return verdict(7, VerdictState::unknown, Confidence::low, std::move(why));
}

using Rule = Decision (*)(const Assessment&);
constexpr Rule kTable[] = {by_probe, by_absence_of_xen, by_exclusion, by_dormancy,
                           by_proof, by_likelihood,     by_default};

bool is_suspected(const Assessment& all, const Verdict& verdict) {
  if (verdict.state == VerdictState::unknown) return all.any_signature();
  if (verdict.state != VerdictState::not_affected) return false;
  if (verdict.rule == 1) return all.any_accuses();
  return all.excluded_by_number_alone() && all.any_signature();
}

}  // namespace

Verdict decide(const Assessment& assessment) {
  Verdict made;
  for (const Rule rule : kTable) {
    if (auto decision = rule(assessment)) {
      made = *std::move(decision);
      break;
    }
  }
  made.observed = made.state == VerdictState::affected && assessment.any_accuses();
  made.suspected = is_suspected(assessment, made);
  return made;
}

}  // namespace xic
