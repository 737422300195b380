#include <algorithm>
#include <limits>
#include <utility>

#include "core/diagnosis/advice.h"

namespace xic {
namespace {

/// "4.14" < "master".
std::pair<unsigned, unsigned> branch_order(std::string_view branch) {
  constexpr unsigned kNewest = std::numeric_limits<unsigned>::max();
  const auto version = parse_version(branch);
  return version ? std::pair{version->major, version->minor} : std::pair{kNewest, kNewest};
}

const BranchFix* own_fix(const Assessment& all) {
  const auto& version = all.facts.hypervisor.version;
  return version ? all.knowledge.fix_for(version->value) : nullptr;
}

bool has_release(const BranchFix* fix) {
  return !fix->release.empty();
}

}  // namespace

bool branch_never_fixed(const Assessment& assessment) {
  const BranchFix* own = own_fix(assessment);
  return own != nullptr && !has_release(own);
}

void add_fixes(const Assessment& assessment, Verdict* verdict) {
  const bool moot = verdict->state == VerdictState::not_affected || !assessment.xen_seen;
  if (moot) return;
  std::vector<const BranchFix*> all;
  for (const BranchFix& fix : assessment.knowledge.fixes) {
    if (has_release(&fix)) all.push_back(&fix);
  }
  std::sort(all.begin(), all.end(), [](const BranchFix* a, const BranchFix* b) {
    return branch_order(a->branch) < branch_order(b->branch);
  });
  const BranchFix* own = own_fix(assessment);
  // This branch first, then newer ones, then older ones.
  const auto here = std::find(all.begin(), all.end(), own);
  if (here != all.end()) {
    std::rotate(all.begin(), here, all.end());
    std::reverse(all.end() - (here - all.begin()), all.end());
  }
  for (const BranchFix* fix : all) verdict->fixed_in.emplace_back(fix->release);

  // A branch that was never repaired takes the commits of the newest one.
  if (own == nullptr || own->fix.empty()) {
    const auto newest = std::max_element(all.begin(), all.end(), [](const auto* a, const auto* b) {
      return branch_order(a->branch) < branch_order(b->branch);
    });
    own = newest == all.end() ? nullptr : *newest;
  }
  if (own == nullptr) return;
  for (const std::string_view commit : {own->fix, own->guard}) {
    if (!commit.empty()) verdict->commits.emplace_back(commit);
  }
}

}  // namespace xic
