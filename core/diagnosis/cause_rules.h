// The rules behind the table of causes. Each answers for one cause and one fault.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/diagnosis/assessment.h"

namespace xic::cause {

/// One fault and all that a rule may look at.
struct Case {
  const Assessment& all;
  const Verdict& verdict;
  const FaultGroup& fault;
  const FaultFinding& finding;
};

/// What a rule found; nothing where it does not apply.
struct Found {
  Confidence confidence;
  std::string summary;
};
using Answer = std::optional<Found>;
[[nodiscard]] Answer found(Confidence confidence, std::string summary);

// What several rules ask.
[[nodiscard]] bool is(const Case& c, FaultClass wanted);
/// Of this class, or one of several at once of which a bit of register `name` is one.
[[nodiscard]] bool has(const Case& c, FaultClass wanted, std::string_view name, std::uint64_t mask);
/// Xen 4.6 to 4.11 print no FSR: what failed is not known.
[[nodiscard]] bool old_form(const Case& c);
/// A translation fault of an Arm IOMMU, or one that may be (old form).
[[nodiscard]] bool may_be_translation(const Case& c);
/// Never more than low for the old form.
[[nodiscard]] Confidence at_most(const Case& c, Confidence confidence);
[[nodiscard]] bool in(const Case& c, AddressClass klass);
/// The address's detail in brackets, or "".
[[nodiscard]] std::string where(const Case& c);
/// "frame 0x97f75"; only with an address.
[[nodiscard]] std::string page(const Case& c);
[[nodiscard]] bool happened(const Case& c, HypervisorEvent::Kind kind);

// cause_stream.cpp (x86, streams, configuration)
[[nodiscard]] Answer vtd(const Case& c);
[[nodiscard]] Answer amdvi(const Case& c);
[[nodiscard]] Answer smmuv3_stream(const Case& c);
[[nodiscard]] Answer stream_conflict(const Case& c);
[[nodiscard]] Answer unidentified_stream(const Case& c);
[[nodiscard]] Answer invalid_context(const Case& c);
[[nodiscard]] Answer other_global(const Case& c);

// cause_grant.cpp (granted pages)
[[nodiscard]] Answer proved_regression(const Case& c);
[[nodiscard]] Answer map_failed(const Case& c);
[[nodiscard]] Answer regression_by_build(const Case& c);
[[nodiscard]] Answer prefetch(const Case& c);
[[nodiscard]] Answer after_unmap(const Case& c);
[[nodiscard]] Answer recorded_after_unmap(const Case& c);
[[nodiscard]] Answer undecided(const Case& c);
[[nodiscard]] Answer unexplained(const Case& c);

// cause_address.cpp (what the address says)
[[nodiscard]] Answer its_doorbell(const Case& c);
[[nodiscard]] Answer other_mmio(const Case& c);
[[nodiscard]] Answer not_direct_mapped(const Case& c);
[[nodiscard]] Answer passed_through(const Case& c);
[[nodiscard]] Answer self_grant(const Case& c);
[[nodiscard]] Answer hole_in_dom0(const Case& c);
[[nodiscard]] Answer ballooned(const Case& c);
[[nodiscard]] Answer cut_address(const Case& c);
[[nodiscard]] Answer garbage(const Case& c);

// cause_access.cpp (what the kind of fault says)
[[nodiscard]] Answer instruction_fetch(const Case& c);
[[nodiscard]] Answer walk_abort(const Case& c);
[[nodiscard]] Answer tlb_conflict(const Case& c);
[[nodiscard]] Answer address_size(const Case& c);
[[nodiscard]] Answer unsupported(const Case& c);
[[nodiscard]] Answer access_flag(const Case& c);
[[nodiscard]] Answer read_only_grant(const Case& c);
[[nodiscard]] Answer permission(const Case& c);

}  // namespace xic::cause
