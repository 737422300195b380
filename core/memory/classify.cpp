// What lies at a machine address.
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/memory/memory_map.h"

namespace xic {
namespace {

/// GITS_TRANSLATER, the register that a device writes its MSIs to, lies at this offset from the
/// ITS's base, in its second page of 64 KiB (Arm IHI 0069, 12.20).
constexpr std::uint64_t kDoorbellOffset = 0x1'0040;
constexpr std::uint64_t kDoorbellPage = 0x1'0000;

std::string hex(std::uint64_t value) {
  char digits[16];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value, 16);
  (void)error;  // 16 digits hold any value.
  return "0x" + std::string(digits, end);
}

std::string place(const AddressRange& range) {
  return range.name + " " + hex(range.begin) + "-" + hex(range.end) + " (" + range.source + ")";
}

/// The smallest of the ranges that holds `address`: lists of devices nest.
const AddressRange* find(const std::vector<AddressRange>& ranges, std::uint64_t address) {
  const AddressRange* best = nullptr;
  for (const AddressRange& range : ranges) {
    if (!range.contains(address)) continue;
    if (best == nullptr || range.end - range.begin < best->end - best->begin) best = &range;
  }
  return best;
}

std::string its_detail(const AddressRange& its, std::uint64_t address) {
  const std::uint64_t offset = address - its.begin;
  if (offset == kDoorbellOffset) return "MSI doorbell (GITS_TRANSLATER) of " + place(its);
  if (offset >= kDoorbellPage && offset < kDoorbellPage + 0x1000) {
    return "page of the MSI doorbell of " + place(its);
  }
  return "in " + place(its) + ", offset " + hex(offset);
}

/// Guest-physical space that dom0 maps foreign pages at: it says nothing about the machine address,
/// which is RAM where the host's RAM says so (with the IOMMU off the regions are spare RAM).
bool is_scratch(const AddressRange& range) {
  return range.name == "Xen scratch" || range.name.find("extended region") != std::string::npos;
}

}  // namespace

AddressInfo MemoryMap::classify(Iova address) const {
  const std::uint64_t at = address.value();
  if (const auto* bank = find(dom0_banks, at))
    return {AddressClass::dom0_ram, "in " + place(*bank)};
  if (const auto* range = find(its, at)) return {AddressClass::its, its_detail(*range, at)};
  if (const auto* device = find(devices, at)) return {AddressClass::mmio, "in " + place(*device)};
  const AddressRange* held = find(reserved, at);
  const AddressRange* ram = find(host_ram, at);
  if (held != nullptr && (host_ram.empty() || !is_scratch(*held))) {
    return {AddressClass::reserved, "in " + place(*held)};
  }
  const AddressRange* kernel = find(kernel_ram, at);
  if (ram != nullptr) {
    if (dom0_banks.empty()) {
      return {AddressClass::unknown,
              "in " + place(*ram) + "; whose it is is not known: dom0's banks were not seen"};
    }
    std::string detail = "in " + place(*ram) + ", outside dom0's banks";
    if (kernel != nullptr) detail += "; dom0's kernel hot-plugged " + place(*kernel);
    return {AddressClass::foreign_ram, std::move(detail)};
  }
  if (!host_ram.empty()) {
    std::string detail = "outside the host's RAM and known devices";
    if (held != nullptr) detail += ", in " + place(*held);
    return {AddressClass::not_ram, std::move(detail)};
  }
  if (kernel == nullptr) return {AddressClass::unknown, "the host's memory map was not seen"};
  if (dom0_banks.empty()) {
    return {AddressClass::unknown, "in " + place(*kernel) + "; dom0's banks were not seen"};
  }
  return {AddressClass::unknown, "in " + place(*kernel) +
                                     ", outside dom0's banks: the kernel may have hot-plugged it "
                                     "over another domain's memory"};
}

}  // namespace xic
