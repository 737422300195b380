#include "core/diagnosis/exit_code.h"

#include "core/diagnosis/visibility.h"

namespace xic {
namespace {

/// Something the acquittal rests on was not there to be seen. A ring that merely has wrapped, or a
/// run without root, is a limit and never an alarm.
bool needed_evidence_lost(const Assessment& all, const Verdict& verdict) {
  const Facts& facts = all.facts;
  // Without an IOMMU there is no fault that could have been lost.
  if (facts.hypervisor.iommu_enabled() == false && !all.faults_prove_iommu()) return false;
  if (fault_lines_lost(facts)) return true;
  // Where the number alone acquits, a fault would have contradicted it: "no fault" is part of the
  // answer.
  const bool silence_counts = verdict.rule == 3 && all.excluded_by_number_alone();
  return silence_counts && log_level_hides_faults(facts);
}

}  // namespace

int exit_code_of(const Assessment& assessment, const Verdict& verdict) {
  switch (verdict.state) {
    case VerdictState::affected:
      return 2;
    case VerdictState::likely_affected:
      return 1;
    case VerdictState::unknown:
      return 3;
    case VerdictState::dormant:
    case VerdictState::not_affected:
      break;
  }
  const bool faults = !assessment.facts.faults.empty();
  return faults || needed_evidence_lost(assessment, verdict) ? 1 : 0;
}

}  // namespace xic
