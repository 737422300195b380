// AMD-Vi: xen/drivers/passthrough/amd/iommu_init.c, up to 4.13 and from 4.14 on. One line per
// event.
#include "core/fault/amdvi.h"

#include <array>
#include <limits>
#include <optional>
#include <string_view>

#include "core/fault/family.h"
#include "core/fault/scan.h"
#include "core/scan.h"

namespace xic {
namespace amdvi {

Access access_of(std::uint64_t flags) {
  if ((flags & kPresent) == 0 || (flags & (kInterrupt | kTranslationRequest)) != 0) {
    return Access::unknown;
  }
  return (flags & kWrite) != 0 ? Access::write : Access::read;
}

void apply_flags(Fault* fault, std::uint64_t flags, std::uint8_t digits) {
  fault->registers.add("flags", flags, digits);
  fault->access = access_of(flags);
}

}  // namespace amdvi

namespace {

using fault_text::Scanner;
using Number = std::optional<std::uint64_t>;

constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kMax16 = std::numeric_limits<std::uint16_t>::max();

/// "00:14.0" of a device id; the segment is not printed by the old form.
class DeviceName {
 public:
  explicit DeviceName(std::uint64_t id) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text_ = {kDigits[(id >> 12) & 0xf], kDigits[(id >> 8) & 0xf], ':',
             kDigits[(id >> 7) & 0x1],  kDigits[(id >> 3) & 0xf], '.',
             kDigits[id & 0x7]};
  }
  [[nodiscard]] std::string_view view() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 7> text_{};
};

/// Up to 4.13: "domain = %d, device id = %#x, fault address = %#lx, flags = %#x".
Consumed read_old_page_fault(Assembly* assembly, const Message& m, Scanner scanner) {
  Number domain;
  Number device;
  Number address;
  Number flags;
  scanner.literal("domain = ").decimal(&domain, kMax32).literal(", device id = ");
  scanner.optional("0x");  // "%#x" prints a plain 0 for zero.
  scanner.hex(&device, kMax16).literal(", fault address = ");
  scanner.optional("0x");
  scanner.hex(&address).literal(", flags = ");
  scanner.optional("0x");
  scanner.hex(&flags, kMax32).word_end();
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    if (!address) return damaged(assembly, m);
  }
  Fault fault = new_fault(m.line, FaultKind::amdvi, m.origin);
  const DeviceName name(device.value_or(0));
  if (device) fault.device = name.view();
  fault.domain = domain_of(domain);
  fault.iova = Iova{*address};
  if (flags) amdvi::apply_flags(&fault, *flags, 0);
  fault.complete = scanner.ok();
  assembly->deliver(fault);
  return Consumed::yes;
}

/// From 4.14 on: "%pp d%u addr %016lx flags %#x" and the names of the flags.
Consumed read_page_fault(Assembly* assembly, const Message& m, Scanner scanner) {
  Fault fault = new_fault(m.line, FaultKind::amdvi, m.origin);
  Number domain;
  Number address;
  Number flags;
  scanner.until(" \t", &fault.device).literal(" d").decimal(&domain, kMax32);
  scanner.literal(" addr ").hex(&address).literal(" flags ");
  scanner.optional("0x");
  scanner.hex(&flags, kMax32).word_end();
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    if (!address) return damaged(assembly, m);
  }
  fault.domain = domain_of(domain);
  fault.iova = Iova{*address};
  if (flags) amdvi::apply_flags(&fault, *flags, 0);
  if (scanner.ok()) fault.reason = scan::trim(scanner.rest());
  fault.complete = scanner.ok();
  assembly->deliver(fault);
  return Consumed::yes;
}

constexpr std::string_view kOtherEvents[] = {
    "ILLEGAL_DEV_TABLE_ENTRY", "DEV_TABLE_HW_ERROR", "PAGE_TABLE_HW_ERROR", "ILLEGAL_COMMAND_ERROR",
    "COMMAND_HW_ERROR",        "IOTLB_INV_TIMEOUT",  "INVALID_DEV_REQUEST",
};

/// "ILLEGAL_DEV_TABLE_ENTRY %08x %08x %08x %08x": events that Xen does not decode.
Consumed read_other_event(Assembly* assembly, const Message& m, std::string_view text) {
  static constexpr std::array<std::string_view, 4> kWords = {"evt0", "evt1", "evt2", "evt3"};
  for (const std::string_view name : kOtherEvents) {
    Scanner scanner(text);
    if (!scanner.optional(name)) continue;
    std::array<Number, 4> words;
    for (Number& word : words) scanner.literal(" ").hex(&word, kMax32);
    scanner.word_end();
    if (!scanner.ok()) {
      if (const auto answer = not_yet(m, scanner.state())) return *answer;
      return damaged(assembly, m);
    }
    Fault fault = new_fault(m.line, FaultKind::amdvi, m.origin);
    fault.reason = name;
    for (std::size_t i = 0; i < words.size(); ++i) fault.registers.add(kWords[i], *words[i], 8);
    assembly->deliver(fault);
    return Consumed::yes;
  }
  return Consumed::no;
}

}  // namespace

Consumed read_amdvi(Assembly* assembly, const Message& message) {
  Scanner scanner(message.text);
  scanner.optional("AMD-Vi: ");
  if (!scanner.rest().starts_with("IO_PAGE_FAULT")) {
    return read_other_event(assembly, message, scanner.rest());
  }
  scanner.literal("IO_PAGE_FAULT: ");
  if (!scanner.ok()) {
    if (const auto answer = not_yet(message, scanner.state())) return *answer;
    return damaged(assembly, message);
  }
  return scanner.rest().starts_with("domain") ? read_old_page_fault(assembly, message, scanner)
                                              : read_page_fault(assembly, message, scanner);
}

}  // namespace xic
