#include "core/hypervisor/fact_store.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/hypervisor/command_line.h"
#include "core/scan.h"

namespace xic {
namespace {

/// True where `words` holds `word` between blanks.
bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    if (scan::take_word(&words) == word) return true;
  }
  return false;
}

/// Arm never set the bit before 4.13 (common/sysctl.c sets it since): its absence is no statement
/// there, nor where the version is not known.
bool tells_absence_of_iommu(const Hypervisor& xen) {
  const Version* known = xen.version ? &xen.version->value : nullptr;
  if (known == nullptr && xen.series) known = &xen.series->value;
  return known != nullptr && (known->major > 4 || (known->major == 4 && known->minor >= 13));
}

bool overlap(const AddressSpan& a, const AddressSpan& b) {
  return a.begin < b.end && b.begin < a.end;
}

}  // namespace

std::string bounded_copy(std::string_view text) {
  return std::string(text.substr(0, FactStore::kMaxText));
}

void FactStore::offer_version(Version found, std::string_view source, Origin origin) {
  seen = true;
  // "4.13" alone names a series: which of its releases runs is not known.
  Slot<Version>& slot = found.extra.empty() ? series : version;
  slot.offer(std::move(found), source, origin);
}

void FactStore::offer_version_part(VersionPart part, std::string_view value,
                                   std::string_view source, Origin origin) {
  const bool repeated = (part == VersionPart::major && parts_.major) ||
                        (part == VersionPart::minor && parts_.minor) ||
                        (part == VersionPart::extra && parts_.extra);
  if (repeated || parts_.source != source || parts_.origin.input != origin.input) {
    parts_ = VersionParts{};
    parts_.source = source;
    parts_.origin = origin;
  }
  if (part == VersionPart::extra) {
    parts_.extra = std::string(value);
  } else {
    (part == VersionPart::major ? parts_.major : parts_.minor) =
        scan::take_number<unsigned>(&value);
  }
  if (!parts_.major || !parts_.minor) return;
  const std::string text = std::to_string(*parts_.major) + "." + std::to_string(*parts_.minor) +
                           parts_.extra.value_or("");
  if (auto whole = parse_version(text)) offer_version(std::move(*whole), source, origin);
}

void FactStore::offer_commit(std::optional<Commit> commit, std::string_view source, Origin origin) {
  if (!commit) return;
  const auto same = [&](const Sourced<Commit>& known) {
    return known.value.hash == commit->hash && known.value.dirty == commit->dirty &&
           known.value.origin == commit->origin;
  };
  if (commits_.repeats(same, origin)) return;
  commits_.add({std::move(*commit), std::string(source)}, origin);
}

void FactStore::claim_iommu(bool enabled, IommuClaim::Strength strength, std::string_view source,
                            Origin origin) {
  const auto same = [&](const IommuClaim& known) {
    return known.enabled == enabled && known.strength == strength && known.source == source;
  };
  if (iommu_.repeats(same, origin)) return;
  iommu_.add({enabled, strength, std::string(source)}, origin);
}

void FactStore::claim_direct_map(bool direct_mapped, std::string_view source, Origin origin) {
  const auto same = [&](const DirectMapClaim& known) {
    return known.direct_mapped == direct_mapped && known.source == source;
  };
  if (direct_map_.repeats(same, origin)) return;
  direct_map_.add({direct_mapped, false, std::string(source)}, origin);
}

void FactStore::add_kind(std::string_view kind, Origin origin) {
  if (kinds_.repeats([&](std::string_view known) { return known == kind; }, origin)) return;
  kinds_.add(kind, origin);
}

void FactStore::forget(const Staleness& stale) {
  version.forget(stale);
  series.forget(stale);
  arch.forget(stale);
  changeset.forget(stale);
  build_id.forget(stale);
  distribution.forget(stale);
  compile_by.forget(stale);
  command_line.forget(stale);
  sysctl_abi.forget(stale);
  features.forget(stale);
  virt_caps.forget(stale);
  physical_caps.forget(stale);
  table_shared.forget(stale);
  ipmmu_sharing_disabled.forget(stale);
  colouring.forget(stale);
  debug_build.forget(stale);
  dom0less.forget(stale);
  log_level.forget(stale);
  ring_kib.forget(stale);
  dom0_started.forget(stale);
  dom0_kernel.forget(stale);
  if (stale.covers(parts_.origin)) parts_ = VersionParts{};
  host_ram.forget(stale);
  extended_regions.forget(stale);
  commits_.forget(stale);
  iommu_.forget(stale);
  direct_map_.forget(stale);
  kinds_.forget(stale);
}

