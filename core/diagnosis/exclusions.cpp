// Row 3: what rules the regression out.
#include <algorithm>

#include "core/diagnosis/assessment.h"
#include "core/diagnosis/exact_fault.h"
#include "core/diagnosis/words.h"

namespace xic {
namespace {

/// All affected commits of upstream, Xilinx/xen and xen-troops/xen have one of these two
/// (public/sysctl.h: XEN_SYSCTL_INTERFACE_VERSION, read in each tree).
constexpr std::uint32_t kAffectedSysctlAbis[] = {0x12, 0x13};

/// Where a listed commit of the affected kind is named as well, nothing else is certain.
Confidence weakened(Confidence confidence, const CommitReading& commit) {
  const bool contradicted = commit.accuses() || commit.contradictory;
  return contradicted ? std::min(confidence, Confidence::medium) : confidence;
}

std::optional<Exclusion> by_architecture(const Facts& facts, const CommitReading&,
                                         std::optional<NumberStanding>) {
  if (!is_x86(facts)) return std::nullopt;
  return Exclusion{Exclusion::Kind::not_arm, Confidence::high,
                   "this is x86, and the regression exists on Arm only"};
}

std::optional<Exclusion> by_sysctl_abi(const Facts& facts, const CommitReading& commit,
                                       std::optional<NumberStanding>) {
  const auto& abi = facts.hypervisor.sysctl_abi;
  if (!abi || std::find(std::begin(kAffectedSysctlAbis), std::end(kAffectedSysctlAbis),
                        abi->value) != std::end(kAffectedSysctlAbis)) {
    return std::nullopt;
  }
  return Exclusion{Exclusion::Kind::sysctl_abi, weakened(Confidence::high, commit),
                   "the hypervisor answers to sysctl interface " + hex(abi->value) +
                       ", every affected one to 0x12 or 0x13"};
}

std::optional<Exclusion> by_feature_bits(const Facts& facts, const CommitReading& commit,
                                         std::optional<NumberStanding>) {
  if (!facts.hypervisor.has_direct_map_feature_bit()) return std::nullopt;
  return Exclusion{Exclusion::Kind::feature_bits, weakened(Confidence::high, commit),
                   "it reports feature bit 16 or 17 (direct map), which is newer than the fix"};
}

std::optional<Exclusion> by_own_page_tables(const Facts& facts, const CommitReading& commit,
                                            std::optional<NumberStanding>) {
  if (commit.standing != CommitStanding::conditional) return std::nullopt;
  const auto& shared = facts.hypervisor.table_shared;
  if (!facts.hypervisor.ipmmu_sharing_disabled && !(shared && !shared->value)) return std::nullopt;
  return Exclusion{Exclusion::Kind::own_page_tables, Confidence::medium,
                   "in this tree the IPMMU has page tables of its own, and they are in use"};
}

std::optional<Exclusion> by_commit(const Facts&, const CommitReading& commit,
                                   std::optional<NumberStanding>) {
  if (!commit.acquits()) return std::nullopt;
  std::string why = "commit " + commit.commit->hash + " is outside the affected set";
  if (commit.commit->dirty) why += " (built from a changed tree)";
  return Exclusion{Exclusion::Kind::commit, commit.clean() ? Confidence::high : Confidence::medium,
                   std::move(why)};
}

std::optional<Exclusion> by_number(const Facts& facts, const CommitReading& commit,
                                   std::optional<NumberStanding> number) {
  // A listed commit is asked first and the number not at all: vendors keep numbers and change
  // trees.
  if (commit.decides() || commit.contradictory) return std::nullopt;
  if (!number || *number != NumberStanding::outside) return std::nullopt;
  return Exclusion{Exclusion::Kind::number, Confidence::low,
                   "release " + facts.hypervisor.version->value.text() +
                       " lies outside the affected interval (by its number alone)"};
}

using ExclusionRule = std::optional<Exclusion> (*)(const Facts&, const CommitReading&,
                                                   std::optional<NumberStanding>);
constexpr ExclusionRule kRules[] = {by_architecture,    by_sysctl_abi, by_feature_bits,
                                    by_own_page_tables, by_commit,     by_number};

}  // namespace

bool is_x86(const Facts& facts) {
  if (facts.hypervisor.arch) return facts.hypervisor.arch->value == Arch::x86;
  bool x86 = false;
  for (const FaultGroup& fault : facts.faults) {
    if (is_arm_fault(fault)) return false;
    x86 = x86 || (fault.origin == FaultOrigin::xen && !fault.mid_line);
  }
  return x86;
}

std::vector<Exclusion> find_exclusions(const Facts& facts, const CommitReading& commit,
                                       std::optional<NumberStanding> number) {
  std::vector<Exclusion> found;
  for (const ExclusionRule rule : kRules) {
    if (auto exclusion = rule(facts, commit, number)) found.push_back(*std::move(exclusion));
  }
  return found;
}

}  // namespace xic
