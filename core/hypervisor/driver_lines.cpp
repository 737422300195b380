#include "core/hypervisor/driver_lines.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/scan.h"

namespace xic {
namespace {

constexpr std::string_view kFromDriver = "IOMMU driver's messages";

/// What follows "/node: ", with leading blanks gone.
std::string_view after_node(std::string_view text) {
  const std::size_t colon = text.find(": ");
  if (colon == std::string_view::npos) return {};
  return scan::trim_front(text.substr(colon + 2));
}

/// The domain of "dN: p2maddr 0x...".
std::optional<std::uint16_t> domain_with_context(std::string_view message) {
  if (!scan::take(&message, "d")) return std::nullopt;
  const auto domain = scan::take_number<std::uint16_t>(&message);
  if (!message.starts_with(": p2maddr ")) return std::nullopt;
  return domain;
}

}  // namespace

bool DriverLines::consume(const Line& line) {
  std::string_view text = line.text;
  const Origin origin = said(line, Rank::weak);
  if (text.find("disable sharing P2M table between the CPU and IPMMU") != std::string_view::npos &&
      !line.mid_line) {
    store_.ipmmu_sharing_disabled.offer(true, kFromDriver, origin);
  }
  if (text.find("IOMMU p2m table shared with MMU") != std::string_view::npos && !line.mid_line) {
    store_.table_shared.offer(true, "key 'o'", origin);
    return true;
  }
  if (scan::take(&text, "smmu: ")) {
    read_smmu(line, after_node(text), origin);
  } else if (text.starts_with("SMMUv3: ")) {
    const bool refused = text.find("no translation support") != std::string_view::npos;
    note_driver(line, Arch::arm64, "SMMUv3", !refused, origin);
  } else if (text.starts_with("ipmmu: ")) {
    note_driver(line, Arch::arm64, "IPMMU", true, origin);
  } else if (text.starts_with("AMD-Vi: ")) {
    note_driver(line, Arch::x86, "AMD-Vi", false, origin);
  } else if (text.starts_with("Intel VT-d") || text.starts_with("[VT-D]")) {
    note_driver(line, Arch::x86, "VT-d", false, origin);
  } else {
    return false;
  }
  return true;
}

void DriverLines::read_smmu(const Line& line, std::string_view message, Origin origin) {
  note_driver(line, Arch::arm64, {}, true, origin);
  if (line.mid_line) return;
  if (message.starts_with("SMMUv2 with:")) store_.add_kind("SMMUv2", origin);
  if (message.starts_with("SMMUv1 with:")) store_.add_kind("SMMUv1", origin);
  if (scan::take(&message, "registered ")) {
    // The driver took the SMMU. With the "iommus" binding the count may be 0 here (seen on 4.17).
    store_.claim_iommu(true, IommuClaim::Strength::strong, "boot log: SMMU registered", origin);
    return;
  }
  const auto domain = domain_with_context(message);
  if (!domain) return;
  if (*domain == 0) {
    store_.claim_iommu(true, IommuClaim::Strength::strong, "boot log: d0 has a context on an SMMU",
                       origin);
  } else {
    store_.claim_iommu(true, IommuClaim::Strength::hint,
                       "Xen's log: a domain has a context on an SMMU", origin);
  }
}

void DriverLines::note_driver(const Line& line, Arch arch, std::string_view kind, bool in_use,
                              Origin origin) {
  if (!kind.empty()) store_.add_kind(kind, origin);
  if (line.mid_line) return;
  if (!store_.arch.known()) store_.arch.offer(arch, kFromDriver, origin);
  if (in_use) {
    store_.claim_iommu(true, IommuClaim::Strength::hint, kFromDriver, origin);
  }
}

}  // namespace xic