Hypervisor FactStore::snapshot() const {
  Hypervisor out;
  out.seen = seen;
  out.version = version.get();
  out.series = series.get();
  out.arch = arch.get();
  out.changeset_text = changeset.get();
  out.build_id = build_id.get();
  out.distribution = distribution.get();
  out.compile_by = compile_by.get();
  out.sysctl_abi = sysctl_abi.get();
  out.features = features.get();
  out.table_shared = table_shared.get();
  out.ipmmu_sharing_disabled = ipmmu_sharing_disabled.known();
  out.llc_coloring = colouring.known();
  out.trust.debug_build =
      debug_build.known() ? std::optional<bool>(debug_build.get()->value) : std::nullopt;
  out.trust.dom0less_console = dom0less.known();
  out.log_level = log_level.get();
  out.ring_kib = ring_kib.get();
  out.dom0_kernel = dom0_kernel.get();
  if (dom0_started.known()) out.dom0_started = dom0_started.get()->value;
  for (const auto& item : commits_.items()) out.commits.push_back(item.value);
  for (const auto& item : iommu_.items()) out.iommu.push_back(item.value);
  for (const auto& item : direct_map_.items()) out.direct_map.push_back(item.value);
  for (const auto& item : kinds_.items()) out.iommu_kinds.emplace_back(item.value);
  conclude_from_virt_caps(&out);
  conclude_from_physical_caps(&out);
  conclude_from_extended_regions(&out);
  conclude_from_command_line(&out);
  conclude_about_direct_map(&out);
  return out;
}

void FactStore::conclude_from_virt_caps(Hypervisor* out) const {
  if (!virt_caps.known()) return;
  const auto& [caps, source] = *virt_caps.get();
  const bool on =
      has_word(caps, "hvm_directio") || has_word(caps, "directio") || has_word(caps, "pv_directio");
  if (has_word(caps, "iommu_hap_pt_share") && !out->table_shared) {
    out->table_shared = Sourced<bool>{true, source};
  }
  if (on || tells_absence_of_iommu(*out)) {
    out->iommu.push_back({on, IommuClaim::Strength::strong, source});
  }
}

void FactStore::conclude_from_physical_caps(Hypervisor* out) const {
  if (!physical_caps.known()) return;
  // Bits of XEN_SYSCTL_PHYSCAP, Xen 4.13 and later (public/sysctl.h); before, bits 2 and 5 are 0.
  constexpr std::uint32_t kDirectIo = 1U << 2;
  constexpr std::uint32_t kTableShared = 1U << 5;
  const auto& [caps, source] = *physical_caps.get();
  if ((caps & kTableShared) != 0 && !out->table_shared) {
    out->table_shared = Sourced<bool>{true, source};
  }
  const bool on = (caps & kDirectIo) != 0;
  if (on || tells_absence_of_iommu(*out)) {
    out->iommu.push_back({on, IommuClaim::Strength::strong, source});
  }
}

void FactStore::conclude_from_extended_regions(Hypervisor* out) const {
  // With the IOMMU on the regions are holes of the host's memory map (find_memory_holes), with it
  // off they are spare RAM (find_unallocated_memory), Xen 4.16 and later.
  if (host_ram.items().empty() || extended_regions.items().empty()) return;
  const bool in_ram = std::any_of(
      extended_regions.items().begin(), extended_regions.items().end(), [&](const auto& region) {
        return std::any_of(host_ram.items().begin(), host_ram.items().end(),
                           [&](const auto& ram) { return overlap(region.value, ram.value); });
      });
  out->iommu.push_back({!in_ram, IommuClaim::Strength::hint, "boot log: extended regions"});
}

void FactStore::conclude_from_command_line(Hypervisor* out) const {
  if (!command_line.known()) return;
  const CommandLine& line = command_line.get()->value;
  const std::string& source = command_line.get()->source;
  out->command_line = Sourced<std::string>{line.text, source};
  const auto to_ring = boolean_option(line.text, "console_to_ring");
  if (to_ring) {
    out->trust.console_to_ring = *to_ring;
  } else if (line.whole) {
    out->trust.console_to_ring = false;
  }
  if (option(line.text, "dom0_colors") || boolean_option(line.text, "llc-coloring") == true) {
    out->llc_coloring = true;
  }
  if (const auto level = option(line.text, "loglvl"); level && !out->log_level) {
    if (auto words = log_level_in_words(*level)) {
      out->log_level = Sourced<std::string>{std::move(*words), source + ": loglvl"};
    }
  }
  if (const auto size = option(line.text, "conring_size"); size && !out->ring_kib) {
    if (const auto kib = ring_kib_of(*size)) {
      out->ring_kib = Sourced<std::uint32_t>{*kib, source + ": conring_size"};
    }
  }
}

void FactStore::conclude_about_direct_map(Hypervisor* out) {
  if (out->llc_coloring) out->direct_map.push_back({false, false, "LLC colouring"});
  if (!out->features) return;
  constexpr std::uint64_t kNotDirectMapped = std::uint64_t{1} << 16;
  constexpr std::uint64_t kDirectMapped = std::uint64_t{1} << 17;
  const auto& [words, source] = *out->features;
  if ((words & kNotDirectMapped) != 0) out->direct_map.push_back({false, true, source});
  if ((words & kDirectMapped) != 0) out->direct_map.push_back({true, true, source});
}

}  // namespace xic
