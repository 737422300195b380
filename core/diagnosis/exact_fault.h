// The exactly attributed fault: the only kind of fault that can accuse the hypervisor.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/diagnosis/diagnosis.h"

namespace xic {

/// In whose context a fault happened.
enum class ContextOwner : std::uint8_t { dom0, other_domain, unknown };
[[nodiscard]] ContextOwner context_owner(const Facts& facts, const FaultGroup& fault);

/// Printed by Xen's driver for an Arm IOMMU.
[[nodiscard]] bool is_arm_fault(const FaultGroup& fault);

/// The flight recorder shows the page unmapped before each of these faults, and not mapped again.
[[nodiscard]] bool all_after_unmap(const FaultGroup& fault);

/// How many faults of the last boot hit the page of one data grant.
class GrantHits {
 public:
  GrantHits(const Facts& facts, const std::vector<FaultFinding>& findings);
  [[nodiscard]] std::uint64_t of(const FaultGroup& fault) const;

 private:
  std::map<Frame, std::uint64_t> hits_;
};

/// Sets FaultFinding::signature, accuses and why_not from address, attribution and authenticity.
void judge_fault(const Facts& facts, const FaultGroup& fault, const GrantHits& hits,
                 FaultFinding* finding);

}  // namespace xic
