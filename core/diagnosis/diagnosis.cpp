#include "core/diagnosis/diagnosis.h"

#include "core/diagnosis/advice.h"
#include "core/diagnosis/assessment.h"
#include "core/diagnosis/causes.h"
#include "core/diagnosis/evidence.h"
#include "core/diagnosis/exit_code.h"
#include "core/diagnosis/limits.h"
#include "core/diagnosis/verdict_rules.h"

namespace xic {

std::string_view to_string(VerdictState state) {
  switch (state) {
    case VerdictState::affected:
      return "affected";
    case VerdictState::likely_affected:
      return "likely_affected";
    case VerdictState::dormant:
      return "dormant";
    case VerdictState::not_affected:
      return "not_affected";
    case VerdictState::unknown:
      break;
  }
  return "unknown";
}

std::string_view to_string(Confidence confidence) {
  switch (confidence) {
    case Confidence::high:
      return "high";
    case Confidence::medium:
      return "medium";
    case Confidence::low:
      break;
  }
  return "low";
}

Diagnosis diagnose(const Facts& facts, const Knowledge& knowledge,
                   std::span<const Attribution> frozen) {
  const Assessment assessment(facts, knowledge, frozen);
  Diagnosis made;
  made.verdict = decide(assessment);
  add_fixes(assessment, &made.verdict);

  made.faults = assessment.findings;
  for (std::size_t i = 0; i < made.faults.size(); ++i) {
    made.faults[i].cause = explain_fault(assessment, made.verdict, i);
  }
  made.foreign.reserve(facts.foreign_faults.size());
  for (const FaultGroup& fault : facts.foreign_faults) {
    made.foreign.push_back(explain_foreign(fault));
  }
  made.events.reserve(facts.events.size());
  for (const HypervisorEvent& event : facts.events) {
    made.events.push_back(explain_event(assessment, event));
  }
  made.evidence = collect_evidence(assessment, made.verdict);
  made.limits = collect_limits(assessment, made.verdict);
  made.actions = advise(assessment, made.verdict, made.faults, made.limits);
  made.exit_code = exit_code_of(assessment, made.verdict);
  return made;
}

}  // namespace xic
