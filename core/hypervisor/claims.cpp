// What single statements about the hypervisor add up to.
#include <optional>

#include "core/hypervisor/hypervisor.h"

namespace xic {
namespace {

constexpr std::uint64_t kNotDirectMapped = std::uint64_t{1} << 16;  // XENFEAT_not_direct_mapped
constexpr std::uint64_t kDirectMapped = std::uint64_t{1} << 17;     // XENFEAT_direct_mapped

/// Collects statements; agrees only where all of them do.
class Agreement {
 public:
  void add(bool statement) {
    if (!any_) value_ = statement;
    if (value_ != statement) contradicted_ = true;
    any_ = true;
  }
  [[nodiscard]] bool any() const { return any_; }
  [[nodiscard]] std::optional<bool> value() const {
    if (!any_ || contradicted_) return std::nullopt;
    return value_;
  }

 private:
  bool any_ = false;
  bool value_ = false;
  bool contradicted_ = false;
};

}  // namespace

std::optional<bool> Hypervisor::iommu_enabled() const {
  using Strength = IommuClaim::Strength;
  for (const Strength strength : {Strength::proof, Strength::strong, Strength::hint}) {
    Agreement agreement;
    for (const IommuClaim& claim : iommu) {
      if (claim.strength == strength) agreement.add(claim.enabled);
    }
    if (agreement.any()) return agreement.value();
  }
  return std::nullopt;
}

std::optional<bool> Hypervisor::direct_mapped() const {
  Agreement proofs;
  Agreement lines;
  for (const DirectMapClaim& claim : direct_map) {
    (claim.proof ? proofs : lines).add(claim.direct_mapped);
  }
  if (features && (features->value & kNotDirectMapped) != 0) proofs.add(false);
  if (features && (features->value & kDirectMapped) != 0) proofs.add(true);
  if (proofs.any()) return proofs.value();
  // With LLC colouring dom0 is never direct-mapped (CDF_directmap is left out, Xen 4.20).
  if (llc_coloring) return false;
  return lines.value();
}

bool Hypervisor::has_direct_map_feature_bit() const {
  return features && (features->value & (kNotDirectMapped | kDirectMapped)) != 0;
}

}  // namespace xic
