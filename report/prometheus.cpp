// The metrics of one check; see report/exposition.h.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "report/describe.h"
#include "report/exposition.h"
#include "report/names.h"

namespace xic {
namespace {

using render::label;

constexpr std::size_t kMaxIommus = 16;  // Of one host; a hostile log may name any number.

// Fault counts by what may be a label. One family of series per (iommu, kind, access, attribution).
using FaultKey = std::tuple<std::string, std::string_view, std::string_view, std::string_view>;

std::map<FaultKey, std::uint64_t> fault_counts(const Facts& facts, const Diagnosis& diagnosis) {
  std::set<std::string> iommus;
  std::map<FaultKey, std::uint64_t> counts;
  for (std::size_t i = 0; i < facts.faults.size(); ++i) {
    const FaultGroup& fault = facts.faults[i];
    std::string iommu = label(fault.iommu);
    if (!iommus.contains(iommu)) {
      if (iommus.size() < kMaxIommus) {
        iommus.insert(iommu);
      } else {
        iommu = "other";
      }
    }
    const auto state = i < diagnosis.faults.size() ? diagnosis.faults[i].attribution.state
                                                   : Attribution::State::none;
    counts[{std::move(iommu), render::token(fault.kind), render::token(fault.access),
            render::token(state)}] += fault.count;
  }
  return counts;
}

}  // namespace

std::string render_prometheus(const Report& report) {
  const Facts& facts = *report.facts;
  const Diagnosis& diagnosis = *report.diagnosis;
  render::Exposition out;
  render::add_verdict(report, &out);

  out.family("xen_iommu_check_exit_code",
             "What `check` exits with: 0 fine, 1 warning, 2 affected, 3 unknown.");
  out.sample("", static_cast<std::uint64_t>(std::max(diagnosis.exit_code, 0)));

  // A gauge: what one reading of the evidence holds, and may hold less of next time.
  out.family("xen_iommu_check_faults",
             "IOMMU faults printed by Xen in the evidence of this check.");
  for (const auto& [key, count] : fault_counts(facts, diagnosis)) {
    const auto& [iommu, kind, access, attribution] = key;
    out.sample(fmt::format("iommu=\"{}\",kind=\"{}\",access=\"{}\",attribution=\"{}\"", iommu, kind,
                           access, attribution),
               count);
  }
  out.family("xen_iommu_check_foreign_faults",
             "IOMMU faults printed by Linux's own driver in the evidence of this check.");
  out.sample("", render::total(facts.foreign_faults));
  out.family("xen_iommu_check_dom0_dma_errors",
             "DMA errors of dom0's drivers in the evidence of this check.");
  std::uint64_t dom0_errors = 0;
  for (const Dom0Error& error : facts.dom0_errors) dom0_errors += error.count;
  out.sample("", dom0_errors);

  out.family("xen_iommu_check_lost_bytes", "Console bytes overwritten before they were read.");
  out.sample("", facts.lost_console_bytes);
  out.family("xen_iommu_check_damaged_fault_lines",
             "Lines that began like a fault and could not be read.");
  out.sample("", facts.damaged_fault_lines);
  out.family("xen_iommu_check_limit", "1 for each thing this check could not see.");
  std::set<std::string> limits;
  for (const Limit& limit : diagnosis.limits) limits.insert(label(limit.id));
  for (const std::string& id : limits) out.sample(fmt::format("limit=\"{}\"", id), 1);

  out.family("xen_iommu_check_timestamp_seconds", "Unix time of this check.");
  out.sample("", static_cast<std::uint64_t>(std::max<std::int64_t>(report.generated_at, 0)));
  return out.take();
}

}  // namespace xic
