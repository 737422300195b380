// What the build says of itself, read against the knowledge: commits first, the number after them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/diagnosis/facts.h"
#include "core/diagnosis/knowledge.h"

namespace xic {

/// The standing of the commit that decides, and what weakens it.
struct CommitReading {
  CommitStanding standing = CommitStanding::unlisted;
  const Commit* commit = nullptr;  ///< The one that decided; nullptr where none is listed.
  std::string source;
  std::string_view tree;
  bool contradictory = false;         ///< Listed commits of both kinds are named: none decides.
  bool ambiguous_seen = false;        ///< A short hash fits commits of both kinds.
  bool self_grant_unguarded = false;  ///< Fixed, but without the guard that must go with the fix.

  /// The hypervisor's own changeset, built from a clean tree.
  [[nodiscard]] bool clean() const {
    return commit != nullptr && !commit->dirty && commit->origin == Commit::Origin::changeset;
  }
  [[nodiscard]] bool accuses() const {
    return standing == CommitStanding::affected || standing == CommitStanding::conditional;
  }
  [[nodiscard]] bool acquits() const { return standing == CommitStanding::unaffected; }
  /// A listed commit answers; the number is not asked.
  [[nodiscard]] bool decides() const { return accuses() || acquits(); }
};

[[nodiscard]] CommitReading read_commits(const Hypervisor& hypervisor, const Knowledge& knowledge);

/// The number's standing, or nothing where no version is known.
[[nodiscard]] std::optional<NumberStanding> read_number(const Hypervisor& hypervisor);

}  // namespace xic
