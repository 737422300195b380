// Intel VT-d: xen/drivers/passthrough/vtd/iommu.c, 4.4 to master. Two lines: who wanted what, and
// why it was refused. Only the first names the device, so the second belongs to the one before it.
#include "core/fault/vtd.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "core/fault/family.h"
#include "core/fault/scan.h"
#include "core/scan.h"

namespace xic {
namespace vtd {
namespace {

constexpr std::string_view kDmaReasons[] = {
    "Software",
    "Present bit in root entry is clear",
    "Present bit in context entry is clear",
    "Invalid context entry",
    "Access beyond MGAW",
    "PTE Write access is not set",
    "PTE Read access is not set",
    "Next page table ptr is invalid",
    "Root table address invalid",
    "Context table ptr is invalid",
    "non-zero reserved fields in RTP",
    "non-zero reserved fields in CTP",
    "non-zero reserved fields in PTE",
    "Blocked a DMA translation request",
};
constexpr std::string_view kInterruptReasons[] = {
    "Detected reserved fields in the decoded interrupt-remapped request",
    "Interrupt index exceeded the interrupt-remapping table size",
    "Present field in the IRTE entry is clear",
    "Error accessing interrupt-remapping table pointed by IRTA_REG",
    "Detected reserved fields in the IRTE entry",
    "Blocked a compatibility format interrupt request",
    "Blocked an interrupt request due to source-id verification failure",
};
constexpr std::uint64_t kFirstInterruptReason = 0x20;

}  // namespace

std::string_view reason_text(std::uint64_t number) {
  if (number < std::size(kDmaReasons)) return kDmaReasons[number];
  if (number >= kFirstInterruptReason &&
      number - kFirstInterruptReason < std::size(kInterruptReasons)) {
    return kInterruptReasons[number - kFirstInterruptReason];
  }
  return {};
}

void read_request(fault_text::Scanner* scanner, Request* request) {
  if (scanner->optional("[DMA Read")) request->access = Access::read;
  if (scanner->optional("[DMA Write")) request->access = Access::write;
  if (request->access != Access::unknown) {
    std::string_view pasid;  // Linux: " NO_PASID".
    scanner->until("]", &pasid).literal("] ");
  }
  scanner->literal("Request device [").until("]", &request->device).literal("] ");
  if (scanner->optional("PASID ")) {
    std::string_view pasid;
    scanner->until(" \t", &pasid).literal(" ");
  }
  if (scanner->optional("fault index ")) {
    scanner->optional("0x");
    scanner->hex(&request->index);
  } else {
    scanner->literal("fault addr ");
    scanner->optional("0x");
    scanner->hex(&request->address);
  }
}

ReasonLine::ReasonLine(std::uint64_t number, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto put = [this](std::string_view part) {
    const std::size_t n = std::min(part.size(), buffer_.size() - size_);
    std::copy_n(part.data(), n, buffer_.data() + size_);
    size_ += n;
  };
  put(kDigits.substr((number >> 4) & 0xf, 1));
  put(kDigits.substr(number & 0xf, 1));
  put(" - ");
  put(text);
}

}  // namespace vtd

namespace {

using fault_text::Scanner;
using Stage = PendingFault::Stage;
using Number = std::optional<std::uint64_t>;

/// "DMAR", "INTR-REMAP" and "UNKNOWN" as a number that both lines of an event carry.
enum class Unit : std::uint64_t { dmar, interrupt_remapping, unknown };

Consumed read_request_line(Assembly* assembly, const Message& m, Unit unit, Scanner scanner) {
  vtd::Request request;
  vtd::read_request(&scanner, &request);
  if (scanner.ok() && !scanner.rest().starts_with(',')) scanner.word_end();
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    if (request.device.empty()) return damaged(assembly, m);
  }
  Fault fault = new_fault(m.line, FaultKind::vtd, m.origin);
  fault.device = request.device;
  fault.access = request.access;
  if (request.address) fault.iova = Iova{*request.address};
  if (request.index) fault.registers.add("index", *request.index);
  fault.complete = scanner.ok();
  PendingFault& pending = assembly->open(Stage::vtd, fault, m.line);
  pending.words[0] = static_cast<std::uint64_t>(unit);
  return Consumed::yes;
}

Consumed take_reason(Assembly* assembly, const Message& m, Unit unit, std::uint64_t number,
                     std::string_view text) {
  // From 2026 on: "... on iommu:%u".
  std::string_view iommu;
  constexpr std::string_view kOn = " on iommu:";
  const std::size_t on = text.rfind(kOn);
  if (on != std::string_view::npos) {
    iommu = scan::trim(text.substr(on + 4));
    text = text.substr(0, on);
  }
  text = scan::trim(text);
  const std::string_view known = vtd::reason_text(number);
  if (text.size() < known.size() && known.starts_with(text) && !m.last_chance) {
    return Consumed::needs_more;
  }
  const vtd::ReasonLine reason(number, text);
  PendingFault* pending = assembly->find(m.origin, {}, Stage::vtd);
  if (pending != nullptr && pending->words[0] != static_cast<std::uint64_t>(unit)) {
    assembly->settle(pending);
    pending = nullptr;
  }
  Fault lone = new_fault(m.line, FaultKind::vtd, m.origin);
  lone.complete = false;
  Fault& fault = pending != nullptr ? pending->fault : lone;
  fault.registers.add("reason", number, 2);
  fault.reason = reason.view();
  fault.iommu = iommu;
  if (pending != nullptr) {
    pending->add_line(m.line, uncertain_author(m.line, m.origin));
    assembly->deliver(fault);
    assembly->drop(pending);
  } else {
    assembly->deliver(fault);
  }
  return Consumed::yes;
}

}  // namespace

