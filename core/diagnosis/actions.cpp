#include <algorithm>
#include <string_view>

#include "core/diagnosis/advice.h"
#include "core/diagnosis/words.h"

namespace xic {
namespace {

constexpr std::size_t kMaxActions = 5;

class Advice {
 public:
  explicit Advice(const Knowledge& knowledge) : knowledge_(knowledge) {}

  /// `text` where it depends on this host; else the id's own.
  void add(std::string_view id, std::string text = "") {
    const bool known = std::any_of(actions_.begin(), actions_.end(),
                                   [&](const Action& action) { return action.id == id; });
    if (known || actions_.size() == kMaxActions) return;
    const Entry* entry = knowledge_.action(id);
    if (text.empty()) text = entry == nullptr ? id : entry->action;
    actions_.push_back({std::string(id), std::move(text),
                        entry == nullptr ? std::string() : std::string(entry->references)});
  }
  [[nodiscard]] std::vector<Action> take() && { return std::move(actions_); }

 private:
  const Knowledge& knowledge_;
  std::vector<Action> actions_;
};

std::string upgrade_text(const Assessment& all, const Verdict& verdict) {
  std::string text;
  const std::string first = verdict.fixed_in.front();
  if (branch_never_fixed(all)) {
    text = "This branch was never fixed upstream: run Xen " + first + " or newer";
  } else {
    text = "Run Xen " + first + " or newer";
  }
  if (verdict.fixed_in.size() > 1) {
    text += " (also fixed: " + join({verdict.fixed_in.begin() + 1, verdict.fixed_in.end()}) + ")";
  }
  return text + '.';
}

std::string commit_text(const Verdict& verdict) {
  std::string text = "Or apply " + verdict.commits.front();
  if (verdict.commits.size() > 1) {
    text += " together with " + verdict.commits[1] +
            ", without which dom0 loses a page when it maps a grant of its own";
  }
  return text + '.';
}

void repair(const Assessment& all, const Verdict& verdict, Advice* advice) {
  if (!verdict.fixed_in.empty()) advice->add("upgrade", upgrade_text(all, verdict));
  if (!verdict.commits.empty()) advice->add("apply_commit", commit_text(verdict));
}

bool missing(const std::vector<Limit>& limits, std::string_view id) {
  return std::any_of(limits.begin(), limits.end(),
                     [&](const Limit& limit) { return limit.id == id; });
}

/// What would settle an open question, most telling first.
void settle(const Assessment& all, const std::vector<Limit>& limits, Advice* advice) {
  if (missing(limits, "no_banner") || missing(limits, "ring_wrapped"))
    advice->add("get_full_console");
  if (missing(limits, "no_banner")) advice->add("get_version");
  advice->add("run_probe");
  if (all.any_signature()) {
    if (missing(limits, "dump_missing") || missing(limits, "dump_truncated")) {
      advice->add("get_grant_dump");
    }
    if (missing(limits, "no_store_listing")) advice->add("get_xenstore");
  }
  advice->add("take_capture");
}

/// For faults that are not the regression: read their explanation.
void explain(const std::vector<FaultFinding>& findings, Advice* advice) {
  std::vector<std::string> ids;
  for (const FaultFinding& finding : findings) {
    const std::string& id = finding.cause.id;
    if (id == "XIC-1001" || std::find(ids.begin(), ids.end(), id) != ids.end()) continue;
    if (ids.size() == 3) break;
    ids.push_back(id);
  }
  if (ids.empty()) return;
  std::string text = "Read what the faults mean: xen-iommu-check explain " + ids.front();
  if (ids.size() > 1) text += " (also " + join({ids.begin() + 1, ids.end()}) + ")";
  advice->add("explain", text + '.');
  for (const FaultFinding& finding : findings) {
    const std::string_view id = finding.cause.id;
    if (id == "XIC-2001" || id == "XIC-2003" || id == "XIC-2004") {
      advice->add("check_device_tree");
      return;
    }
  }
}

void recover_losses(const std::vector<Limit>& limits, Advice* advice) {
  if (missing(limits, "log_level_hides_faults")) advice->add("raise_loglevel");
  if (missing(limits, "lost_bytes") || missing(limits, "dump_truncated")) advice->add("raise_ring");
}

}  // namespace

std::vector<Action> advise(const Assessment& assessment, const Verdict& verdict,
                           const std::vector<FaultFinding>& findings,
                           const std::vector<Limit>& limits) {
  Advice advice(assessment.knowledge);
  switch (verdict.state) {
    case VerdictState::affected:
      repair(assessment, verdict, &advice);
      advice.add("swiotlb_force");
      advice.add("iommu_off");
      advice.add("report_bug");
      break;
    case VerdictState::likely_affected:
      advice.add("run_probe");
      repair(assessment, verdict, &advice);
      advice.add("swiotlb_force");
      advice.add("iommu_off");
      break;
    case VerdictState::dormant:
      explain(findings, &advice);
      repair(assessment, verdict, &advice);
      recover_losses(limits, &advice);
      break;
    case VerdictState::not_affected:
      explain(findings, &advice);
      if (verdict.suspected) advice.add("run_probe");
      recover_losses(limits, &advice);
      break;
    case VerdictState::unknown:
      if (!assessment.xen_seen) {
        advice.add("give_xen_input");
        break;
      }
      // A contradiction is settled by the hypervisor itself and by nothing else.
      if (verdict.rule == 3) {
        advice.add("run_probe");
        advice.add("report_bug");
        break;
      }
      settle(assessment, limits, &advice);
      explain(findings, &advice);
      recover_losses(limits, &advice);
      break;
  }
  return std::move(advice).take();
}

}  // namespace xic
