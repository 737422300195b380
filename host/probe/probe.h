// The probe, step by step, over the ports: docs/probe.md.
#pragma once

#include <functional>
#include <optional>

#include "core/diagnosis/facts.h"
#include "host/ports.h"

namespace xic {

/// Takes one 'g' dump and gives it, or nothing where that is not wanted or failed.
using TakeDump = std::function<std::optional<GrantDump>()>;

struct ProbeTools {
  HypervisorInfo* hypervisor;
  GrantTables* grants;
  Dom0System* system;
  GrantRecorder* recorder;  ///< Started and stopped here unless it is recording already.
  FrameLoader* loader;
  TakeDump take_dump;  ///< Asked only where the recorder shows too few pages. May be empty.
};

/// Runs it. `facts`: what is known of this host now, the xenstore listing included. Every failure
/// is a part of the answer: the result says what was done, what refused, and what would make it
/// possible.
[[nodiscard]] ProbeResult run_probe(const ProbeTools& tools, const Facts& facts);

}  // namespace xic