Consumed read_vtd(Assembly* assembly, const Message& message) {
  Scanner scanner(message.text);
  const bool prefixed = scanner.optional("[VT-D]");
  if (prefixed) {
    // 4.4 prints through dprintk: "[VT-D]iommu.c:880: DMAR:[...".
    const std::string_view rest = scanner.rest();
    const std::size_t blank = rest.find(' ');
    const std::size_t file = rest.find(".c:");
    if (file != std::string_view::npos && file < blank && blank != std::string_view::npos) {
      scanner = Scanner(rest.substr(blank + 1));
    }
  }
  Unit unit = Unit::unknown;
  if (scanner.optional("DMAR:")) {
    unit = Unit::dmar;
  } else if (scanner.optional("INTR-REMAP:")) {
    unit = Unit::interrupt_remapping;
  } else if (!prefixed || !scanner.optional("UNKNOWN:")) {
    return Consumed::no;
  }
  const std::string_view body = scan::trim_front(scanner.rest());
  if (body.empty() || body == "[DMA" || body == "[fault" || body == "reason") {
    return message.last_chance ? Consumed::no : Consumed::needs_more;
  }
  if (body.starts_with("[DMA ") || body.starts_with("Request")) {
    return read_request_line(assembly, message, unit, Scanner(body));
  }
  Number number;
  if (body.starts_with("[fault")) {  // 4.4: "DMAR:[fault reason 05h] text".
    Scanner reason(body);
    reason.literal("[fault reason ").hex(&number, 0xff);
    reason.optional("h");
    reason.literal("] ");
    if (!reason.ok()) {
      if (const auto answer = not_yet(message, reason.state())) return *answer;
      return damaged(assembly, message);
    }
    return take_reason(assembly, message, unit, *number, reason.rest());
  }
  if (body.starts_with("reason")) {
    Scanner reason(body);
    reason.literal("reason ").hex(&number, 0xff).literal(" - ");
    if (!reason.ok()) {
      if (const auto answer = not_yet(message, reason.state())) return *answer;
      return damaged(assembly, message);
    }
    return take_reason(assembly, message, unit, *number, reason.rest());
  }
  return Consumed::no;
}

}  // namespace xic
