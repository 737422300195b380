// Small pieces of text that several rules need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnosis/facts.h"

namespace xic {

struct Attribution;

/// "0x8424cb148"
[[nodiscard]] std::string hex(std::uint64_t value);
/// `d1 "rigdomu"`, or "d1" where the name is not known.
[[nodiscard]] std::string domain_text(const Facts& facts, DomId domain);
/// "read of 0x8424cb148 by /smmu@fd800000 context bank 0"
[[nodiscard]] std::string fault_text(const FaultGroup& fault);
/// "translation fault"
[[nodiscard]] std::string_view class_text(FaultClass klass);
/// "grant 0x208 of d1 "rigdomu" (tx ring of vif1.0)"; "" without a granter.
[[nodiscard]] std::string grant_text(const Facts& facts, const Attribution& attribution);
/// "Xen 4.14.1 on arm64", "Xen 4.14.1", "This Xen".
[[nodiscard]] std::string hypervisor_text(const Hypervisor& hypervisor);
/// "a, b and c"
[[nodiscard]] std::string join(const std::vector<std::string>& parts,
                               std::string_view last = " and ");
/// "1 fault", "5 faults"
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace xic
