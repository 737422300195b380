// Facts and findings in words. Whatever comes from outside is safe to print when it leaves here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/report.h"

namespace xic::render {

/// The machine-readable value of a time: seconds with six digits ("20.521487"), RFC 3339 for
/// wall-clock time, hex for a raw counter; "" for none.
[[nodiscard]] std::string time_value(Timestamp time);
/// "Xen time 20.521487 s", "dom0 uptime 68.290307 s", "2026-11-23 09:15:02.114 UTC"; "" for none.
[[nodiscard]] std::string time_words(Timestamp time);
/// Seconds since 1970 as RFC 3339 in UTC.
[[nodiscard]] std::string rfc3339(std::int64_t seconds);
/// "0x8424cb"
[[nodiscard]] std::string hex(std::uint64_t value);
/// 3 "faults" -> "3 faults"; 1 -> "1 fault".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view singular);

/// "device read of 0x97f75148: translation fault, level 1, AArch64 format, context bank 0"
[[nodiscard]] std::string fault_words(const FaultGroup& fault);
/// "/smmu@bff00000, seen once, Xen time 20.521487 s"
[[nodiscard]] std::string fault_place(const FaultGroup& fault);
/// "page 0x97f75 = grant 0x208 of d1 "rigdomu", vif1.0 tx ring; exact: <source>"; without an
/// attribution, what is known about the page; "" where the fault has no page.
[[nodiscard]] std::string owner_words(const FaultGroup& fault, const FaultFinding& finding);
/// "macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK (dom0 uptime 68.290307 s)"
[[nodiscard]] std::string dom0_error_words(const Dom0Error& error);
/// "d1 "rigdomu"", or "d1" where the name is not known.
[[nodiscard]] std::string domain_words(DomId domain, std::string_view name);
/// "XIC-1001 Title (high confidence): summary"; the parts that are known, the summary if asked for.
[[nodiscard]] std::string cause_words(const CauseFinding& cause, const Knowledge* knowledge,
                                      bool with_summary = true);

/// "XIC-1001, observed in a fault, high confidence"
[[nodiscard]] std::string standing_words(const Verdict& verdict);
/// A line as it was printed; of a very long one the beginning, and how much was cut. Not safe to
/// print.
[[nodiscard]] std::string raw_line(const std::string& line);

/// Indices of the faults that have findings: what proves or suggests the regression first, then
/// the most frequent.
[[nodiscard]] std::vector<std::size_t> fault_order(const Report& report);
/// What the strongest statements about the IOMMU rest on; nothing where they contradict.
[[nodiscard]] std::optional<std::string> iommu_source(const Hypervisor& hypervisor);
/// The commit that the hypervisor itself names ("ad844aa352", "...-dirty"), else its changeset text
/// where that says anything.
[[nodiscard]] std::optional<std::string> changeset(const Hypervisor& hypervisor);
/// Sum of the counts.
[[nodiscard]] std::uint64_t total(const std::vector<FaultGroup>& groups);

}  // namespace xic::render
