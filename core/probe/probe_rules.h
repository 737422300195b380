// The probe's decisions: where its question is valid, which pages it may touch, what its steps
// mean. See docs/probe.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/diagnosis/facts.h"

namespace xic {

/// What the probe must know about the host beyond Facts.
struct ProbeHost {
  bool dom0 = false;
  bool device_tree = false;  ///< dom0 was booted by device tree, not by ACPI.
};

/// Every reason why "is the entry there?" has no meaning on this host; empty where it is valid.
[[nodiscard]] std::vector<ProbeRefusal> why_invalid(const Facts& facts, const ProbeHost& host);

/// A page that another domain has granted to dom0 and that dom0 keeps mapped.
struct ProbePage {
  Frame frame;
  DomId granter;
  GrantRef ref;
  std::string role;    ///< "console page", "xenstore page", "ring of vif1.0"
  std::string source;  ///< How its frame was learnt.
};

/// Pages of a complete dump that are long-lived by their role: reserved refs, and rings of
/// connected devices that dom0 serves.
[[nodiscard]] std::vector<ProbePage> long_lived(const GrantDump& dump, const Backends& backends);

/// Why `page` must not be touched, or "": dom0's own, or anything that its kernel or Xen's device
/// tree has a claim on. `claimed`: /hypervisor/reg; `own`: dom0's memory nodes.
[[nodiscard]] std::string must_not_touch(const ProbePage& page, const std::string& iomem,
                                         const std::vector<AddressRange>& own,
                                         const std::vector<AddressRange>& claimed);

/// At most `most` of `pages`, one of every domain before a second one of any; a frame only once.
[[nodiscard]] std::vector<ProbePage> spread(const std::vector<ProbePage>& pages, std::size_t most);

inline constexpr std::size_t kProbedPages = 4;
/// With fewer, absence proves nothing.
inline constexpr std::size_t kLeastPages = 2;

/// Answer, frames and detail from the steps taken. Only pages that were granted to dom0 before and
/// after their loads count.
void judge_steps(ProbeResult* result);

/// What dom0's highest guest frame says about a page that it has mapped: below it nothing.
[[nodiscard]] std::string by_maximum_gpfn(Frame highest, const ProbePage& page);

}  // namespace xic
