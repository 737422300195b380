#include "core/diagnosis/visibility.h"

#include <algorithm>
#include <string_view>

namespace xic {
namespace {

/// Thresholds as drivers/char/console.c names them ("Std. Loglevel: ..."): how much is printed.
enum class Printed : std::uint8_t { nothing, errors, warnings, info, all };

std::optional<Printed> stated_level(const Hypervisor& xen) {
  if (!xen.log_level) return std::nullopt;
  const std::string_view text = xen.log_level->value;
  if (text == "Nothing") return Printed::nothing;
  if (text == "Errors") return Printed::errors;
  if (text == "Errors and warnings") return Printed::warnings;
  if (text == "Errors, warnings and info") return Printed::info;
  if (text == "All") return Printed::all;
  return std::nullopt;
}

/// Where no boot line states it: an option, else the build's default. Unknown gives nothing.
std::optional<Printed> level(const Hypervisor& xen) {
  if (const auto stated = stated_level(xen)) return stated;
  if (xen.command_line) {
    const std::string_view line = xen.command_line->value;
    if (line.find("loglvl=all") != std::string_view::npos ||
        line.find("loglvl=debug") != std::string_view::npos) {
      return Printed::all;
    }
  }
  if (xen.trust.debug_build == true) return Printed::all;
  if (xen.trust.debug_build != false || !xen.version) return std::nullopt;
  // Release builds print INFO by default since 4.18 (8c01f267ef).
  constexpr unsigned kInfoByDefault = 18;
  const Version& version = xen.version->value;
  const bool prints_info =
      version.major > 4 || (version.major == 4 && version.minor >= kInfoByDefault);
  return prints_info ? Printed::info : Printed::warnings;
}

bool uses(const Hypervisor& xen, std::string_view kind) {
  return std::find(xen.iommu_kinds.begin(), xen.iommu_kinds.end(), kind) != xen.iommu_kinds.end();
}

}  // namespace

bool log_level_hides_faults(const Facts& facts) {
  const auto printed = level(facts.hypervisor);
  if (!printed || facts.hypervisor.iommu_enabled() == false) return false;
  // SMMUv3 events are XENLOG_INFO, faults of the other Arm drivers XENLOG_ERR.
  const Printed needed = uses(facts.hypervisor, "SMMUv3") ? Printed::info : Printed::errors;
  return *printed < needed;
}

bool console_was_read(const Facts& facts) {
  return std::any_of(facts.sources.begin(), facts.sources.end(), [](const InputSource& source) {
    return source.recognised_as.find("console") != std::string::npos;
  });
}

bool fault_lines_lost(const Facts& facts) {
  if (facts.lost_console_bytes != 0 || facts.damaged_fault_lines != 0) return true;
  return std::any_of(facts.events.begin(), facts.events.end(), [](const HypervisorEvent& event) {
    return event.kind == HypervisorEvent::Kind::events_lost;
  });
}

}  // namespace xic
