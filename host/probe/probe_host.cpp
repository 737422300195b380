#include "host/probe/probe_host.h"

#include <utility>

#include "host/probe/spawned_loader.h"
#include "host/recorder/flight_recorder.h"

namespace xic {

ProbeResult probe_host(const Ports& ports, const Facts& facts, TakeDump take_dump,
                       const std::string& libexec) {
  MountedTracefs tracefs;
  FlightRecorder recorder(&tracefs);
  SpawnedLoader loader((libexec.empty() ? std::string(XIC_LIBEXECDIR) : libexec) +
                       "/xen-iommu-probe");
  return run_probe(
      {ports.hypervisor, ports.grants, ports.system, &recorder, &loader, std::move(take_dump)},
      facts);
}

}  // namespace xic
