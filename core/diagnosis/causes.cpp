// The ordered table of causes. What proves itself comes first, then what the IOMMU says of the
// stream, then what the address says, then what the kind of fault says; what is left is undecided.
#include "core/diagnosis/causes.h"

#include <algorithm>
#include <string_view>

#include "core/diagnosis/exact_fault.h"
#include "core/diagnosis/words.h"

namespace xic {
namespace {

struct Case {
  const Assessment& all;
  const Verdict& verdict;
  const FaultGroup& fault;
  const FaultFinding& finding;
};

/// What a rule found: nothing where it does not apply.
struct Found {
  Confidence confidence;
  std::string summary;
};
using Answer = std::optional<Found>;

Answer found(Confidence confidence, std::string summary) {
  return Found{confidence, std::move(summary)};
}

// ---- what several rules ask --------------------------------------------------------------------

/// Registers that hold the class of a fault in bits (fault.h names them).
constexpr std::uint64_t kIcf = 1U << 0, kUsf = 1U << 1, kSmcf = 1U << 2;       // GFSR
constexpr std::uint64_t kAff = 1U << 2, kPf = 1U << 3, kEf = 1U << 4;          // FSR
constexpr std::uint64_t kTlbMcf = 1U << 5, kTlbLkf = 1U << 6, kAsf = 1U << 7;  // FSR
constexpr std::uint64_t kUut = 1U << 8;                                        // FSR

bool bit(const Case& c, std::string_view name, std::uint64_t mask) {
  return (c.fault.registers.get(name).value_or(0) & mask) != 0;
}
bool is(const Case& c, FaultClass wanted) {
  return c.fault.fault_class == wanted;
}
/// Of this class, or one of several at once of which this bit is one.
bool has(const Case& c, FaultClass wanted, std::string_view name, std::uint64_t mask) {
  return is(c, wanted) || (is(c, FaultClass::mixed) && bit(c, name, mask));
}
bool is_smmuv3(const Case& c) {
  return c.fault.kind == FaultKind::smmuv3_event;
}
bool old_form(const Case& c) {  // Xen 4.6 to 4.11 print no FSR
  return c.fault.kind == FaultKind::smmuv2_context && !c.fault.registers.get("fsr");
}
/// A translation fault, or one that may be (the register was not printed).
bool may_be_translation(const Case& c) {
  return is_arm_fault(c.fault) && (is(c, FaultClass::translation) || old_form(c));
}
Confidence at_most(const Case& c, Confidence confidence) {
  return old_form(c) ? std::min(confidence, Confidence::low) : confidence;
}
bool in(const Case& c, AddressClass klass) {
  return c.fault.iova.has_value() && c.finding.address.klass == klass;
}
std::string where(const Case& c) {
  return c.finding.address.detail.empty() ? "" : " (" + c.finding.address.detail + ")";
}
std::string page(const Case& c) {
  return "frame " + hex(frame_of(*c.fault.iova).value());
}

// ---- x86 and streams ---------------------------------------------------------------------------

Answer vtd(const Case& c) {
  if (c.fault.kind != FaultKind::vtd) return std::nullopt;
  std::string text = "VT-d refused the " + fault_text(c.fault);
  if (!c.fault.reason.empty()) text += ": reason " + c.fault.reason;
  return found(Confidence::high, std::move(text));
}
Answer amdvi(const Case& c) {
  if (c.fault.kind != FaultKind::amdvi) return std::nullopt;
  return found(Confidence::high, "AMD-Vi refused the " + fault_text(c.fault));
}
Answer smmuv3_stream(const Case& c) {
  // 0x02 C_BAD_STREAMID, 0x03 F_STE_FETCH, 0x04 C_BAD_STE, 0x06 F_STREAM_DISABLED,
  // 0x07 F_TRANSL_FORBIDDEN (IHI 0070, event records)
  if (!is_smmuv3(c)) return std::nullopt;
  const auto record = c.fault.registers.get("evt0");
  const std::uint64_t type = record.value_or(0) & 0xff;
  const bool named = type == 0x02 || type == 0x03 || type == 0x04 || type == 0x06 || type == 0x07;
  if (!named && !is(c, FaultClass::stream_unknown) && !is(c, FaultClass::stream_disabled)) {
    return std::nullopt;
  }
  std::string text = c.fault.iommu + " has no usable stream-table entry";
  if (c.fault.stream_id) text += " for stream " + hex(*c.fault.stream_id);
  return found(Confidence::high, std::move(text));
}
Answer stream_conflict(const Case& c) {
  if (!has(c, FaultClass::stream_conflict, "gfsr", kSmcf)) return std::nullopt;
  return found(Confidence::high, "stream " + hex(c.fault.stream_id.value_or(0)) +
                                     " matches more than " + "one entry of " + c.fault.iommu);
}
Answer unidentified_stream(const Case& c) {
  if (!has(c, FaultClass::stream_unknown, "gfsr", kUsf)) return std::nullopt;
  std::string text = c.fault.iommu + " got DMA from ";
  text += c.fault.stream_id ? "stream " + hex(*c.fault.stream_id) : std::string("a stream");
  return found(Confidence::high, text + " that Xen gave to no domain");
}
Answer invalid_context(const Case& c) {
  if (!has(c, FaultClass::stream_disabled, "gfsr", kIcf)) return std::nullopt;
  std::string text = "stream " + hex(c.fault.stream_id.value_or(0)) + " at " + c.fault.iommu +
                     " has no context any more, or not yet";
  const bool destroyed =
      std::any_of(c.all.facts.events.begin(), c.all.facts.events.end(), [&](const auto& event) {
        return event.kind == HypervisorEvent::Kind::domain_destroyed && event.boot == c.fault.boot;
      });
  if (destroyed) text += "; a domain was destroyed in this boot";
  return found(Confidence::high, std::move(text));
}
Answer other_global(const Case& c) {
  const bool global =
      c.fault.kind == FaultKind::smmuv2_global || c.fault.kind == FaultKind::smmuv3_gerror;
  if (!global && !is(c, FaultClass::configuration)) return std::nullopt;
  return found(Confidence::medium, c.fault.iommu + " reports a configuration or global error");
}

// ---- proof -------------------------------------------------------------------------------------

Answer proved_regression(const Case& c) {
  if (!c.finding.accuses) return std::nullopt;
  const std::string text = page(c) + " was " + grant_text(c.all.facts, c.finding.attribution) +
                           ", mapped by dom0, yet dom0's IOMMU table had no entry";
  if (c.verdict.state == VerdictState::affected) return found(Confidence::high, text);
  return found(Confidence::medium, text + "; this contradicts what the hypervisor says of itself");
}
Answer map_failed(const Case& c) {
  if (!may_be_translation(c) || !c.fault.iova) return std::nullopt;
  // "d0: IOMMU mapping dfn 97f75 to mfn 97f75 failed: -12" (passthrough/iommu.c; hex with or
  // without 0x).
  const std::string digits = hex(frame_of(*c.fault.iova).value()).substr(2);
  for (const HypervisorEvent& event : c.all.facts.events) {
    if (event.kind != HypervisorEvent::Kind::iommu_map_failed || event.boot != c.fault.boot)
      continue;
    std::string_view rest = event.message;
    const auto at = rest.find("mfn ");
    if (at == std::string_view::npos) continue;
    rest.remove_prefix(at + 4);
    if (rest.starts_with("0x")) rest.remove_prefix(2);
    while (rest.starts_with('0')) rest.remove_prefix(1);
    if (rest.substr(0, rest.find(' ')) == digits) {
      return found(Confidence::high, "Xen could not make the IOMMU entry of " + page(c));
    }
  }
  return std::nullopt;
}

// ---- what the address says ---------------------------------------------------------------------

constexpr std::uint64_t kTranslaterOffset = 0x40;  // GITS_TRANSLATER at +0x10040 (IHI 0069)
constexpr std::uint64_t k64KiB = 0x10000;

Answer its_doorbell(const Case& c) {
  if (!c.fault.iova || !is_arm_fault(c.fault) || c.fault.access == Access::instruction) {
    return std::nullopt;
  }
  if (in(c, AddressClass::its)) {
    return found(at_most(c, Confidence::high),
                 "the MSI doorbell at " + hex(c.fault.iova->value()) + " is not mapped" + where(c));
  }
  const bool pattern = may_be_translation(c) && c.fault.access == Access::write &&
                       c.fault.iova->value() % k64KiB == kTranslaterOffset;
  if (!pattern || in(c, AddressClass::foreign_ram) || in(c, AddressClass::dom0_ram)) {
    return std::nullopt;
  }
  return found(Confidence::low,
               "a write at +0x40 of a 64 KiB page that is not known to be RAM: "
               "probably the MSI doorbell of an ITS");
}
Answer other_mmio(const Case& c) {
  if (!in(c, AddressClass::mmio) || !is_arm_fault(c.fault)) return std::nullopt;
  return found(at_most(c, Confidence::high),
               "a device used the address of another device" + where(c));
}
Answer not_direct_mapped(const Case& c) {
  if (!may_be_translation(c) || c.fault.access == Access::instruction) return std::nullopt;
  if (c.all.facts.hypervisor.direct_mapped() != false) return std::nullopt;
  if (context_owner(c.all.facts, c.fault) == ContextOwner::other_domain) return std::nullopt;
  std::string text = "dom0 is not direct-mapped, so the machine address " +
                     hex(c.fault.iova ? c.fault.iova->value() : 0) +
                     " means nothing to its IOMMU table";
  if (c.all.facts.dom0_kernel) text += "; dom0 runs Linux " + *c.all.facts.dom0_kernel;
  const bool coloured =
      c.all.facts.hypervisor.llc_coloring || c.all.facts.hypervisor.has_direct_map_feature_bit();
  return found(coloured ? Confidence::high : Confidence::medium, std::move(text));
}
Answer passed_through(const Case& c) {
  if (!is_arm_fault(c.fault)) return std::nullopt;
  if (context_owner(c.all.facts, c.fault) != ContextOwner::other_domain) return std::nullopt;
  const std::string whose = c.fault.domain ? domain_text(c.all.facts, *c.fault.domain)
                                           : "a domain other than dom0 (context bank " +
                                                 std::to_string(c.fault.cb.value_or(0)) + ")";
  return found(c.fault.domain ? Confidence::high : Confidence::medium,
               "the fault is in the context of " + whose + ": a passed-through device");
}
Answer self_grant(const Case& c) {
  if (!may_be_translation(c) || !in(c, AddressClass::dom0_ram)) return std::nullopt;
  const bool happened =
      std::any_of(c.all.facts.events.begin(), c.all.facts.events.end(), [&](const auto& event) {
        return event.kind == HypervisorEvent::Kind::self_grant && event.boot == c.fault.boot;
      });
  const bool unguarded = c.all.commit.self_grant_unguarded;
  if (!happened && !unguarded) return std::nullopt;
  const Confidence sure = happened && unguarded ? Confidence::high
                          : happened            ? Confidence::medium
                                                : Confidence::low;
  return found(at_most(c, sure), "dom0's own " + page(c) + " has no entry any more" +
                                     (unguarded ? "; this build maps self-grants without the guard"
                                                : "; dom0 mapped a grant of its own"));
}
Answer hole_in_dom0(const Case& c) {
  // Ballooning takes single 4 KiB pages: the walk then fails at level 3. A walk that fails above it
  // misses 2 MiB or more.
  if (!may_be_translation(c) || !in(c, AddressClass::dom0_ram)) return std::nullopt;
  if (!c.fault.level || *c.fault.level == 0 || *c.fault.level >= 3) return std::nullopt;
  return found(
      at_most(c, Confidence::medium),
      "nothing is mapped around " + hex(c.fault.iova->value()) + " in dom0's own RAM" + where(c));
}
Answer ballooned(const Case& c) {
  if (!may_be_translation(c) || !in(c, AddressClass::dom0_ram)) return std::nullopt;
  return found(at_most(c, Confidence::medium),
               page(c) + " belongs to dom0 but is not mapped: probably ballooned out" + where(c));
}
Answer cut_address(const Case& c) {
  if (!may_be_translation(c) || !c.fault.iova) return std::nullopt;
  if (c.finding.attribution.state != Attribution::State::none) return std::nullopt;
  const Grant* twin = c.all.dump.cut_to_32_bits(*c.fault.iova);
  if (twin == nullptr) return std::nullopt;
  const std::uint64_t whole = address_of(twin->frame).value() | (c.fault.iova->value() & kPageMask);
  return found(Confidence::medium, hex(c.fault.iova->value()) + " is " + hex(whole) +
                                       " without its upper half, a page granted by " +
                                       domain_text(c.all.facts, twin->granter));
}
bool poisoned(std::uint64_t address) {
  // Fill patterns of allocators and debug code, as the upper 20 of 32 bits leave them.
  constexpr std::uint64_t kPatterns[] = {0xdeadb, 0xdeadc, 0xfffff, 0xccccc, 0xaaaaa, 0x55555,
                                         0x5a5a5, 0xa5a5a, 0x6b6b6, 0xbaadf, 0xfeedf, 0xcafeb};
  const std::uint64_t head = (address >> kPageShift) & 0xfffff;
  return std::find(std::begin(kPatterns), std::end(kPatterns), head) != std::end(kPatterns);
}
Answer garbage(const Case& c) {
  if (!may_be_translation(c) || !c.fault.iova) return std::nullopt;
  if (c.finding.attribution.state != Attribution::State::none) return std::nullopt;
  if (in(c, AddressClass::foreign_ram) || in(c, AddressClass::dom0_ram)) return std::nullopt;
  const std::uint64_t address = c.fault.iova->value();
  constexpr std::uint64_t kEndOf48Bits = std::uint64_t{1} << 48;
  if (in(c, AddressClass::not_ram)) {
    return found(at_most(c, Confidence::medium),
                 "there is no RAM at " + hex(address) + ": a stale or uninitialised descriptor");
  }
  if (address > kPageMask && address < kEndOf48Bits && !poisoned(address)) return std::nullopt;
  return found(Confidence::low, hex(address) + " looks like a fill pattern, not like an address");
}

// ---- what the kind of fault says ---------------------------------------------------------------

Answer instruction_fetch(const Case& c) {
  if (c.fault.access != Access::instruction || !is_arm_fault(c.fault)) return std::nullopt;
  return found(Confidence::high, "the device fetched instructions at " +
                                     hex(c.fault.iova ? c.fault.iova->value() : 0) +
                                     ", where fetching is not allowed");
}
Answer walk_abort(const Case& c) {
  if (!has(c, FaultClass::external_abort, "fsr", kEf)) return std::nullopt;
  return found(Confidence::high, c.fault.iommu + " could not read its own page tables");
}
Answer tlb_conflict(const Case& c) {
  if (!has(c, FaultClass::tlb_conflict, "fsr", kTlbMcf | kTlbLkf)) return std::nullopt;
  return found(Confidence::high, c.fault.iommu + " holds conflicting TLB entries");
}
Answer address_size(const Case& c) {
  if (!has(c, FaultClass::address_size, "fsr", kAsf)) return std::nullopt;
  return found(Confidence::high, "the address is wider than " + c.fault.iommu + " accepts");
}
Answer unsupported(const Case& c) {
  if (!has(c, FaultClass::unsupported, "fsr", kUut)) return std::nullopt;
  return found(Confidence::high,
               "the device sent a transaction that " + c.fault.iommu + " does not support");
}
Answer access_flag(const Case& c) {
  if (!has(c, FaultClass::access_flag, "fsr", kAff)) return std::nullopt;
  return found(Confidence::high, "the entry's access flag is clear, which Xen never leaves so");
}
Answer read_only_grant(const Case& c) {
  if (!is(c, FaultClass::permission) || c.fault.access != Access::write) return std::nullopt;
  if (c.finding.attribution.state == Attribution::State::none) return std::nullopt;
  const GrantSighting& seen = c.fault.before.found ? c.fault.before : c.fault.after;
  const bool writable = seen.found && (seen.pin & 0x00ff00ffU) != 0;
  const std::string grant = grant_text(c.all.facts, c.finding.attribution);
  return found(writable ? Confidence::low : Confidence::high,
               "the device wrote to " + page(c) + (grant.empty() ? "" : ", " + grant) +
                   ", which dom0 mapped read-only; the entry exists");
}
Answer permission(const Case& c) {
  if (!has(c, FaultClass::permission, "fsr", kPf)) return std::nullopt;
  return found(Confidence::high, "the entry exists but forbids the " + fault_text(c.fault));
}

// ---- translation faults at other domains' pages ------------------------------------------------

Answer regression_by_build(const Case& c) {
  if (!c.finding.signature) return std::nullopt;
  const bool affected = c.verdict.state == VerdictState::affected;
  if (!affected && c.verdict.state != VerdictState::likely_affected) return std::nullopt;
  const std::string grant = grant_text(c.all.facts, c.finding.attribution);
  std::string text = "fits: a page of another domain";
  if (!grant.empty()) text += ", " + grant;
  text += affected ? ", on an affected hypervisor" : ", on a hypervisor that is likely affected";
  const bool better = affected || c.finding.attribution.state != Attribution::State::none;
  return found(better ? Confidence::medium : Confidence::low, std::move(text));
}
Answer prefetch(const Case& c) {
  constexpr std::uint64_t kPrefetch = 64;  // one burst of a NIC's descriptor or data prefetch
  if (!is(c, FaultClass::translation) || !c.fault.iova || c.fault.access == Access::write) {
    return std::nullopt;
  }
  if (c.finding.attribution.state != Attribution::State::none) return std::nullopt;
  const Frame frame = frame_of(*c.fault.iova);
  if (frame.value() == 0 || (c.fault.iova->value() & kPageMask) >= kPrefetch) return std::nullopt;
  const Grant* previous = c.all.dump.mapped_by_dom0(Frame{frame.value() - 1});
  if (previous == nullptr) return std::nullopt;
  return found(Confidence::medium, "the access is " +
                                       std::to_string(c.fault.iova->value() & kPageMask) +
                                       " bytes past the end of a page granted by " +
                                       domain_text(c.all.facts, previous->granter));
}
Answer after_unmap(const Case& c) {
  if (!is(c, FaultClass::translation) || !is_arm_fault(c.fault) || !c.fault.iova)
    return std::nullopt;
  const Frame frame = frame_of(*c.fault.iova);
  for (const GrantedNow& answer : c.all.facts.granted_now) {
    if (answer.frame != frame || answer.answer == GrantedNow::Answer::granted_or_own) continue;
    const bool gone = answer.answer == GrantedNow::Answer::free_or_xen;
    return found(answer.at_fault ? Confidence::medium : Confidence::low,
                 page(c) + (gone ? " belonged to no domain" : " was not granted to dom0") +
                     (answer.at_fault ? " when the fault arrived" : " when asked afterwards"));
  }
  if (!c.fault.before.found || !c.fault.after.asked || c.fault.after.found) return std::nullopt;
  return found(Confidence::medium, page(c) + " was granted to dom0 before the fault (" +
                                       grant_text(c.all.facts, c.finding.attribution) +
                                       ") and no more in the dump after it");
}
Answer undecided(const Case& c) {
  if (!is(c, FaultClass::translation) || !is_arm_fault(c.fault)) return std::nullopt;
  std::string text = "nothing is mapped at " + hex(c.fault.iova ? c.fault.iova->value() : 0);
  const bool excluded = c.verdict.state == VerdictState::not_affected && !c.verdict.suspected;
  if (excluded)
    return found(Confidence::low, text + ": probably DMA to a page that was given back");
  if (!c.finding.signature) return found(Confidence::low, text + "; undecided");
  text += ": the regression, or DMA after the page was given back";
  if (!c.finding.why_not.empty()) text += " (" + c.finding.why_not + ")";
  return found(Confidence::low, std::move(text));
}
Answer unexplained(const Case& c) {
  return found(Confidence::low,
               old_form(c) ? "this form of the line (Xen 4.6 to 4.11) does not say what failed"
                           : "no rule fits the " + fault_text(c.fault));
}

struct Rule {
  std::string_view id;
  Answer (*apply)(const Case&);
};

constexpr Rule kTable[] = {
    {"XIC-5001", vtd},
    {"XIC-5002", amdvi},
    {"XIC-2004", smmuv3_stream},
    {"XIC-2003", stream_conflict},
    {"XIC-2001", unidentified_stream},
    {"XIC-2002", invalid_context},
    {"XIC-2007", other_global},
    {"XIC-1001", proved_regression},
    {"XIC-4003", walk_abort},
    {"XIC-4004", tlb_conflict},
    {"XIC-4005", address_size},
    {"XIC-4007", unsupported},
    {"XIC-4001", instruction_fetch},
    {"XIC-3001", its_doorbell},
    {"XIC-3002", other_mmio},
    {"XIC-3005", passed_through},
    {"XIC-1003", read_only_grant},
    {"XIC-4002", permission},
    {"XIC-4006", access_flag},
    {"XIC-1009", map_failed},
    {"XIC-1005", self_grant},
    {"XIC-1006", not_direct_mapped},
    {"XIC-3006", hole_in_dom0},
    {"XIC-1004", ballooned},
    {"XIC-3004", cut_address},
    {"XIC-3003", garbage},
    {"XIC-1001", regression_by_build},
    {"XIC-1007", prefetch},
    {"XIC-1002", after_unmap},
    {"XIC-1008", undecided},
    {"XIC-9001", unexplained},
};

CauseFinding finding(std::string_view id, Confidence confidence, std::string summary) {
  return {std::string(id), confidence, std::move(summary)};
}

}  // namespace

CauseFinding explain_fault(const Assessment& assessment, const Verdict& verdict,
                           std::size_t index) {
  const Case one{assessment, verdict, assessment.facts.faults[index], assessment.findings[index]};
  for (const Rule& rule : kTable) {
    if (auto answer = rule.apply(one)) {
      return finding(rule.id, answer->confidence, std::move(answer->summary));
    }
  }
  return {};
}

CauseFinding explain_foreign(const FaultGroup& fault) {
  return finding("XIC-5003", Confidence::high,
                 "Linux's own IOMMU driver refused the " + fault_text(fault));
}

CauseFinding explain_event(const Assessment& assessment, const HypervisorEvent& event) {
  const std::string where = event.iommu.empty() ? event.device : event.iommu;
  const std::string at = where.empty() ? "" : " at " + where;
  switch (event.kind) {
    case HypervisorEvent::Kind::cmd_sync_timeout:
      return finding("XIC-2005", Confidence::high, "the SMMUv3 did not finish a command" + at);
    case HypervisorEvent::Kind::tlb_sync_timeout:
      return finding("XIC-2008", Confidence::high, "a TLB invalidation did not finish" + at);
    case HypervisorEvent::Kind::events_lost:
      return finding("XIC-6003", Confidence::high, "fault records were lost" + at);
    case HypervisorEvent::Kind::iommu_map_failed:
      return finding("XIC-1009", Confidence::high, event.message);
    case HypervisorEvent::Kind::deassign_failed:
      return finding("XIC-2009", Confidence::high, "a device could not be taken back" + at);
    case HypervisorEvent::Kind::init_failed:
      return finding("XIC-2006", Confidence::high, "an IOMMU could not be set up" + at);
    case HypervisorEvent::Kind::hypervisor_crash:
      return finding("XIC-6001", Confidence::high, event.message);
    case HypervisorEvent::Kind::guest_abort:
      return finding("XIC-6002", Confidence::high,
                     event.domain
                         ? "a CPU access of " + domain_text(assessment.facts, *event.domain) +
                               " failed; no DMA"
                         : "a CPU access failed; no DMA");
    case HypervisorEvent::Kind::swiotlb:
      return finding("XIC-5005", Confidence::high, event.message);
    case HypervisorEvent::Kind::self_grant:
      return finding(
          "XIC-1005", assessment.commit.self_grant_unguarded ? Confidence::high : Confidence::low,
          "dom0 mapped a grant of its own: harmless with the guard, destructive without");
    case HypervisorEvent::Kind::assigned:
    case HypervisorEvent::Kind::domain_destroyed:
    case HypervisorEvent::Kind::suppressed:
      break;
  }
  return {};
}

}  // namespace xic
