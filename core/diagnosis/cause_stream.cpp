// What the IOMMU says of the stream, and the IOMMUs of x86.
#include <algorithm>

#include "core/diagnosis/cause_rules.h"
#include "core/diagnosis/exact_fault.h"
#include "core/diagnosis/words.h"

namespace xic::cause {
namespace {
// GFSR (Arm IHI 0062)
constexpr std::uint64_t kIcf = 1U << 0, kUsf = 1U << 1, kSmcf = 1U << 2;  // GFSR
}  // namespace

Answer vtd(const Case& c) {
  if (c.fault.kind != FaultKind::vtd) return std::nullopt;
  std::string text = "VT-d refused the " + fault_text(c.fault);
  if (!c.fault.reason.empty()) text += ": reason " + c.fault.reason;
  return found(Confidence::high, std::move(text));
}
Answer amdvi(const Case& c) {
  if (c.fault.kind != FaultKind::amdvi) return std::nullopt;
  return found(Confidence::high, "AMD-Vi refused the " + fault_text(c.fault));
}
Answer smmuv3_stream(const Case& c) {
  // 0x02 C_BAD_STREAMID, 0x03 F_STE_FETCH, 0x04 C_BAD_STE, 0x06 F_STREAM_DISABLED,
  // 0x07 F_TRANSL_FORBIDDEN (IHI 0070, event records)
  if (c.fault.kind != FaultKind::smmuv3_event) return std::nullopt;
  const auto record = c.fault.registers.get("evt0");
  const std::uint64_t type = record.value_or(0) & 0xff;
  const bool named = type == 0x02 || type == 0x03 || type == 0x04 || type == 0x06 || type == 0x07;
  if (!named && !is(c, FaultClass::stream_unknown) && !is(c, FaultClass::stream_disabled)) {
    return std::nullopt;
  }
  std::string text = c.fault.iommu + " has no usable stream-table entry";
  if (c.fault.stream_id) text += " for stream " + hex(*c.fault.stream_id);
  return found(Confidence::high, std::move(text));
}
Answer stream_conflict(const Case& c) {
  if (!has(c, FaultClass::stream_conflict, "gfsr", kSmcf)) return std::nullopt;
  return found(Confidence::high, "stream " + hex(c.fault.stream_id.value_or(0)) +
                                     " matches more than " + "one entry of " + c.fault.iommu);
}
Answer unidentified_stream(const Case& c) {
  if (!has(c, FaultClass::stream_unknown, "gfsr", kUsf)) return std::nullopt;
  std::string text = c.fault.iommu + " got DMA from ";
  text += c.fault.stream_id ? "stream " + hex(*c.fault.stream_id) : std::string("a stream");
  return found(Confidence::high, text + " that Xen gave to no domain");
}
Answer invalid_context(const Case& c) {
  if (!has(c, FaultClass::stream_disabled, "gfsr", kIcf)) return std::nullopt;
  std::string text = "stream " + hex(c.fault.stream_id.value_or(0)) + " at " + c.fault.iommu +
                     " has no context any more, or not yet";
  const bool destroyed = happened(c, HypervisorEvent::Kind::domain_destroyed);
  if (destroyed) text += "; a domain was destroyed in this boot";
  return found(Confidence::high, std::move(text));
}
Answer other_global(const Case& c) {
  const bool global =
      c.fault.kind == FaultKind::smmuv2_global || c.fault.kind == FaultKind::smmuv3_gerror;
  if (!global && !is(c, FaultClass::configuration)) return std::nullopt;
  return found(Confidence::medium, c.fault.iommu + " reports a configuration or global error");
}

}  // namespace xic::cause
