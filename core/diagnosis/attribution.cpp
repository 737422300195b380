#include "core/diagnosis/attribution.h"

#include "core/diagnosis/words.h"

namespace xic {
namespace {

/// public/grant_table.h: GNTTAB_RESERVED_CONSOLE and GNTTAB_RESERVED_XENSTORE.
constexpr GrantRef kConsoleRef{0};
constexpr GrantRef kXenstoreRef{1};

std::string ring_text(const RingRef& ring, const Backend& device) {
  std::string text;
  switch (ring.role) {
    case RingRole::vif_tx:
      text = "tx ring";
      break;
    case RingRole::vif_rx:
      text = "rx ring";
      break;
    case RingRole::vif_ctrl:
      return "control ring";
    case RingRole::console:
      return "console page";
    case RingRole::xenstore:
      return "xenstore page";
    case RingRole::vbd:
    case RingRole::other:
      text = "ring";
      break;
  }
  if (device.queues > 1) text += " of queue " + std::to_string(ring.queue);
  return text;
}

/// Role, backend and life time of the grant that `found` names.
void add_role(const Facts& facts, Attribution* found) {
  if (*found->ref == kConsoleRef || *found->ref == kXenstoreRef) {
    found->role = *found->ref == kConsoleRef ? "console page" : "xenstore page";
    found->long_lived = true;
    return;
  }
  RingRef ring;
  const Backend* device = facts.backends.device_of(*found->granter, *found->ref, &ring);
  // A ring served by another domain is not what dom0 has mapped here.
  if (device == nullptr || device->backend_domain != kDom0) return;
  found->role = ring_text(ring, *device);
  found->backend = device->name();
  found->long_lived = device->connected();
}

/// A dump's time in words; wall and cycle stamps stay with the raw lines.
std::string time_text(Timestamp time) {
  if (time.clock != Clock::xen_boot) return "";
  constexpr std::uint64_t kNsPerS = 1'000'000'000;
  std::string fraction = std::to_string(time.value % kNsPerS / 1000);
  fraction.insert(0, 6 - fraction.size(), '0');
  return std::to_string(time.value / kNsPerS) + '.' + fraction + " s after Xen started";
}

Attribution from(const Facts& facts, Attribution::State state, DomId granter, GrantRef ref) {
  Attribution found;
  found.state = state;
  found.granter = granter;
  found.ref = ref;
  const auto name = facts.backends.domain_names.find(granter);
  if (name != facts.backends.domain_names.end()) found.granter_name = name->second;
  add_role(facts, &found);
  return found;
}

Attribution by_sightings(const Facts& facts, const FaultGroup& fault) {
  const GrantSighting& before = fault.before;
  const GrantSighting& after = fault.after;
  const GrantSighting& seen = before.found ? before : after;
  Attribution found = from(facts, Attribution::State::likely, seen.granter, seen.ref);
  found.seen_at = time_text(seen.dump_time);
  if (before.found && after.found) {
    found.state = Attribution::State::exact;
    found.source = "complete 'g' dumps before and after the fault";
    return found;
  }
  found.source = before.found ? "the complete 'g' dump before the fault"
                              : "the complete 'g' dump after the fault";
  const bool denied = before.found ? after.asked : before.asked;
  if (denied) {
    found.source += before.found ? "; gone in the one after" : "; not in the one before";
  } else if (found.long_lived) {
    found.state = Attribution::State::exact;
    found.source +=
        found.backend.empty() ? ", a reserved ref" : ", a ring of a connected device in xenstore";
  }
  return found;
}

/// "1.204 ms", "3 s"
std::string duration_text(std::uint64_t ns) {
  if (ns >= 10'000'000'000) return std::to_string(ns / 1'000'000'000) + " s";
  if (ns >= 10'000'000) return std::to_string(ns / 1'000'000) + " ms";
  std::string micros = std::to_string(ns / 1000 % 1000);
  micros.insert(0, 3 - micros.size(), '0');
  return std::to_string(ns / 1'000'000) + '.' + micros + " ms";
}

/// netback's unmapping thread "vif1.0-q0-deall" (linux: xen-netback, xenvif_connect_data) names the
/// device and its queue. A program can call itself anything: only a name of the granter's own vif
/// counts.
void add_queue(const TraceSighting& seen, Attribution* found) {
  const std::string begin = "vif" + std::to_string(seen.granter.value()) + '.';
  const std::size_t queue = seen.unmapper.find("-q");
  if (!found->backend.empty() || !seen.unmapper.starts_with(begin) || queue == std::string::npos) {
    return;
  }
  found->backend = seen.unmapper.substr(0, queue);
  const std::size_t end = seen.unmapper.find('-', queue + 2);
  found->role = "packet of queue " + seen.unmapper.substr(queue + 2, end - queue - 2);
}

/// What the flight recorder says: exact where the page was mapped over the whole uncertainty of the
/// fault's time.
Attribution by_recorder(const Facts& facts, const RecordedGrant& recorded) {
  const TraceSighting& seen = recorded.sighting;
  Attribution found;
  if (seen.ref && !recorded.refs_differ) {
    found = from(facts, Attribution::State::likely, seen.granter, *seen.ref);
  } else {
    found.state = Attribution::State::likely;
    found.granter = seen.granter;
    const auto name = facts.backends.domain_names.find(seen.granter);
    if (name != facts.backends.domain_names.end()) found.granter_name = name->second;
  }
  add_queue(seen, &found);
  const std::string width =
      "; the fault's time is known to " + duration_text(seen.at.end - seen.at.begin);
  switch (seen.state) {
    case TraceSighting::State::mapped:
      found.state = Attribution::State::exact;
      found.source = "the flight recorder: mapped " + duration_text(seen.at.begin - seen.mapped) +
                     " before the fault, and ";
      found.source += seen.unmapped
                          ? "unmapped " + duration_text(*seen.unmapped - seen.at.end) + " after it"
                          : "not unmapped since";
      if (recorded.others != 0) {
        found.source += "; so was the page, or may have been, through " +
                        counted(recorded.others, "other grant") + " of the domain";
      }
      found.source += width;
      break;
    case TraceSighting::State::ended:
      found.source = "the flight recorder: unmapped " +
                     duration_text(seen.at.begin - seen.unmapped.value_or(seen.at.begin)) +
                     " before the fault, and not mapped again" + width;
      break;
    case TraceSighting::State::unclear:
    case TraceSighting::State::never:
    case TraceSighting::State::not_covered:
      found.source = "the flight recorder: it was mapped or unmapped about that time" + width;
      break;
  }
  if (recorded.refs_differ) found.source += "; each fault found it granted anew";
  return found;
}

bool recorder_tells(const FaultGroup& fault) {
  if (!fault.recorded) return false;
  const RecordedGrant& all = *fault.recorded;
  return all.mapped + all.ended + all.unclear != 0;
}

/// An answer of 0 means mapped by dom0 or owned by it: only this excludes the latter. Where dom0's
/// banks are known but the host's RAM is not (its boot lines were overwritten), an address outside
/// of them is of no class.
bool not_dom0s_own(const Facts& facts, const AddressInfo& address) {
  if (address.klass == AddressClass::foreign_ram) return true;
  return address.klass == AddressClass::unknown && !facts.memory.dom0_banks.empty();
}

bool granted_by_answer(const Facts& facts, const FaultGroup& fault, bool* at_fault) {
  const Frame frame = frame_of(*fault.iova);
  for (const GrantedNow& answer : facts.granted_now) {
    if (answer.frame != frame || answer.answer != GrantedNow::Answer::granted_or_own) continue;
    *at_fault = answer.at_fault;
    return true;
  }
  return false;
}

/// A request in flight that fits the fault is told and names nobody: when one looks, the fault's
/// own may be done and another's fit by chance. (Under traffic of two guests it was the wrong
/// guest's in two cases of three.)
void add_ring_peek(const Facts& facts, const FaultGroup& fault, Attribution* found) {
  const InFlight* fits = nullptr;
  for (const InFlight& request : facts.in_flight) {
    if (request.iova != *fault.iova) continue;
    if (fits != nullptr && fits->backend != request.backend) return;
    fits = &request;
  }
  if (fits == nullptr) return;
  found->source += ", and a ring peek: a request in flight of " + fits->backend +
                   " fits it, which names no owner";
}

/// How much it names.
int details(const Attribution& found) {
  return (found.granter ? 1 : 0) + (found.granter_name.empty() ? 0 : 1) + (found.ref ? 1 : 0) +
         (found.backend.empty() ? 0 : 1) + (found.long_lived ? 1 : 0);
}

}  // namespace

Attribution attribute(const Facts& facts, const FaultGroup& fault, const AddressInfo& address,
                      const DumpView& dump) {
  Attribution found;
  if (!fault.iova) return found;
  const bool conflict = fault.sightings_differ || (fault.before.found && fault.after.found &&
                                                   !same_grant(fault.before, fault.after));
  bool at_fault = false;
  if (recorder_tells(fault)) {
    if (fault.recorded->differ) {
      found.basis = Attribution::Basis::contradiction;
      found.source =
          "the flight recorder shows the frame granted by different domains at these faults";
    } else {
      found = by_recorder(facts, *fault.recorded);
      found.basis = Attribution::Basis::recorder;
    }
  } else if (conflict) {
    found.basis = Attribution::Basis::contradiction;
    found.source = "the dumps around these faults show different grants of the frame";
  } else if (fault.before.found || fault.after.found) {
    found = by_sightings(facts, fault);
    found.basis = Attribution::Basis::dumps;
  } else if (const Grant* grant = dump.mapped_by_dom0(frame_of(*fault.iova)); grant != nullptr) {
    found = from(facts, Attribution::State::likely, grant->granter, grant->ref);
    found.basis = Attribution::Basis::later_dump;
    found.source = dump.complete() ? "a complete 'g' dump taken later" : "a damaged 'g' dump";
  } else if (not_dom0s_own(facts, address) && granted_by_answer(facts, fault, &at_fault)) {
    found.state = Attribution::State::likely;
    found.basis = Attribution::Basis::answer;
    found.source = at_fault ? "GNTTABOP_cache_flush, asked when the fault arrived"
                            : "GNTTABOP_cache_flush, asked afterwards";
    add_ring_peek(facts, fault, &found);
  }
  if (fault.dom0_error && *fault.dom0_error < facts.dom0_errors.size()) {
    const Dom0Error& error = facts.dom0_errors[*fault.dom0_error];
    found.dom0_device = error.device.empty() ? error.netdev : error.device;
  }
  return found;
}

void keep_attribution(const Attribution& earlier, Attribution* now) {
  const bool contradiction = now->state == Attribution::State::none && !now->source.empty();
  if (contradiction || now->state > earlier.state) return;
  if (now->state == earlier.state && details(*now) > details(earlier)) return;
  std::string device = std::move(now->dom0_device);
  *now = earlier;
  if (now->dom0_device.empty()) now->dom0_device = std::move(device);
}

}  // namespace xic
