#include "report/exposition.h"

#include <fmt/format.h>

#include <array>

#include "report/describe.h"
#include "report/layout.h"
#include "report/names.h"

namespace xic::render {
namespace {

constexpr std::string_view kRegression = "gnttab_need_iommu_mapping";
constexpr std::size_t kLabelColumns = 64;

}  // namespace

std::string label(std::string_view value) {
  std::string out;
  for (const char c : outside(value, kLabelColumns)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

void Exposition::family(std::string_view name, std::string_view help, Type type) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                 type == Type::counter ? "counter" : "gauge");
}

void Exposition::sample(const std::string& labels, std::uint64_t value) {
  fmt::format_to(std::back_inserter(text_), "{}{}{}{} {}\n", name_, labels.empty() ? "" : "{",
                 labels, labels.empty() ? "" : "}", value);
}

void add_verdict(const Report& report, Exposition* out) {
  const Diagnosis& diagnosis = *report.diagnosis;
  const Hypervisor& hypervisor = report.facts->hypervisor;
  out->family("xen_iommu_build_info",
              "Build of xen-iommu-check and date of its knowledge; constant 1.");
  out->sample(fmt::format("version=\"{}\",knowledge=\"{}\"", label(report.tool_version),
                          label(report.knowledge_date)),
              1);

  out->family("xen_iommu_hypervisor_info",
              "Hypervisor the evidence is about, empty where unknown; constant 1.");
  out->sample(
      fmt::format("xen_version=\"{}\",arch=\"{}\",changeset=\"{}\"",
                  hypervisor.version ? label(hypervisor.version->value.text()) : std::string(),
                  hypervisor.arch ? token(hypervisor.arch->value) : std::string_view(),
                  label(changeset(hypervisor).value_or(""))),
      1);

  out->family("xen_iommu_regression_state",
              "Verdict on the Arm gnttab_need_iommu_mapping regression; exactly one state is 1.");
  constexpr std::array kStates{VerdictState::affected, VerdictState::likely_affected,
                               VerdictState::dormant, VerdictState::not_affected,
                               VerdictState::unknown};
  for (const VerdictState state : kStates) {
    out->sample(fmt::format("regression=\"{}\",state=\"{}\"", kRegression, to_string(state)),
                state == diagnosis.verdict.state ? 1 : 0);
  }
  const std::string regression = fmt::format("regression=\"{}\"", kRegression);
  out->family("xen_iommu_regression_observed",
              "1 if an exactly attributed fault shows the regression at work.");
  out->sample(regression, diagnosis.verdict.observed ? 1 : 0);
  out->family("xen_iommu_regression_suspected",
              "1 if a fault looks like the regression without proving it.");
  out->sample(regression, diagnosis.verdict.suspected ? 1 : 0);
}

}  // namespace xic::render
