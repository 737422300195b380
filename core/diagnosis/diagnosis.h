// Facts + Knowledge -> a verdict about the regression and a cause for every fault.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/diagnosis/facts.h"
#include "core/diagnosis/knowledge.h"

namespace xic {

enum class VerdictState : std::uint8_t {
  affected,
  likely_affected,
  dormant,
  not_affected,
  unknown
};
[[nodiscard]] std::string_view to_string(VerdictState state);

enum class Confidence : std::uint8_t { low, medium, high };
[[nodiscard]] std::string_view to_string(Confidence confidence);

/// One observation with its source and what it supports.
struct Evidence {
  std::string kind;  ///< Of knowledge/evidence.toml: "commit", "version_number", "iommu_state" ...
  std::string source;  ///< "boot banner", "xl info: virt_caps" ...
  std::string value;   ///< In words.
  std::string
      supports;  ///< "affected", "not_affected", "dormant", "observed", "suspected", "context"
  int rank = 0;  ///< 1 decides alone .. 5 hint. Order of display.
};

struct Verdict {
  std::string id = "XIC-1001";
  VerdictState state = VerdictState::unknown;
  bool observed = false;
  bool suspected = false;
  Confidence confidence = Confidence::low;
  int rule = 7;  ///< Row of the table in docs/verdict.md that decided.
  std::string summary;
  std::vector<std::string> fixed_in;  ///< "4.14.2" first for this branch.
  std::vector<std::string> commits;   ///< Fix and guard for this branch.
};

struct Attribution {
  enum class State : std::uint8_t { none, likely, exact } state = State::none;
  enum class Basis : std::uint8_t {
    none,
    recorder,       ///< The flight recorder.
    dumps,          ///< 'g' dumps beside the fault.
    later_dump,     ///< A damaged dump, or one that does not stand beside the fault.
    answer,         ///< The hypervisor's: granted now.
    contradiction,  ///< Sources of one kind differ: state none.
  } basis = Basis::none;
  std::optional<DomId> granter;
  std::string granter_name;
  std::optional<GrantRef> ref;
  std::string backend;      ///< "vif1.0"
  std::string role;         ///< "tx ring", "rx ring", "console page" ...; "" for a data grant.
  std::string dom0_device;  ///< Of the joined driver error.
  std::string source;       ///< "complete 'g' dumps before and after the fault"
  std::string seen_at;      ///< When, in words, or "".
  bool long_lived = false;  ///< Ref is long-lived by role.
};

struct CauseFinding {
  std::string id;  ///< "XIC-1001"
  Confidence confidence = Confidence::low;
  std::string summary;  ///< One line for this fault.
};

/// What is concluded about one group of Facts::faults (same index).
struct FaultFinding {
  AddressInfo address;
  Attribution attribution;
  CauseFinding cause;
  bool authentic = false;  ///< No guest could have written the line, or it is corroborated.
  std::string authentic_why;
  bool signature = false;  ///< Looks like the regression (what `suspected` counts).
  bool accuses = false;    ///< "Exactly attributed fault" of docs/verdict.md.
  std::string why_not;     ///< For a signature fault that does not accuse: the first leg missing.
};

struct Action {
  std::string id;
  std::string text;
  std::string reference;
};

struct Diagnosis {
  Verdict verdict;
  std::vector<Evidence> evidence;     ///< By rank.
  std::vector<FaultFinding> faults;   ///< Parallel to Facts::faults.
  std::vector<CauseFinding> foreign;  ///< Parallel to Facts::foreign_faults.
  std::vector<CauseFinding> events;   ///< Parallel to Facts::events; empty id where nothing to say.
  std::vector<Limit> limits;          ///< Facts' and our own.
  std::vector<Action> actions;        ///< In the order to take them.
  int exit_code = 3;                  ///< Of `check`: 0 .. 3.
};

/// Pure; the same facts give the same diagnosis. `frozen`: attributions of the same groups as they
/// were found earlier (may be shorter than Facts::faults); see keep_attribution().
[[nodiscard]] Diagnosis diagnose(const Facts& facts, const Knowledge& knowledge,
                                 std::span<const Attribution> frozen = {});

}  // namespace xic
