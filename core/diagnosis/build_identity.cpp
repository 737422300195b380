#include "core/diagnosis/build_identity.h"

#include <algorithm>

namespace xic {
namespace {

constexpr std::size_t kListedDigits = 10;
constexpr std::size_t kLeastDigits = 7;

bool says_affected(CommitStanding standing) {
  return standing == CommitStanding::affected || standing == CommitStanding::conditional;
}
bool is_listed(CommitStanding standing) {
  return says_affected(standing) || standing == CommitStanding::unaffected;
}

/// Of two commits that say the same the hypervisor's own changeset outweighs the base of a package
/// or recipe; of two alike the dirty one decides, since it makes the statement less certain.
bool replaces(const Commit& a, const Commit& b) {
  const bool own_a = a.origin == Commit::Origin::changeset;
  const bool own_b = b.origin == Commit::Origin::changeset;
  return own_a != own_b ? own_a : a.dirty && !b.dirty;
}

bool is_unguarded(std::string_view hash, const Knowledge& knowledge) {
  const std::string_view head = hash.substr(0, kListedDigits);
  if (head.size() < kLeastDigits) return false;
  return std::any_of(
      knowledge.self_grant_unguarded.begin(), knowledge.self_grant_unguarded.end(),
      [&](std::string_view listed) { return listed.substr(0, head.size()) == head; });
}

}  // namespace

CommitReading read_commits(const Hypervisor& hypervisor, const Knowledge& knowledge) {
  CommitReading reading;
  bool affected = false;
  bool unaffected = false;
  for (const Sourced<Commit>& named : hypervisor.commits) {
    const CommitLookup found = knowledge.find_commit(named.value.hash);
    if (found.standing == CommitStanding::ambiguous) reading.ambiguous_seen = true;
    if (is_unguarded(named.value.hash, knowledge)) reading.self_grant_unguarded = true;
    if (!is_listed(found.standing)) continue;
    affected = affected || says_affected(found.standing);
    unaffected = unaffected || found.standing == CommitStanding::unaffected;
    if (reading.commit != nullptr && !replaces(named.value, *reading.commit)) continue;
    reading.standing = found.standing;
    reading.commit = &named.value;
    reading.source = named.source;
    reading.tree = found.tree;
  }
  if (affected && unaffected) {
    reading.contradictory = true;
    reading.standing = CommitStanding::unlisted;
  }
  return reading;
}

std::optional<NumberStanding> read_number(const Hypervisor& hypervisor) {
  if (!hypervisor.version) return std::nullopt;
  return number_standing(hypervisor.version->value);
}

}  // namespace xic
