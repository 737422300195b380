#include "core/diagnosis/authenticity.h"

#include <algorithm>

namespace xic {
namespace {

bool confirmed_by_hypercall(const Facts& facts, const FaultGroup& fault) {
  if (!fault.iova) return false;
  const Frame frame = frame_of(*fault.iova);
  return std::any_of(facts.granted_now.begin(), facts.granted_now.end(), [&](const auto& answer) {
    return answer.at_fault && answer.frame == frame &&
           answer.answer == GrantedNow::Answer::granted_or_own;
  });
}

/// Why a line that begins "(XEN) " may be a guest's; "" where it cannot. Sources: Xen's
/// drivers/char/console.c, arch/arm/vpl011.c, arch/arm/traps.c (do_debug_trap).
std::string open_door(const LineTrust& trust) {
  if (trust.debug_build == true) return "a debug build lets any guest print raw console bytes";
  if (trust.console_to_ring == true)
    return "console_to_ring lets dom0's console write into the ring";
  if (trust.dom0less_console) return "a dom0less domain's console is printed unfiltered";
  if (!trust.debug_build) return "no banner shows whether this is a debug build";
  if (!trust.console_to_ring) return "Xen's command line was not seen (console_to_ring)";
  return "";
}

}  // namespace

const Dom0Error* joined_error(const Facts& facts, const FaultGroup& fault) {
  if (!fault.dom0_error || *fault.dom0_error >= facts.dom0_errors.size()) return nullptr;
  return &facts.dom0_errors[*fault.dom0_error];
}

Authenticity judge_authenticity(const Facts& facts, const FaultGroup& fault) {
  if (const Dom0Error* error = joined_error(facts, fault); error != nullptr) {
    return {true, "confirmed by dom0's " + (error->driver.empty() ? "driver" : error->driver) +
                      " error next to it"};
  }
  if (confirmed_by_hypercall(facts, fault)) {
    return {true, "the hypervisor confirmed the grant when the fault arrived"};
  }
  if (fault.mid_line) return {false, "it stands in the middle of a line that others began"};
  if (fault.repaired) return {false, "it was put together from a wrapped or quoted text"};
  if (std::string door = open_door(facts.hypervisor.trust); !door.empty()) {
    return {false, std::move(door)};
  }
  return {true,
          "release build, no console_to_ring, no dom0less console: only Xen writes such lines"};
}

}  // namespace xic
