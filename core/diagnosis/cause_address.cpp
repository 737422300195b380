// What the address says.
#include <algorithm>

#include "core/diagnosis/cause_rules.h"
#include "core/diagnosis/exact_fault.h"
#include "core/diagnosis/words.h"

namespace xic::cause {
namespace {
constexpr std::uint64_t kTranslaterOffset = 0x40;  // GITS_TRANSLATER at +0x10040 (IHI 0069)
constexpr std::uint64_t k64KiB = 0x10000;

bool poisoned(std::uint64_t address) {
  // Fill patterns of allocators and debug code, as the upper 20 of 32 bits leave them.
  constexpr std::uint64_t kPatterns[] = {0xdeadb, 0xdeadc, 0xfffff, 0xccccc, 0xaaaaa, 0x55555,
                                         0x5a5a5, 0xa5a5a, 0x6b6b6, 0xbaadf, 0xfeedf, 0xcafeb};
  const std::uint64_t head = (address >> kPageShift) & 0xfffff;
  return std::find(std::begin(kPatterns), std::end(kPatterns), head) != std::end(kPatterns);
}
}  // namespace

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
  const bool mapped = happened(c, HypervisorEvent::Kind::self_grant);
  const bool unguarded = c.all.commit.self_grant_unguarded;
  if (!mapped && !unguarded) return std::nullopt;
  const Confidence sure = mapped && unguarded ? Confidence::high
                          : mapped            ? Confidence::medium
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

}  // namespace xic::cause
