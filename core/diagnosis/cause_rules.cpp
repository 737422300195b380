#include "core/diagnosis/cause_rules.h"

#include <algorithm>
#include <utility>

#include "core/diagnosis/exact_fault.h"
#include "core/diagnosis/words.h"

namespace xic::cause {

Answer found(Confidence confidence, std::string summary) {
  return Found{confidence, std::move(summary)};
}

bool is(const Case& c, FaultClass wanted) {
  return c.fault.fault_class == wanted;
}
bool has(const Case& c, FaultClass wanted, std::string_view name, std::uint64_t mask) {
  return is(c, wanted) ||
         (is(c, FaultClass::mixed) && (c.fault.registers.get(name).value_or(0) & mask) != 0);
}
bool old_form(const Case& c) {  // Xen 4.6 to 4.11 print no FSR
  return c.fault.kind == FaultKind::smmuv2_context && !c.fault.registers.get("fsr");
}
bool may_be_translation(const Case& c) {
  return is_arm_fault(c.fault) && (is(c, FaultClass::translation) || old_form(c));
}
Confidence at_most(const Case& c, Confidence confidence) {
  return old_form(c) ? std::min(confidence, Confidence::low) : confidence;
}
bool in(const Case& c, AddressClass klass) {
  return c.fault.iova.has_value() && c.finding.address.klass == klass;
}
std::string where(const Case& c) {
  return c.finding.address.detail.empty() ? "" : " (" + c.finding.address.detail + ")";
}
std::string page(const Case& c) {
  return "frame " + hex(frame_of(*c.fault.iova).value());
}

bool happened(const Case& c, HypervisorEvent::Kind kind) {
  return std::any_of(c.all.facts.events.begin(), c.all.facts.events.end(), [&](const auto& event) {
    return event.kind == kind && event.boot == c.fault.boot;
  });
}

}  // namespace xic::cause
