// The snapshot a diagnosis is made from. Everything that was seen, nothing that was concluded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/fault/fault.h"
#include "core/grant/grant.h"
#include "core/hypervisor/hypervisor.h"
#include "core/memory/memory_map.h"

namespace xic {

enum class InputMode : std::uint8_t { live, capture, log, image };

/// One thing that was read: a file, a section of a capture, a port.
struct InputSource {
  std::string name;
  std::uint64_t bytes = 0;
  std::string recognised_as;  ///< "console text", "xl info", "xenstore listing", "iomem" ...
};

/// Something that could not be seen. `id` is one of knowledge/limits.toml.
struct Limit {
  std::string id;
  std::string what;
  std::string detail;
};

/// One step of the probe, in the order taken: with them the answer can be followed and repeated by
/// hand (docs/probe.md).
struct ProbeStep {
  enum class Kind : std::uint8_t {
    learnt,  ///< Which frame is behind a grant that dom0 keeps mapped.
    asked,   ///< Is it granted to dom0 now? (GNTTABOP_cache_flush)
    loaded,  ///< One load at gfn == mfn, in a child.
  } kind = Kind::learnt;
  enum class Outcome : std::uint8_t {
    known,        ///< learnt
    left_out,     ///< learnt, but must not be touched; see detail.
    granted,      ///< asked
    not_granted,  ///< asked
    present,      ///< loaded
    absent,       ///< loaded
    no_answer,    ///< asked or loaded; see detail.
  } outcome = Outcome::known;
  Frame frame;
  DomId granter;
  GrantRef ref;
  std::string detail;
};

/// Why the probe's question would be meaningless, or could not be asked here.
struct ProbeRefusal {
  std::string id;      ///< "iommu_off", "no_guest" ...: stable.
  std::string why;     ///< One sentence.
  std::string remedy;  ///< What would make it possible, or "".
};

/// The probe's answer: is the entry gfn == mfn there for pages that dom0 has mapped?
struct ProbeResult {
  enum class Answer : std::uint8_t {
    present,
    absent,
    mixed,
    not_possible
  } answer = Answer::not_possible;
  bool valid_host = false;   ///< The host met every condition under which the answer decides.
  std::uint32_t frames = 0;  ///< That the answer rests on.
  std::string detail;
  std::string source;
  std::vector<ProbeStep> steps{};
  std::vector<ProbeRefusal> refusals{};
  std::vector<std::string> weaker_signs{};  ///< What can be said without a load, in words.
};

/// "Is this frame granted to dom0 now?" answered by GNTTABOP_cache_flush.
struct GrantedNow {
  Frame frame;
  enum class Answer : std::uint8_t {
    granted_or_own,
    not_granted,
    free_or_xen
  } answer = Answer::not_granted;
  bool at_fault = false;  ///< Asked at once when the fault arrived, not afterwards.
  std::string source;
};

/// A transmit request that stood in a vif's ring when a fault was looked into, and whose bytes take
/// in the fault's place within its page. The guest's own word: a hint at the granter, no more.
struct InFlight {
  Iova iova;  ///< Of the fault.
  DomId domain;
  GrantRef ref;
  std::string backend;    ///< "vif1.0"
  bool at_fault = false;  ///< Looked at once when the fault arrived, not afterwards.
};

struct Facts {
  InputMode mode = InputMode::log;
  bool root = false;
  std::vector<InputSource> sources;
  Hypervisor hypervisor;
  MemoryMap memory;
  Backends backends;
  std::optional<GrantDump> latest_dump;  ///< The latest complete dump of the last boot, else the
                                         ///< latest damaged one.
  std::uint32_t complete_dumps = 0;
  std::uint32_t damaged_dumps = 0;
  std::uint32_t last_boot = 0;     ///< The boot (FaultGroup::boot) that `hypervisor` describes.
  std::vector<FaultGroup> faults;  ///< Xen's, in order of first appearance.
  std::vector<FaultGroup> foreign_faults;  ///< Linux's own.
  std::vector<Dom0Error> dom0_errors;      ///< Bounded by Dom0ErrorLog; the rest is a limit.
  std::vector<HypervisorEvent> events;     ///< Bounded by EventLog; the rest is a limit.
  std::optional<ProbeResult> probe;
  std::vector<GrantedNow> granted_now;
  std::vector<InFlight> in_flight;
  std::optional<std::string> dom0_kernel;  ///< "5.10.0-32-arm64"
  std::uint64_t lost_console_bytes = 0;    ///< Between reads, since the cursor.
  std::uint64_t damaged_fault_lines = 0;   ///< Began like a fault and could not be read.
  std::vector<Limit> limits;               ///< Found while reading; diagnosis adds its own.
};

}  // namespace xic
