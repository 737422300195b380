#include "report/names.h"

#include <algorithm>

namespace xic::render {

std::string_view token(FaultKind kind) {
  switch (kind) {
    case FaultKind::smmuv2_context:
      return "smmuv2_context";
    case FaultKind::smmuv2_global:
      return "smmuv2_global";
    case FaultKind::smmuv3_event:
      return "smmuv3_event";
    case FaultKind::smmuv3_gerror:
      return "smmuv3_gerror";
    case FaultKind::ipmmu:
      return "ipmmu";
    case FaultKind::vtd:
      return "vtd";
    case FaultKind::amdvi:
      return "amdvi";
  }
  return "smmuv2_context";
}

std::string_view token(FaultOrigin origin) {
  return origin == FaultOrigin::linux_kernel ? "linux" : "xen";
}

std::string_view token(Access access) {
  switch (access) {
    case Access::read:
      return "read";
    case Access::write:
      return "write";
    case Access::instruction:
      return "instruction";
    case Access::unknown:
      break;
  }
  return "unknown";
}

std::string_view token(AddressClass klass) {
  switch (klass) {
    case AddressClass::dom0_ram:
      return "dom0_ram";
    case AddressClass::foreign_ram:
      return "foreign_ram";
    case AddressClass::mmio:
      return "mmio";
    case AddressClass::its:
      return "its";
    case AddressClass::reserved:
      return "reserved";
    case AddressClass::not_ram:
      return "not_ram";
    case AddressClass::unknown:
      break;
  }
  return "unknown";
}

std::string_view token(Attribution::State state) {
  switch (state) {
    case Attribution::State::exact:
      return "exact";
    case Attribution::State::likely:
      return "likely";
    case Attribution::State::none:
      break;
  }
  return "none";
}

std::string_view token(InputMode mode) {
  switch (mode) {
    case InputMode::live:
      return "live";
    case InputMode::capture:
      return "capture";
    case InputMode::image:
      return "image";
    case InputMode::log:
      break;
  }
  return "log";
}

std::string_view token(HypervisorEvent::Kind kind) {
  switch (kind) {
    case HypervisorEvent::Kind::cmd_sync_timeout:
      return "cmd_sync_timeout";
    case HypervisorEvent::Kind::tlb_sync_timeout:
      return "tlb_sync_timeout";
    case HypervisorEvent::Kind::events_lost:
      return "events_lost";
    case HypervisorEvent::Kind::iommu_map_failed:
      return "iommu_map_failed";
    case HypervisorEvent::Kind::deassign_failed:
      return "deassign_failed";
    case HypervisorEvent::Kind::assigned:
      return "assigned";
    case HypervisorEvent::Kind::init_failed:
      return "init_failed";
    case HypervisorEvent::Kind::hypervisor_crash:
      return "hypervisor_crash";
    case HypervisorEvent::Kind::guest_abort:
      return "guest_abort";
    case HypervisorEvent::Kind::domain_destroyed:
      return "domain_destroyed";
    case HypervisorEvent::Kind::suppressed:
      return "suppressed";
    case HypervisorEvent::Kind::swiotlb:
      return "swiotlb";
    case HypervisorEvent::Kind::self_grant:
      return "self_grant";
  }
  return "hypervisor_crash";
}

std::string_view token(RingRole role) {
  switch (role) {
    case RingRole::vif_tx:
      return "vif_tx";
    case RingRole::vif_rx:
      return "vif_rx";
    case RingRole::vif_ctrl:
      return "vif_ctrl";
    case RingRole::vbd:
      return "vbd";
    case RingRole::console:
      return "console";
    case RingRole::xenstore:
      return "xenstore";
    case RingRole::other:
      break;
  }
  return "other";
}

std::string_view token(ProbeResult::Answer answer) {
  switch (answer) {
    case ProbeResult::Answer::present:
      return "present";
    case ProbeResult::Answer::absent:
      return "absent";
    case ProbeResult::Answer::mixed:
      return "mixed";
    case ProbeResult::Answer::not_possible:
      break;
  }
  return "not_possible";
}

std::string_view token(Arch arch) {
  switch (arch) {
    case Arch::arm64:
      return "arm64";
    case Arch::arm32:
      return "arm32";
    case Arch::x86:
      break;
  }
  return "x86";
}

std::string_view words(AddressClass klass) {
  switch (klass) {
    case AddressClass::dom0_ram:
      return "dom0's own RAM";
    case AddressClass::foreign_ram:
      return "RAM that is not dom0's";
    case AddressClass::mmio:
      return "a device's registers";
    case AddressClass::its:
      return "the interrupt controller's ITS";
    case AddressClass::reserved:
      return "reserved memory";
    case AddressClass::not_ram:
      return "no RAM and no known device";
    case AddressClass::unknown:
      break;
  }
  return "unknown memory";
}

std::string_view words(RingRole role) {
  switch (role) {
    case RingRole::vif_tx:
      return "tx ring";
    case RingRole::vif_rx:
      return "rx ring";
    case RingRole::vif_ctrl:
      return "control ring";
    case RingRole::vbd:
      return "ring";
    case RingRole::console:
      return "console page";
    case RingRole::xenstore:
      return "xenstore page";
    case RingRole::other:
      break;
  }
  return "ring";
}

std::string_view words(VerdictState state) {
  switch (state) {
    case VerdictState::affected:
      return "AFFECTED";
    case VerdictState::likely_affected:
      return "LIKELY AFFECTED";
    case VerdictState::dormant:
      return "DORMANT";
    case VerdictState::not_affected:
      return "NOT AFFECTED";
    case VerdictState::unknown:
      break;
  }
  return "UNKNOWN";
}

Sign sign_of(int exit_code) {
  switch (exit_code) {
    case 0:
      return {"✓", "[OK]"};
    case 1:
      return {"!", "[!]"};
    case 2:
      return {"✗", "[FAIL]"};
    default:
      return {"?", "[?]"};
  }
}

std::string spaced(std::string_view token) {
  std::string text(token);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

}  // namespace xic::render
