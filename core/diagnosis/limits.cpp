#include "core/diagnosis/limits.h"

#include <algorithm>
#include <string_view>

#include "core/diagnosis/exact_fault.h"
#include "core/diagnosis/visibility.h"
#include "core/diagnosis/words.h"

namespace xic {
namespace {

/// A limit that applies says why; others nothing.
using Detail = std::optional<std::string>;
using Check = Detail (*)(const Assessment&, const Verdict&);

bool console_based(const Assessment& all) {
  return console_was_read(all.facts) || !all.facts.faults.empty();
}
bool any_fault(const Assessment& all, bool (*matches)(const FaultGroup&, const FaultFinding&)) {
  for (std::size_t i = 0; i < all.findings.size(); ++i) {
    if (matches(all.facts.faults[i], all.findings[i])) return true;
  }
  return false;
}
std::uint64_t events(const Assessment& all, HypervisorEvent::Kind kind) {
  std::uint64_t count = 0;
  for (const HypervisorEvent& event : all.facts.events) {
    if (event.kind == kind) count += std::max<std::uint64_t>(event.number, event.count);
  }
  return count;
}
/// The regression is possible, or faults look like it: what is unknown about the platform matters.
bool matters(const Assessment& all, const Verdict& verdict) {
  return all.xen_seen && (verdict.state != VerdictState::not_affected || verdict.suspected) &&
         verdict.rule != 1;
}

// ---- losses ------------------------------------------------------------------------------------
Detail lost_bytes(const Assessment& all, const Verdict&) {
  if (all.facts.lost_console_bytes == 0) return std::nullopt;
  return counted(all.facts.lost_console_bytes, "byte") +
         " of the console were overwritten before they were read; counts are a lower bound";
}
Detail damaged_fault_lines(const Assessment& all, const Verdict&) {
  if (all.facts.damaged_fault_lines == 0) return std::nullopt;
  return counted(all.facts.damaged_fault_lines, "line") +
         " began like a fault and could not be read";
}
Detail events_lost(const Assessment& all, const Verdict&) {
  const std::uint64_t count = events(all, HypervisorEvent::Kind::events_lost);
  if (count == 0) return std::nullopt;
  return "the IOMMU reported lost fault records " + counted(count, "time");
}
Detail fault_record_incomplete(const Assessment& all, const Verdict&) {
  if (!any_fault(all, [](const auto& fault, const auto&) { return !fault.complete; })) {
    return std::nullopt;
  }
  return "a part of a fault that spans several lines is missing";
}
Detail messages_suppressed(const Assessment& all, const Verdict&) {
  const std::uint64_t count = events(all, HypervisorEvent::Kind::suppressed);
  if (count == 0) return std::nullopt;
  return "Xen suppressed " + counted(count, "message") + " by its rate limit";
}
Detail log_level(const Assessment& all, const Verdict&) {
  if (!log_level_hides_faults(all.facts)) return std::nullopt;
  return "at this log level Xen does not print the faults of this IOMMU: their absence means "
         "nothing";
}
Detail ring_wrapped(const Assessment& all, const Verdict&) {
  const bool seen = console_based(all) && all.xen_seen && all.facts.mode != InputMode::image;
  if (!seen || all.facts.hypervisor.boot_start_seen) return std::nullopt;
  return "the console text does not reach back to the boot banner; earlier faults may be gone";
}
Detail earlier_boot(const Assessment& all, const Verdict&) {
  const std::uint32_t last = all.facts.last_boot;
  std::uint64_t count = 0;
  for (const FaultGroup& fault : all.facts.faults) {
    if (fault.boot != last) count += fault.count;
  }
  if (count == 0) return std::nullopt;
  return counted(count, "fault") + " of earlier boots are shown but not used for the verdict";
}

// ---- identity ----------------------------------------------------------------------------------
Detail no_banner(const Assessment& all, const Verdict&) {
  if (!all.xen_seen || all.facts.hypervisor.version) return std::nullopt;
  return "nothing in the input names the version of Xen";
}
Detail version_only(const Assessment& all, const Verdict& verdict) {
  const bool by_number = (verdict.rule == 3 && all.excluded_by_number_alone()) ||
                         (verdict.rule == 6 && !all.commit.accuses());
  if (!by_number) return std::nullopt;
  return "the verdict rests on the release number alone; vendors ship fixed trees under affected "
         "numbers and the reverse";
}
Detail changeset_empty(const Assessment& all, const Verdict&) {
  const auto& text = all.facts.hypervisor.changeset_text;
  if (!text || !all.facts.hypervisor.commits.empty()) return std::nullopt;
  return text->value.empty() ? "the build names no changeset (built from a tarball)"
                             : "the build's changeset names no commit: \"" + text->value + "\"";
}
Detail changeset_unlisted(const Assessment& all, const Verdict&) {
  const auto& commits = all.facts.hypervisor.commits;
  if (commits.empty() || all.commit.decides() || all.commit.contradictory ||
      all.commit.ambiguous_seen) {
    return std::nullopt;
  }
  return "commit " + commits.front().value.hash + " is in no list; the number decides";
}
Detail short_hash_ambiguous(const Assessment& all, const Verdict&) {
  if (!all.commit.ambiguous_seen || all.commit.decides()) return std::nullopt;
  return "the short hash fits an affected commit and an older one; the number decides";
}
Detail commits_contradict(const Assessment& all, const Verdict&) {
  if (!all.commit.contradictory) return std::nullopt;
  return "the input names commits of both kinds, so none of them decides";
}
Detail dirty_build(const Assessment& all, const Verdict&) {
  if (!all.commit.decides() || !all.commit.commit->dirty) return std::nullopt;
  return "built from a changed tree: local patches can have added or removed the fix";
}

// ---- platform ----------------------------------------------------------------------------------
Detail iommu_state_unknown(const Assessment& all, const Verdict& verdict) {
  if (!matters(all, verdict) || all.facts.hypervisor.iommu_enabled()) return std::nullopt;
  return all.facts.hypervisor.iommu.empty()
             ? "nothing shows whether Xen uses the IOMMU"
             : "what shows whether Xen uses the IOMMU contradicts itself";
}
Detail direct_map_unknown(const Assessment& all, const Verdict& verdict) {
  if (!matters(all, verdict) || all.facts.hypervisor.direct_mapped()) return std::nullopt;
  return "nothing shows whether dom0 is direct-mapped";
}
Detail table_sharing_unknown(const Assessment& all, const Verdict& verdict) {
  const bool conditional = all.commit.standing == CommitStanding::conditional;
  if (!conditional || verdict.rule != 6) return std::nullopt;
  return "nothing shows whether CPU and IPMMU share their page tables";
}

// ---- faults and their owners -------------------------------------------------------------------
bool looks_like_it(const FaultGroup&, const FaultFinding& finding) {
  return finding.signature;
}

Detail dump_missing(const Assessment& all, const Verdict&) {
  if (!any_fault(all, looks_like_it) || all.facts.latest_dump) return std::nullopt;
  return "no 'g' dump: nothing shows who owned the faulting frames";
}
Detail dump_truncated(const Assessment& all, const Verdict&) {
  const auto& dump = all.facts.latest_dump;
  if (!dump || dump->complete()) return std::nullopt;
  return "the 'g' dump is cut or damaged: what it does not show may have been granted all the same";
}
Detail dump_after_only(const Assessment& all, const Verdict&) {
  const auto after_only = [](const FaultGroup& fault, const FaultFinding& finding) {
    return finding.signature && !fault.before.asked && fault.after.asked;
  };
  if (!any_fault(all, after_only)) return std::nullopt;
  return "the only dump was taken after the fault; pages are re-used and may have been granted "
         "again";
}
Detail no_store_listing(const Assessment& all, const Verdict&) {
  const bool wanted = all.facts.latest_dump && any_fault(all, looks_like_it);
  if (!wanted || all.facts.backends.listing_seen) return std::nullopt;
  return "no xenstore listing: grants cannot be told apart by their role (ring or data)";
}
Detail no_memory_map(const Assessment& all, const Verdict&) {
  const MemoryMap& map = all.facts.memory;
  const auto unknown = [](const FaultGroup& fault, const FaultFinding& finding) {
    return fault.iova && finding.address.klass == AddressClass::unknown;
  };
  if (!any_fault(all, unknown) || (!map.host_ram.empty() && !map.dom0_banks.empty())) {
    return std::nullopt;
  }
  return "host RAM and dom0's banks are not both known: some addresses cannot be classified";
}
Detail authorship_unknown(const Assessment& all, const Verdict&) {
  const bool unknown = any_fault(all, [](const auto& fault, const auto& finding) {
    return !finding.authentic && fault.origin == FaultOrigin::xen;
  });
  if (!unknown || all.facts.hypervisor.trust.debug_build == true) return std::nullopt;
  return "a guest could have written some of the fault lines, as far as the input shows";
}
Detail debug_build_console(const Assessment& all, const Verdict&) {
  if (all.facts.hypervisor.trust.debug_build != true || all.facts.faults.empty()) {
    return std::nullopt;
  }
  return "debug build: any guest can print raw bytes into the console";
}
Detail not_root(const Assessment& all, const Verdict&) {
  if (all.facts.mode != InputMode::live || all.facts.root) return std::nullopt;
  return "not root: console, xenstore and grants of the live host were not read";
}

struct Rule {
  std::string_view id;
  Check check;
};
/// In the order of display: what was lost, what the build does not say, what the platform does not.
constexpr Rule kRules[] = {
    {"lost_bytes", lost_bytes},
    {"events_lost", events_lost},
    {"damaged_fault_lines", damaged_fault_lines},
    {"log_level_hides_faults", log_level},
    {"no_banner", no_banner},
    {"version_only", version_only},
    {"changeset_empty", changeset_empty},
    {"changeset_unlisted", changeset_unlisted},
    {"short_hash_ambiguous", short_hash_ambiguous},
    {"commits_contradict", commits_contradict},
    {"dirty_build", dirty_build},
    {"iommu_state_unknown", iommu_state_unknown},
    {"direct_map_unknown", direct_map_unknown},
    {"table_sharing_unknown", table_sharing_unknown},
    {"dump_missing", dump_missing},
    {"dump_truncated", dump_truncated},
    {"dump_after_only", dump_after_only},
    {"no_store_listing", no_store_listing},
    {"no_memory_map", no_memory_map},
    {"authorship_unknown", authorship_unknown},
    {"debug_build_console", debug_build_console},
    {"fault_record_incomplete", fault_record_incomplete},
    {"messages_suppressed", messages_suppressed},
    {"ring_wrapped", ring_wrapped},
    {"earlier_boot", earlier_boot},
    {"not_root", not_root},
};

constexpr std::string_view kOfLaterVersion = "capture_source_failed";

std::string title_of(const Knowledge& knowledge, std::string_view id) {
  const Entry* entry = knowledge.limit(id);
  return std::string(entry == nullptr ? id : entry->title);
}

}  // namespace

std::vector<Limit> collect_limits(const Assessment& assessment, const Verdict& verdict) {
  std::vector<Limit> found = assessment.facts.limits;
  for (Limit& limit : found) {
    if (limit.what.empty()) limit.what = title_of(assessment.knowledge, limit.id);
    // A capture of a later version may name others.
    if (assessment.knowledge.limit(limit.id) == nullptr) limit.id = kOfLaterVersion;
  }
  const std::size_t given = found.size();
  for (const Rule& rule : kRules) {
    const bool known =
        std::any_of(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(given),
                    [&](const Limit& limit) { return limit.id == rule.id; });
    if (known) continue;
    if (auto detail = rule.check(assessment, verdict)) {
      found.push_back(
          {std::string(rule.id), title_of(assessment.knowledge, rule.id), *std::move(detail)});
    }
  }
  return found;
}

}  // namespace xic
