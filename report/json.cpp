// The report for machines: docs/schema/report-1.schema.json.
#include <string>

#include "report/describe.h"
#include "report/json_parts.h"
#include "report/names.h"
#include "report/probe_words.h"

namespace xic {
namespace {

using render::Json;

Json evidence_json(const std::vector<Evidence>& evidence) {
  Json out = Json::array();
  for (const Evidence& e : evidence) {
    out.push_back({{"kind", e.kind},
                   {"source", e.source},
                   {"value", e.value},
                   {"supports", e.supports},
                   {"rank", e.rank}});
  }
  return out;
}

Json faults_json(const Facts& facts, const Diagnosis& diagnosis) {
  Json out = Json::array();
  for (std::size_t i = 0; i < facts.faults.size(); ++i) {
    const FaultFinding* finding = i < diagnosis.faults.size() ? &diagnosis.faults[i] : nullptr;
    out.push_back(render::fault_json(facts.faults[i], finding,
                                     finding != nullptr ? &finding->cause : nullptr));
  }
  return out;
}

Json probe_json(const ProbeResult& probe) {
  Json out = {{"answer", render::token(probe.answer)},
              {"valid_host", probe.valid_host},
              {"frames", probe.frames},
              {"detail", probe.detail},
              {"source", probe.source}};
  for (const ProbeStep& step : probe.steps) {
    out["steps"].push_back({{"kind", render::token(step.kind)},
                            {"outcome", render::token(step.outcome)},
                            {"frame", render::hex(step.frame.value())},
                            {"granter", step.granter.value()},
                            {"ref", render::hex(step.ref.value())},
                            {"detail", step.detail}});
  }
  for (const ProbeRefusal& refusal : probe.refusals) {
    out["refusals"].push_back(
        {{"id", refusal.id}, {"why", refusal.why}, {"remedy", refusal.remedy}});
  }
  if (!probe.weaker_signs.empty()) out["weaker_signs"] = probe.weaker_signs;
  return out;
}

}  // namespace

std::string render_json(const Report& report) {
  const Facts& facts = *report.facts;
  const Diagnosis& diagnosis = *report.diagnosis;
  Json out = render::envelope(report);
  out["input"] = render::input_json(facts);
  out["verdict"] = render::verdict_json(diagnosis.verdict);
  out["hypervisor"] = render::hypervisor_json(facts);
  out["evidence"] = evidence_json(diagnosis.evidence);
  out["faults"] = faults_json(facts, diagnosis);
  out["foreign_faults"] = Json::array();
  for (std::size_t i = 0; i < facts.foreign_faults.size(); ++i) {
    out["foreign_faults"].push_back(
        render::fault_json(facts.foreign_faults[i], nullptr,
                           i < diagnosis.foreign.size() ? &diagnosis.foreign[i] : nullptr));
  }
  out["dom0_errors"] = Json::array();
  for (const Dom0Error& error : facts.dom0_errors) {
    out["dom0_errors"].push_back(render::dom0_error_json(error));
  }
  out["hypervisor_events"] = Json::array();
  for (std::size_t i = 0; i < facts.events.size(); ++i) {
    out["hypervisor_events"].push_back(render::event_json(
        facts.events[i], i < diagnosis.events.size() ? &diagnosis.events[i] : nullptr));
  }
  if (facts.probe) out["probe"] = probe_json(*facts.probe);
  if (report.daemon != nullptr) out["daemon"] = render::daemon_json(*report.daemon);
  out["limits"] = render::limits_json(diagnosis.limits);
  out["actions"] = Json::array();
  for (const Action& action : diagnosis.actions) {
    out["actions"].push_back(
        {{"id", action.id},
         {"text", action.text},
         {"reference", action.reference.empty() ? Json(nullptr) : Json(action.reference)}});
  }
  out["exit_code"] = diagnosis.exit_code;
  return render::dump(out);
}

}  // namespace xic
