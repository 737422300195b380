// What a host answered, as values that can be recorded and told to an observer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/diagnosis/facts.h"
#include "core/grant/clock_relation.h"
#include "core/hypervisor/answers.h"
#include "core/memory/memory_map.h"
#include "core/observer.h"

namespace xic {

/// A sysctl that the hypervisor answered to.
struct SysctlAnswer {
  std::uint32_t number = 0;
  bool bridged = false;  ///< libxenctrl is of another release; libxencall was used.
  std::string source;
};

/// XENFEAT words, where nothing else of the identity is known.
struct FeatureAnswer {
  std::uint64_t words = 0;
  std::string source;
};

struct PhysicalAnswer {
  PhysicalInfo info;
  std::string source;
};

struct KernelAnswer {
  std::string release;  ///< `uname -r` of dom0.
  std::string source;
};

/// Memory nodes of dom0's device tree.
struct BootMemory {
  std::vector<AddressRange> nodes;
};

/// `reg` of its /hypervisor node.
struct XenRegions {
  std::vector<AddressRange> regions;
};

/// The console went on in a new text, for bytes in between were lost.
struct ConsoleGap {
  std::string text;  ///< Name of the document behind the gap.
  std::uint64_t bytes = 0;
};

/// A grant dump that Xen printed within a known span of the flight recorder's clock: it relates the
/// clocks.
struct TimedDump {
  std::uint64_t first_line_ns = 0;  ///< Stamps of its first and its last line, Xen's boot time.
  std::uint64_t last_line_ns = 0;
  TimeSpan printed;  ///< On the recorder's clock.
};

/// The flight recorder ran, and what it held is a text of the record.
struct GrantRecords {
  std::string text;              ///< Name of that document.
  std::uint64_t read_at_ns = 0;  ///< When it was read, on the recorder's clock.
  std::uint64_t missed = 0;      ///< See RecorderState.
  std::uint32_t drift_ppm = kUnknownDriftPpm;
  std::optional<TimedDump> dump;  ///< Nothing where the clocks were not related.
};

using Observation =
    std::variant<XenIdentity, SysctlAnswer, FeatureAnswer, PhysicalAnswer, KernelAnswer, BootMemory,
                 XenRegions, ConsoleGap, GrantedNow, InFlight, ProbeResult, GrantRecords>;

/// Tells `observer`. A ConsoleGap and GrantRecords say nothing by themselves: they belong to texts.
void tell(const Observation& observation, Observer* observer);

/// One thing that was asked for.
struct Attempt {
  std::string what;   ///< "console ring"
  std::string limit;  ///< Of knowledge/limits.toml: what is not seen where it failed.
  bool ok = true;
  std::string error;  ///< Why it failed, and what the user can do; "" where it did not.
};

/// The limit of an attempt that failed.
[[nodiscard]] Limit limit_of(const Attempt& attempt);

}  // namespace xic
