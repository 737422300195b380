// One reader per IOMMU family. Each takes a message whose driver prefix is known.
#pragma once

#include <string_view>

#include "core/console/line.h"
#include "core/fault/assembly.h"
#include "core/fault/scan.h"

namespace xic {

/// A message with what its prefix told.
struct Message {
  const Line& line;
  FaultOrigin origin = FaultOrigin::xen;
  std::string_view iommu;   ///< Device-tree node, or Linux's device name.
  std::string_view text;    ///< Behind the prefix, leading blanks removed.
  bool last_chance = true;  ///< Nothing can be added: take what there is.
  bool* misfit = nullptr;   ///< Set where `text` begins like a fault and goes on like none.
};

/// What to answer where `state` is short of Match::yes and more text may come. Nothing: take what
/// there is.
[[nodiscard]] inline std::optional<Consumed> not_yet(const Message& m, fault_text::Match state) {
  if (state == fault_text::Match::no) *m.misfit = true;
  if (state == fault_text::Match::cut && !m.last_chance) return Consumed::needs_more;
  return std::nullopt;
}

/// Counts a line that began like a fault of Xen's and could not be read.
inline Consumed damaged(Assembly* assembly, const Message& m) {
  if (m.origin == FaultOrigin::xen) assembly->count_damaged();
  return Consumed::yes;
}

[[nodiscard]] inline std::optional<DomId> domain_of(std::optional<std::uint64_t> number) {
  // public/xen.h: DOMID_FIRST_RESERVED is 0x7ff0; those name no domain.
  if (!number || *number >= 0x7ff0) return std::nullopt;
  return DomId{static_cast<std::uint16_t>(*number)};
}

Consumed read_smmuv2(Assembly* assembly, const Message& message);
Consumed read_smmuv3(Assembly* assembly, const Message& message);
Consumed read_ipmmu(Assembly* assembly, const Message& message);
/// `text` begins with "[VT-D]", "DMAR:[" or "INTR-REMAP:".
Consumed read_vtd(Assembly* assembly, const Message& message);
/// `text` begins with "AMD-Vi: " or one of the event names.
Consumed read_amdvi(Assembly* assembly, const Message& message);
/// Linux's own IOMMU drivers, on any line that Xen did not print.
Consumed read_linux_native(Assembly* assembly, const Message& message);

/// What an Arm IOMMU driver of Xen's says besides faults: assignments, time-outs, refusals.
Consumed read_iommu_event(Assembly* assembly, const Message& message);
/// Things Xen and dom0's kernel say that explain faults.
Consumed read_hypervisor_event(Assembly* assembly, const Line& line, std::string_view text,
                               bool last_chance);
Consumed read_dom0_event(Assembly* assembly, const Line& line, std::string_view text);
/// Errors of dom0's drivers.
Consumed read_dom0_error(Assembly* assembly, const Line& line, std::string_view text,
                         bool last_chance);

// What is made of an event whose other lines did not come.
void settle_context_precursor(PendingFault* pending);
void settle_smmuv3_event(PendingFault* pending);
/// False where the words cannot be read as an event.
[[nodiscard]] bool settle_stray_words(PendingFault* pending);

/// An event of `kind` at `line`.
[[nodiscard]] SeenEvent new_event(HypervisorEvent::Kind kind, const Line& line,
                                  std::string_view message);

}  // namespace xic
