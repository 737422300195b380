// Granted pages: proof of the regression, and what else looks like it.
#include <algorithm>

#include "core/diagnosis/cause_rules.h"
#include "core/diagnosis/exact_fault.h"
#include "core/diagnosis/words.h"

namespace xic::cause {
Answer proved_regression(const Case& c) {
  if (!c.finding.accuses) return std::nullopt;
  const std::string text = page(c) + " was " + grant_text(c.all.facts, c.finding.attribution) +
                           ", mapped by dom0, yet dom0's IOMMU table had no entry";
  if (c.verdict.state == VerdictState::affected) return found(Confidence::high, text);
  return found(Confidence::medium, text + "; this contradicts what the hypervisor says of itself");
}
Answer map_failed(const Case& c) {
  if (!may_be_translation(c) || !c.fault.iova) return std::nullopt;
  // "d0: IOMMU mapping dfn 97f75 to mfn 97f75 failed: -12" (passthrough/iommu.c; hex with or
  // without 0x).
  const std::string digits = hex(frame_of(*c.fault.iova).value()).substr(2);
  for (const HypervisorEvent& event : c.all.facts.events) {
    if (event.kind != HypervisorEvent::Kind::iommu_map_failed || event.boot != c.fault.boot)
      continue;
    std::string_view rest = event.message;
    const auto at = rest.find("mfn ");
    if (at == std::string_view::npos) continue;
    rest.remove_prefix(at + 4);
    if (rest.starts_with("0x")) rest.remove_prefix(2);
    while (rest.starts_with('0')) rest.remove_prefix(1);
    if (rest.substr(0, rest.find(' ')) == digits) {
      return found(Confidence::high, "Xen could not make the IOMMU entry of " + page(c));
    }
  }
  return std::nullopt;
}

Answer regression_by_build(const Case& c) {
  if (!c.finding.signature) return std::nullopt;
  const bool affected = c.verdict.state == VerdictState::affected;
  if (!affected && c.verdict.state != VerdictState::likely_affected) return std::nullopt;
  const std::string grant = grant_text(c.all.facts, c.finding.attribution);
  std::string text = "fits: a page of another domain";
  if (!grant.empty()) text += ", " + grant;
  text += affected ? ", on an affected hypervisor" : ", on a hypervisor that is likely affected";
  const bool better = affected || c.finding.attribution.state != Attribution::State::none;
  return found(better ? Confidence::medium : Confidence::low, std::move(text));
}
Answer prefetch(const Case& c) {
  constexpr std::uint64_t kPrefetch = 64;  // one burst of a NIC's descriptor or data prefetch
  if (!is(c, FaultClass::translation) || !c.fault.iova || c.fault.access == Access::write) {
    return std::nullopt;
  }
  if (c.finding.attribution.state != Attribution::State::none) return std::nullopt;
  const Frame frame = frame_of(*c.fault.iova);
  if (frame.value() == 0 || (c.fault.iova->value() & kPageMask) >= kPrefetch) return std::nullopt;
  const Grant* previous = c.all.dump.mapped_by_dom0(Frame{frame.value() - 1});
  if (previous == nullptr) return std::nullopt;
  return found(Confidence::medium, "the access is " +
                                       std::to_string(c.fault.iova->value() & kPageMask) +
                                       " bytes past the end of a page granted by " +
                                       domain_text(c.all.facts, previous->granter));
}
/// The hypervisor said so when one of the faults arrived.
bool granted_at_a_fault(const Case& c) {
  return std::any_of(c.all.facts.granted_now.begin(), c.all.facts.granted_now.end(),
                     [&](const auto& answer) {
                       return answer.at_fault && answer.frame == frame_of(*c.fault.iova) &&
                              answer.answer == GrantedNow::Answer::granted_or_own;
                     });
}
/// Whether, by whoever looked after the fault, the page was no longer granted. A packet's grant
/// lives for milliseconds and one looks later than that, so what is gone then may have been mapped
/// at the fault: only the flight recorder tells the two apart.
std::optional<std::string> gone_afterwards(const Case& c) {
  // Mapped at that time or about it, by the records: what was answered later decides nothing.
  if (c.fault.recorded && c.fault.recorded->mapped + c.fault.recorded->unclear != 0) {
    return std::nullopt;
  }
  const Frame frame = frame_of(*c.fault.iova);
  // Granted at one fault and not at another: of the first it would be wrong.
  const bool differ = granted_at_a_fault(c);
  for (const GrantedNow& answer : c.all.facts.granted_now) {
    if (differ || answer.frame != frame) continue;
    if (answer.answer == GrantedNow::Answer::granted_or_own) continue;
    const bool gone = answer.answer == GrantedNow::Answer::free_or_xen;
    return page(c) + (gone ? " belonged to no domain" : " was not granted to dom0") +
           (answer.at_fault ? " when the fault was read" : " when asked afterwards");
  }
  if (!c.fault.before.found || !c.fault.after.asked || c.fault.after.found) return std::nullopt;
  return page(c) + " was granted to dom0 before the fault (" +
         grant_text(c.all.facts, c.finding.attribution) + ") and no more in the dump after it";
}
bool regression_excluded(const Case& c) {
  return c.verdict.state == VerdictState::not_affected && !c.verdict.suspected;
}
/// Where the regression is not excluded this says as little as a page of which nothing is known.
Answer after_unmap(const Case& c) {
  if (!is(c, FaultClass::translation) || !is_arm_fault(c.fault) || !c.fault.iova)
    return std::nullopt;
  if (!regression_excluded(c)) return std::nullopt;
  auto text = gone_afterwards(c);
  if (!text) return std::nullopt;
  return found(Confidence::low, text->append("; a packet's grant may have ended since the fault"));
}
Answer recorded_after_unmap(const Case& c) {
  if (!is(c, FaultClass::translation) || !is_arm_fault(c.fault) || !c.fault.iova) {
    return std::nullopt;
  }
  if (!all_after_unmap(c.fault)) return std::nullopt;
  // Granted when asked, and never mapped again by the records: through a mapping older than they
  // are.
  if (granted_at_a_fault(c) && !c.fault.recorded->sighting.again) return std::nullopt;
  return found(Confidence::high, page(c) + " was " +
                                     grant_text(c.all.facts, c.finding.attribution) +
                                     ", unmapped by dom0 before the fault");
}
Answer undecided(const Case& c) {
  if (!is(c, FaultClass::translation) || !is_arm_fault(c.fault)) return std::nullopt;
  const auto gone = c.fault.iova ? gone_afterwards(c) : std::nullopt;
  std::string text =
      gone ? *gone : "nothing is mapped at " + hex(c.fault.iova ? c.fault.iova->value() : 0);
  if (regression_excluded(c))
    return found(Confidence::low, text + ": probably DMA to a page that was given back");
  if (!c.finding.signature) return found(Confidence::low, text + "; undecided");
  text += ": the regression, or DMA after the page was given back";
  if (!c.finding.why_not.empty()) text += " (" + c.finding.why_not + ")";
  return found(Confidence::low, std::move(text));
}
Answer unexplained(const Case& c) {
  return found(Confidence::low,
               old_form(c) ? "this form of the line (Xen 4.6 to 4.11) does not say what failed"
                           : "no rule fits the " + fault_text(c.fault));
}

}  // namespace xic::cause
