#include "core/diagnosis/evidence.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "core/diagnosis/authenticity.h"
#include "core/diagnosis/exact_fault.h"
#include "core/diagnosis/words.h"

namespace xic {
namespace {

// Ranks: 1 decides alone, 2 strong, 3 weak, 4 context, 5 hint.
constexpr std::size_t kShownFaults = 3;
constexpr std::size_t kShownErrors = 3;
constexpr std::size_t kShownSources = 3;
constexpr std::size_t kShownVendors = 3;

struct Collector {
  std::vector<Evidence> found;
  void add(std::string_view kind, std::string source, std::string value, std::string_view supports,
           int rank) {
    found.push_back(
        {std::string(kind), std::move(source), std::move(value), std::string(supports), rank});
  }
};

void probe(const Assessment& all, Collector* out) {
  const auto& probe = all.facts.probe;
  if (!probe) return;
  std::string value;
  std::string_view supports = "context";
  switch (probe->answer) {
    case ProbeResult::Answer::absent:
      value = "the entries of " + counted(probe->frames, "granted page") + " are absent";
      supports = "affected";
      break;
    case ProbeResult::Answer::present:
      value = "the entries of " + counted(probe->frames, "granted page") + " are present";
      supports = "not_affected";
      break;
    case ProbeResult::Answer::mixed:
      value = "some entries are present, some absent: no answer";
      break;
    case ProbeResult::Answer::not_possible:
      value = "not possible here";
      break;
  }
  if (!probe->valid_host && supports != "context") {
    value += "; this host does not meet the probe's conditions";
    supports = "context";
  }
  if (!probe->detail.empty()) value += " (" + probe->detail + ")";
  out->add("probe", probe->source, std::move(value), supports, supports == "context" ? 4 : 1);
}

std::string vendor_names(const std::vector<const VendorRow*>& rows) {
  std::vector<std::string> names;
  for (const VendorRow* row : rows) {
    if (names.size() == kShownVendors) {
      names.emplace_back("others");
      break;
    }
    names.push_back(std::string(row->vendor) + ' ' + std::string(row->name));
  }
  return join(names);
}

void commits(const Assessment& all, Collector* out) {
  for (const Sourced<Commit>& named : all.facts.hypervisor.commits) {
    const Commit& commit = named.value;
    const bool own = commit.origin == Commit::Origin::changeset;
    const CommitLookup lookup = all.knowledge.find_commit(commit.hash);
    std::string value = commit.hash + (commit.dirty ? "-dirty" : "");
    std::string_view supports = "context";
    switch (lookup.standing) {
      case CommitStanding::affected:
        value += " lies in the affected set";
        supports = "affected";
        break;
      case CommitStanding::conditional:
        value += " is affected where CPU and IPMMU share their tables";
        supports = "affected";
        break;
      case CommitStanding::unaffected:
        value += " is known and lies outside the affected set";
        supports = "not_affected";
        break;
      case CommitStanding::ambiguous:
        value += " is too short: it fits commits of both kinds";
        break;
      case CommitStanding::unlisted:
        value += " is in no list, so the number decides";
        break;
    }
    if (!lookup.tree.empty()) value += " of " + std::string(lookup.tree);
    const auto rows = all.knowledge.vendor_rows(commit.hash);
    if (!rows.empty()) value += " (" + vendor_names(rows) + ")";
    const int rank = supports == "context" ? 4 : own && !commit.dirty ? 1 : 2;
    out->add(own ? "commit" : "package_commit", named.source, std::move(value), supports, rank);
  }
}

/// Trees that carry this very number, where they differ: why a number is not trusted.
void vendor_trees(const Assessment& all, Collector* out) {
  const auto& version = all.facts.hypervisor.version;
  if (!version || all.commit.decides()) return;
  const std::string text = version->value.text();
  std::vector<const VendorRow*> affected;
  std::vector<const VendorRow*> fixed;
  for (const VendorRow& row : all.knowledge.vendors) {
    if (row.version == text) (row.affected ? affected : fixed).push_back(&row);
  }
  if (affected.empty() || fixed.empty()) return;
  out->add("vendor_tree", "list of vendor trees",
           text + " is the number of " + vendor_names(affected) + " (affected) and of " +
               vendor_names(fixed) + " (fixed)",
           "context", 4);
}

void number(const Assessment& all, Collector* out) {
  const auto& version = all.facts.hypervisor.version;
  const auto& series = all.facts.hypervisor.series;
  if (!version && series) {
    out->add("version_number", series->source,
             "series " + series->value.text() + ", release unknown: decides nothing", "context", 4);
  }
  if (!version || !all.number) return;
  const std::string text = version->value.text();
  switch (*all.number) {
    case NumberStanding::in_interval:
      out->add("version_number", version->source,
               text + " lies in the affected interval (vendors ship it both ways)", "affected", 3);
      break;
    case NumberStanding::undecidable:
      out->add("version_number", version->source, text + " was built from both sides of the fix",
               "context", 4);
      break;
    case NumberStanding::outside:
      out->add("version_number", version->source,
               text + " lies outside the affected interval (by its number alone)", "not_affected",
               3);
      break;
  }
}

void runtime_signs(const Assessment& all, Collector* out) {
  const Hypervisor& xen = all.facts.hypervisor;
  if (xen.features && xen.has_direct_map_feature_bit()) {
    out->add("feature_bits", xen.features->source,
             hex(xen.features->value) + " has bit 16 or 17, which are newer than the fix",
             "not_affected", 1);
  }
  if (xen.sysctl_abi) {
    const bool possible = xen.sysctl_abi->value == 0x12 || xen.sysctl_abi->value == 0x13;
    out->add("sysctl_abi", xen.sysctl_abi->source,
             "answers to interface " + hex(xen.sysctl_abi->value) +
                 (possible ? ", as every affected build does" : ", which no affected build does"),
             possible ? "context" : "not_affected", possible ? 4 : 1);
  }
  if (xen.arch) {
    const bool x86 = xen.arch->value == Arch::x86;
    out->add("architecture", xen.arch->source,
             x86                              ? "x86: the regression exists on Arm only"
             : xen.arch->value == Arch::arm32 ? "arm32"
                                              : "arm64",
             x86 ? "not_affected" : "context", x86 ? 1 : 4);
  } else if (is_x86(all.facts)) {
    out->add("architecture", "fault lines", "Xen drives an x86 IOMMU", "not_affected", 1);
  }
}

/// Claims that say the same become one piece of evidence that names their sources.
template <class Claim, class Matches>
std::string sources_of(const std::vector<Claim>& claims, const Matches& matches) {
  std::vector<std::string> sources;
  for (const Claim& claim : claims) {
    if (!matches(claim) || sources.size() == kShownSources) continue;
    if (std::find(sources.begin(), sources.end(), claim.source) == sources.end()) {
      sources.push_back(claim.source);
    }
  }
  return join(sources, ", ");
}

void iommu(const Assessment& all, Collector* out) {
  using Strength = IommuClaim::Strength;
  const std::vector<IommuClaim>& claims = all.facts.hypervisor.iommu;
  for (const bool enabled : {true, false}) {
    Strength best = Strength::hint;
    for (const IommuClaim& claim : claims) {
      if (claim.enabled == enabled) best = std::max(best, claim.strength);
    }
    // The strongest speak; weaker ones that agree add nothing.
    std::string sources = sources_of(claims, [&](const IommuClaim& claim) {
      return claim.enabled == enabled && claim.strength == best;
    });
    if (sources.empty()) continue;
    const bool hint = best == Strength::hint;
    out->add("iommu_state", std::move(sources),
             enabled ? (hint ? "Xen probably uses the IOMMU" : "Xen uses the IOMMU")
                     : (hint ? "Xen probably uses no IOMMU" : "Xen uses no IOMMU"),
             enabled ? "context" : "dormant", hint ? 5 : 2);
  }
}

void direct_map(const Assessment& all, Collector* out) {
  for (const bool mapped : {true, false}) {
    std::string sources =
        sources_of(all.facts.hypervisor.direct_map,
                   [&](const DirectMapClaim& claim) { return claim.direct_mapped == mapped; });
    if (sources.empty()) continue;
    out->add("direct_map", std::move(sources),
             mapped ? "dom0 is direct-mapped (gfn = mfn)" : "dom0 is not direct-mapped",
             mapped ? "context" : "dormant", 2);
  }
}

void table_sharing(const Assessment& all, Collector* out) {
  if (all.commit.standing != CommitStanding::conditional) return;
  const Hypervisor& xen = all.facts.hypervisor;
  if (xen.ipmmu_sharing_disabled) {
    out->add("table_sharing", "boot log", "the IPMMU has page tables of its own", "not_affected",
             1);
  } else if (xen.table_shared) {
    out->add("table_sharing", xen.table_shared->source,
             xen.table_shared->value ? "CPU and IOMMU share one page table"
                                     : "the IOMMU has page tables of its own",
             xen.table_shared->value ? "affected" : "not_affected", 2);
  }
}

void add_fault(const Assessment& all, const Verdict& verdict, std::size_t index, Collector* out) {
  const FaultGroup& fault = all.facts.faults[index];
  const FaultFinding& finding = all.findings[index];
  const std::string_view supports = finding.accuses && verdict.observed      ? "observed"
                                    : finding.signature && verdict.suspected ? "suspected"
                                                                             : "context";
  std::string value = fault_text(fault) + ": " + std::string(class_text(fault.fault_class)) + ", " +
                      (fault.count == 1 ? std::string("once") : counted(fault.count, "time"));
  if (finding.signature && !finding.why_not.empty()) value += "; " + finding.why_not;
  out->add("fault", "Xen's console", std::move(value), supports,
           finding.accuses     ? 1
           : finding.signature ? 3
                               : 4);
  if (const std::string grant = grant_text(all.facts, finding.attribution); !grant.empty()) {
    const bool exact = finding.attribution.state == Attribution::State::exact;
    out->add(
        "attribution", finding.attribution.source,
        "frame " + hex(frame_of(*fault.iova).value()) + " = " + grant + (exact ? "" : " (likely)"),
        supports, finding.accuses ? 1 : 3);
  }
  if (const Dom0Error* error = joined_error(all.facts, fault); error != nullptr) {
    out->add("dom0_error", "dom0's kernel log",
             error->driver + ' ' + error->device + ": " + error->message + ", next to the fault",
             supports, 3);
  }
}

/// Those that accuse, then those that look like the regression, then the rest.
void faults(const Assessment& all, const Verdict& verdict, Collector* out) {
  std::vector<std::size_t> order(all.findings.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto weight = [&](std::size_t i) {
    return all.findings[i].accuses ? 2 : all.findings[i].signature ? 1 : 0;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return weight(a) > weight(b); });
  for (std::size_t i = 0; i < std::min(order.size(), kShownFaults); ++i) {
    add_fault(all, verdict, order[i], out);
  }
  if (order.size() > kShownFaults) {
    const std::size_t more = order.size() - kShownFaults;
    out->add(
        "fault", "Xen's console",
        std::to_string(more) + (more == 1 ? " further kind of fault" : " further kinds of faults"),
        "context", 4);
  }
}

void lone_dom0_errors(const Assessment& all, Collector* out) {
  std::size_t shown = 0;
  for (const Dom0Error& error : all.facts.dom0_errors) {
    if (error.near_fault) continue;
    if (shown++ == kShownErrors) break;
    out->add("dom0_error", "dom0's kernel log",
             error.driver + ' ' + error.device + ": " + error.message +
                 "; no IOMMU fault of Xen's near it, so it proves nothing (XIC-5004)",
             "context", 5);
  }
}

void dumps(const Assessment& all, Collector* out) {
  const auto& dump = all.facts.latest_dump;
  if (!dump) return;
  out->add("grant_dump", "debug key 'g'",
           (dump->complete() ? "complete dump, " : "damaged dump, ") +
               counted(dump->grants.size(), "active grant"),
           "context", 4);
}

void live_answers(const Assessment& all, Collector* out) {
  if (all.facts.granted_now.empty()) return;
  std::set<Frame> asked;
  std::set<Frame> granted;
  for (const GrantedNow& one : all.facts.granted_now) {
    asked.insert(one.frame);
    if (one.answer == GrantedNow::Answer::granted_or_own) granted.insert(one.frame);
  }
  out->add("granted_now", all.facts.granted_now.front().source,
           std::to_string(granted.size()) + " of " + counted(asked.size(), "faulting frame") +
               " granted to dom0",
           "context", 4);
}

void foreign(const Assessment& all, Collector* out) {
  if (all.facts.foreign_faults.empty()) return;
  std::uint64_t count = 0;
  for (const FaultGroup& group : all.facts.foreign_faults) count += group.count;
  out->add("foreign_fault", "Linux's IOMMU driver",
           counted(count, "fault") + " of Linux's own IOMMU: they say nothing about Xen", "context",
           4);
}

}  // namespace

std::vector<Evidence> collect_evidence(const Assessment& assessment, const Verdict& verdict) {
  Collector out;
  probe(assessment, &out);
  commits(assessment, &out);
  runtime_signs(assessment, &out);
  faults(assessment, verdict, &out);
  number(assessment, &out);
  vendor_trees(assessment, &out);
  iommu(assessment, &out);
  direct_map(assessment, &out);
  table_sharing(assessment, &out);
  dumps(assessment, &out);
  live_answers(assessment, &out);
  lone_dom0_errors(assessment, &out);
  foreign(assessment, &out);
  std::stable_sort(out.found.begin(), out.found.end(),
                   [](const Evidence& a, const Evidence& b) { return a.rank < b.rank; });
  return std::move(out.found);
}

}  // namespace xic
