#include "report/attribution_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/describe.h"
#include "report/layout.h"
#include "report/names.h"

namespace xic::render {
namespace {

using Basis = Attribution::Basis;
using Recorded = TraceSighting::State;

std::string milliseconds(std::uint64_t ns) {
  return fmt::format("{}.{:03} ms", ns / 1'000'000, ns / 1000 % 1000);
}

std::string grant_words(DomId granter, const std::optional<GrantRef>& ref) {
  return ref ? fmt::format("grant {} of d{}", hex(ref->value()), granter.value())
             : fmt::format("a grant of d{}", granter.value());
}

std::string address_line(const AddressInfo& address) {
  std::string text = "Address: ";
  text += address.klass == AddressClass::unknown ? "nothing tells what lies there"
                                                 : std::string(words(address.klass));
  if (!address.detail.empty()) text += ", " + outside(address.detail, 120);
  return text;
}

std::string sighting_line(const TraceSighting& seen) {
  const std::string span = milliseconds(seen.at.end - seen.at.begin);
  const std::string grant = grant_words(seen.granter, seen.ref);
  switch (seen.state) {
    case Recorded::not_covered:
      return "its records do not cover the time of the fault";
    case Recorded::never:
      return "its records cover the time of the fault and show the page mapped neither then nor "
             "before";
    case Recorded::mapped:
      return fmt::format("{}, mapped {} before and {} the {} in which the fault lies", grant,
                         milliseconds(seen.at.begin - seen.mapped),
                         seen.unmapped ? fmt::format("unmapped {} after",
                                                     milliseconds(*seen.unmapped - seen.at.end))
                                       : std::string("not yet unmapped after"),
                         span);
    case Recorded::ended:
      return fmt::format(
          "{}, unmapped {} before the {} in which the fault lies, and not mapped "
          "again then",
          grant, milliseconds(seen.at.begin - seen.unmapped.value_or(seen.at.begin)), span);
    case Recorded::unclear:
      break;
  }
  return fmt::format(
      "{}, mapped or unmapped about the {} in which the fault lies, or records were "
      "missed",
      grant, span);
}

void add_recorder(const FaultGroup& fault, std::vector<std::string>* lines) {
  if (!fault.recorded) {
    lines->push_back("Flight recorder: it has no record of this fault's time");
    return;
  }
  const RecordedGrant& all = *fault.recorded;
  lines->push_back("Flight recorder: " + sighting_line(all.sighting));
  if (all.others != 0) {
    lines->push_back(
        fmt::format("Flight recorder: the page was, or may have been, mapped through "
                    "{} at that time",
                    counted(all.others, "other grant")));
  }
  if (const auto seen = all.mapped + all.ended + all.unclear; seen > 1) {
    lines->push_back(fmt::format(
        "Flight recorder: of {}, {} found the page mapped, {} after it was unmapped, {} undecided",
        counted(seen, "fault"), all.mapped, all.ended, all.unclear));
  }
}

void add_dump(const GrantSighting& seen, std::string_view when, std::vector<std::string>* lines) {
  if (!seen.asked) return;
  lines->push_back(fmt::format(
      "'g' dump {} the fault: {}", when,
      seen.found ? grant_words(seen.granter, seen.ref) : std::string("does not show the page")));
}

void add_answers(const Facts& facts, Frame frame, std::vector<std::string>* lines) {
  for (const GrantedNow& answer : facts.granted_now) {
    if (answer.frame != frame) continue;
    std::string_view said = "granted to dom0, or its own";
    if (answer.answer == GrantedNow::Answer::not_granted) said = "not granted to dom0";
    if (answer.answer == GrantedNow::Answer::free_or_xen) said = "free, or Xen's own";
    lines->push_back(fmt::format("Hypervisor, asked {} (GNTTABOP_cache_flush): {}",
                                 answer.at_fault ? "when the fault was read" : "afterwards", said));
    return;
  }
}

void add_requests(const Facts& facts, Iova iova, std::vector<std::string>* lines) {
  constexpr std::size_t kMostShown = 4;
  std::size_t shown = 0;
  for (const InFlight& request : facts.in_flight) {
    if (request.iova != iova || shown++ == kMostShown) continue;
    lines->push_back(fmt::format("Transmit ring of {}, the guest's own word: {} was in flight",
                                 outside(request.backend, 24),
                                 grant_words(request.domain, request.ref)));
  }
}

bool nothing_asked(const Facts& facts, const FaultGroup& fault, const Attribution& found) {
  const Frame frame = frame_of(*fault.iova);
  return found.basis == Basis::none && !fault.recorded && !fault.before.asked &&
         !fault.after.asked &&
         std::none_of(facts.granted_now.begin(), facts.granted_now.end(),
                      [&](const GrantedNow& answer) { return answer.frame == frame; });
}

std::string_view why_by_recorder(const RecordedGrant& recorded) {
  if (recorded.sighting.state == Recorded::ended) {
    return "likely: whose page it was before; the fault came when it had been given back";
  }
  if (recorded.sighting.state != Recorded::mapped) {
    return "likely: the grant may have begun or ended before the fault";
  }
  return recorded.others != 0
             ? "exact: mapped over the whole time in which the fault can lie; through which of the "
               "domain's grants of the page the device came is not told by anything"
             : "exact: mapped over the whole time in which the fault can lie";
}

std::string_view why(const FaultGroup& fault, const Attribution& found) {
  const bool exact = found.state == Attribution::State::exact;
  switch (found.basis) {
    case Basis::recorder:
      if (fault.recorded) return why_by_recorder(*fault.recorded);
      break;
    case Basis::dumps:
      if (!exact) {
        return "likely: one dump of a data grant, whose page may have been granted anew between "
               "fault and dump";
      }
      return fault.before.found && fault.after.found
                 ? "exact: the same grant before the fault and after it"
                 : "exact: this grant stays as long as its device or its domain";
    case Basis::later_dump:
      return "likely: what a dump shows that does not stand beside the fault";
    case Basis::answer:
      return "likely: granted when asked, which is later than the fault";
    case Basis::contradiction:
      return "none: what is known contradicts itself";
    case Basis::none:
      break;
  }
  return "none: nothing shows the page granted to dom0";
}

}  // namespace

std::vector<std::string> attribution_lines(const Facts& facts, const FaultGroup& fault,
                                           const FaultFinding& finding) {
  std::vector<std::string> lines;
  if (!fault.iova || fault.origin != FaultOrigin::xen) return lines;
  if (nothing_asked(facts, fault, finding.attribution)) return lines;
  lines.push_back(address_line(finding.address));
  add_recorder(fault, &lines);
  add_dump(fault.before, "before", &lines);
  add_dump(fault.after, "after", &lines);
  add_answers(facts, frame_of(*fault.iova), &lines);
  add_requests(facts, *fault.iova, &lines);
  lines.push_back(fmt::format("So it is {}", why(fault, finding.attribution)));
  return lines;
}

}  // namespace xic::render
