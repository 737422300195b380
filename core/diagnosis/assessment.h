// Everything the rules of the verdict look at, worked out once.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/diagnosis/build_identity.h"
#include "core/diagnosis/diagnosis.h"
#include "core/diagnosis/dump_view.h"

namespace xic {

/// One reason why this hypervisor cannot have the regression (row 3).
struct Exclusion {
  enum class Kind : std::uint8_t {
    not_arm,
    sysctl_abi,
    feature_bits,
    own_page_tables,
    commit,
    number,  ///< Weak: vendors ship fixed trees under affected numbers and the reverse.
  } kind = Kind::number;
  Confidence confidence = Confidence::low;
  std::string why;  ///< Completes "not affected: ...".
};

struct Assessment {
  /// `frozen`: see diagnose().
  Assessment(const Facts& all_facts, const Knowledge& all_knowledge,
             std::span<const Attribution> frozen = {});

  const Facts& facts;
  const Knowledge& knowledge;
  DumpView dump;
  CommitReading commit;
  std::optional<NumberStanding> number;
  std::vector<Exclusion> exclusions;
  std::vector<FaultFinding> findings;  ///< All but the causes.
  bool xen_seen = false;

  [[nodiscard]] bool any_accuses() const;
  [[nodiscard]] bool any_signature() const;
  /// A fault of the last boot whose line no guest can have written: Xen drives an IOMMU.
  [[nodiscard]] bool faults_prove_iommu() const;
  /// Excluded by the release number and nothing else.
  [[nodiscard]] bool excluded_by_number_alone() const;
};

/// All reasons that hold, strongest first.
[[nodiscard]] std::vector<Exclusion> find_exclusions(const Facts& facts,
                                                     const CommitReading& commit,
                                                     std::optional<NumberStanding> number);

/// Shown to be x86: by the architecture, or by a VT-d or AMD-Vi fault that Xen printed.
[[nodiscard]] bool is_x86(const Facts& facts);

}  // namespace xic
