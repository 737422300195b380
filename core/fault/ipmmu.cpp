// Renesas IPMMU-VMSA: xen/drivers/passthrough/arm/ipmmu-vmsa.c (4.13 onwards, names the domain) and
// Linux's ipmmu-vmsa, which names none.
#include <limits>
#include <optional>
#include <string_view>

#include "core/fault/family.h"
#include "core/fault/scan.h"
#include "core/scan.h"

namespace xic {
namespace {

using fault_text::Scanner;
using Stage = PendingFault::Stage;
using Number = std::optional<std::uint64_t>;

constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();

bool same_event(const Fault& fault, std::optional<DomId> domain, std::uint64_t iova) {
  return fault.domain == domain && fault.iova == Iova{iova};
}

/// The lines of one interrupt name the same address; Xen prints them in the order MHIT, ABORT,
/// PF or TF, and the last one only for PF or TF. A line of another event ends the wait.
PendingFault* same_interrupt(Assembly* assembly, const Message& m, std::optional<DomId> domain,
                             std::uint64_t iova) {
  PendingFault* const pending = assembly->find(m.origin, m.iommu, Stage::ipmmu);
  if (pending == nullptr || same_event(pending->fault, domain, iova)) return pending;
  assembly->settle(pending);
  return nullptr;
}

Consumed read_single_condition(Assembly* assembly, const Message& m, std::optional<DomId> domain,
                               std::string_view text, std::string_view literal,
                               std::string_view name) {
  Number iova;
  Scanner scanner(text);
  scanner.literal(literal).hex(&iova).word_end();
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    return damaged(assembly, m);
  }
  PendingFault* const pending = same_interrupt(assembly, m, domain, *iova);
  if (pending != nullptr && !pending->fault.registers.get(name)) {
    pending->fault.registers.add(name, 1);
    pending->add_line(m.line, uncertain_author(m.line, m.origin));
    return Consumed::yes;
  }
  Fault fault = new_fault(m.line, FaultKind::ipmmu, m.origin);
  fault.iommu = m.iommu;
  fault.domain = domain;
  fault.iova = Iova{*iova};
  fault.registers.add(name, 1);
  assembly->open(Stage::ipmmu, fault, m.line);
  return Consumed::yes;
}

Consumed read_status(Assembly* assembly, const Message& m, std::optional<DomId> domain,
                     std::string_view text) {
  Number status;
  Number iova;
  Scanner scanner(text);
  scanner.literal("Unhandled fault: status 0x").hex(&status, kMax32).literal(" iova 0x").hex(&iova);
  scanner.word_end();
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    if (!status) return damaged(assembly, m);
  }
  PendingFault* const pending = iova ? same_interrupt(assembly, m, domain, *iova) : nullptr;
  Fault lone = new_fault(m.line, FaultKind::ipmmu, m.origin);
  lone.iommu = m.iommu;
  lone.domain = domain;
  Fault& fault = pending != nullptr ? pending->fault : lone;
  fault.registers = {};  // The register holds what the earlier lines spelled out.
  fault.registers.add("status", *status, 8);
  if (iova) fault.iova = Iova{*iova};
  fault.complete = scanner.ok();
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

Consumed read_ipmmu(Assembly* assembly, const Message& message) {
  std::string_view text = message.text;
  std::optional<DomId> domain;
  if (message.origin == FaultOrigin::xen) {
    // "%pd: ": "d0: ", or "d[IO]: " for a domain that is none.
    const std::size_t name_end = text.starts_with('d') ? text.find(':') : std::string_view::npos;
    if (name_end != std::string_view::npos) {
      Number number;
      Scanner name(text.substr(1, name_end - 1));
      name.decimal(&number, kMax32);
      if (name.ok() && name.at_end()) domain = domain_of(number);
      text = scan::trim_front(text.substr(name_end + 1));
      if (text.empty() && !message.last_chance) return Consumed::needs_more;
    }
  }
  if (text.starts_with("Unhandled")) return read_status(assembly, message, domain, text);
  if (text.starts_with("Multiple TLB")) {
    return read_single_condition(assembly, message, domain, text, "Multiple TLB hits @0x", "mhit");
  }
  if (text.starts_with("Page Table Walk")) {
    return read_single_condition(assembly, message, domain, text, "Page Table Walk Abort @0x",
                                 "abort");
  }
  return read_iommu_event(assembly, message);
}

}  // namespace xic
