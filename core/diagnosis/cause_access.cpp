// What the kind of fault and the access say.
#include <algorithm>

#include "core/diagnosis/cause_rules.h"
#include "core/diagnosis/exact_fault.h"
#include "core/diagnosis/words.h"

namespace xic::cause {
namespace {
// Bits of SMMU_CBn_FSR (Arm IHI 0062).
constexpr std::uint64_t kAff = 1U << 2, kPf = 1U << 3, kEf = 1U << 4;
constexpr std::uint64_t kTlbMcf = 1U << 5, kTlbLkf = 1U << 6, kAsf = 1U << 7, kUut = 1U << 8;
}  // namespace

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

}  // namespace xic::cause
