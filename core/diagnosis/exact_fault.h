// The exactly attributed fault: the only kind of fault that can accuse the hypervisor.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "core/diagnosis/diagnosis.h"

namespace xic {

/// In whose context a fault happened.
enum class ContextOwner : std::uint8_t { dom0, other_domain, unknown };
[[nodiscard]] ContextOwner context_owner(const Facts& facts, const FaultGroup& fault);

/// The boot that the hypervisor facts describe: faults of earlier ones say nothing about it.
[[nodiscard]] std::uint32_t last_boot(const Facts& facts);

/// Printed by Xen's driver for an Arm IOMMU.
[[nodiscard]] bool is_arm_fault(const FaultGroup& fault);

/// How many faults of the last boot hit the page of one data grant.
class GrantHits {
 public:
  GrantHits(const Facts& facts, const std::vector<FaultFinding>& findings);
  [[nodiscard]] std::uint64_t of(const FaultGroup& fault) const;

 private:
  std::map<Frame, std::uint64_t> hits_;
};

/// A leg of the proof: a name for what is missing, and whether it is there.
struct Leg {
  std::string_view missing;
  bool (*holds)(const Facts&, const FaultGroup&, const FaultFinding&, const GrantHits&);
};

/// Sets FaultFinding::signature, accuses and why_not from address, attribution and authenticity.
void judge_fault(const Facts& facts, const FaultGroup& fault, const GrantHits& hits,
                 FaultFinding* finding);

}  // namespace xic
