// The probe on the host this program runs on.
#pragma once

#include <string>

#include "host/probe/probe.h"

namespace xic {

/// run_probe() with the kernel's tracefs and xen-iommu-probe in `libexec` ("" for where it is
/// installed). For `check --probe` and for the daemon's Probe=; the caller gives the result to
/// Observer::set_probe().
[[nodiscard]] ProbeResult probe_host(const Ports& ports, const Facts& facts, TakeDump take_dump,
                                     const std::string& libexec = "");

}  // namespace xic
