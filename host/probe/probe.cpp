#include "host/probe/probe.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/backend/guests.h"
#include "core/diagnosis/words.h"
#include "core/grant/grant_trace.h"
#include "core/probe/probe_rules.h"

namespace xic {
namespace {

using Kind = ProbeStep::Kind;
using Outcome = ProbeStep::Outcome;

class Probe {
 public:
  Probe(const ProbeTools& tools, const Facts& facts) : tools_(tools), facts_(facts) {
    result_.source = "xen-iommu-probe";
  }

  ProbeResult run() {
    if (!valid_here()) return refused();
    result_.valid_host = true;
    learn_by_recorder();
    if (usable().size() < kLeastPages) learn_by_dump();
    pages_ = spread(usable(), kProbedPages);
    weigh_maximum_gpfn();
    if (pages_.empty()) return without_pages();
    load_all();
    judge_steps(&result_);
    return std::move(result_);
  }

 private:
  bool valid_here() {
    ProbeHost host;
    const auto role = tools_.system->role();
    host.dom0 = role && *role == DomainRole::dom0;
    const auto memory = tools_.system->boot_memory();
    host.device_tree = memory && memory->has_value();
    if (host.device_tree) own_ = **memory;
    result_.refusals = why_invalid(facts_, host);
    const auto regions = tools_.system->xen_regions();
    if (regions && *regions) claimed_ = **regions;
    const auto iomem = tools_.system->iomem();
    if (iomem) {
      iomem_ = *iomem;
    } else {
      refuse("no_iomem", iomem.error().message, iomem.error().hint);
    }
    return result_.refusals.empty();
  }

  void refuse(std::string id, std::string why, std::string remedy) {
    result_.refusals.push_back({std::move(id), std::move(why), std::move(remedy)});
  }

  ProbeResult refused() {
    result_.answer = ProbeResult::Answer::not_possible;
    if (result_.detail.empty() && !result_.refusals.empty()) {
      result_.detail = result_.refusals.front().why;
    }
    return std::move(result_);
  }

  ProbeResult without_pages() {
    if (guests(facts_.backends).empty()) {
      refuse("no_guest", "no other domain runs, so dom0 has no page of one mapped",
             "start any guest: dom0 keeps its console and xenstore pages mapped");
    } else if (learnt_.empty()) {
      refuse("no_page", "no page was found that dom0 keeps mapped",
             "start another guest, or give the 'g' dump (--dump)");
    } else {
      // Which frames guests get, and whether all of them are claimed, differs from boot to boot.
      const auto first =
          std::find_if(result_.steps.begin(), result_.steps.end(),
                       [](const ProbeStep& step) { return step.outcome == Outcome::left_out; });
      refuse(
          "pages_claimed",
          counted(learnt_.size(), "page") + " of guests dom0 keeps mapped, and none may be " +
              "touched: " + first->detail + ", and a load might reach another mapping there",
          "start another guest, or give the 'g' dump (--dump): other pages may lie elsewhere; or "
          "run a dom0 kernel that adds no memory over guests' frames, as Linux 5.10 does");
    }
    result_.detail = result_.refusals.back().why;
    return refused();
  }

  // ---- which pages ------------------------------------------------------------------------------
  void learn_by_recorder() {
    const auto before = tools_.recorder->state();
    const bool was_on = before && before->recording;
    if (!was_on) {
      if (const auto started = tools_.recorder->start({}); !started) {
        refuse("no_recorder", started.error().message, started.error().hint);
        return;
      }
    }
    std::size_t touched = 0;
    const std::uint64_t begin = tools_.recorder->now();
    for (const DomId domain : guests(facts_.backends)) {
      for (const auto kind : {ReservedPage::Kind::console, ReservedPage::Kind::xenstore}) {
        const auto page = ReservedPage::of(domain, kind);
        // Either may be absent (oxenstored, stub domains): skipped, never a conclusion.
        if (page && tools_.grants->touch(*page)) ++touched;
      }
    }
    if (touched != 0) read_recorder(begin);
    if (!was_on) (void)tools_.recorder->stop();
  }

  void read_recorder(std::uint64_t since) {
    const auto text = tools_.recorder->read();
    if (!text) {
      refuse("no_recorder", text.error().message, text.error().hint);
      return;
    }
    const GrantTrace trace(*text, tools_.recorder->now(), 0);
    constexpr std::uint64_t kStampNs = 1000;  // its stamps are whole microseconds
    for (const TracedMapping& mapping : trace.mappings()) {
      const bool ours =
          mapping.mapped + kStampNs >= since && mapping.ref && *mapping.ref <= GrantRef{1};
      if (!ours) continue;
      add({mapping.frame, mapping.granter, *mapping.ref,
           *mapping.ref == GrantRef{0} ? "console page" : "xenstore page",
           "the flight recorder, while the page was mapped read-only for an instant"});
    }
  }

  void learn_by_dump() {
    if (!tools_.take_dump || guests(facts_.backends).empty()) return;
    const auto dump = tools_.take_dump();
    if (!dump) return;
    for (ProbePage& page : long_lived(*dump, facts_.backends)) add(std::move(page));
  }

  void add(ProbePage page) {
    const bool known = std::any_of(learnt_.begin(), learnt_.end(), [&](const ProbePage& other) {
      return other.frame == page.frame;
    });
    if (known) return;
    const std::string problem = must_not_touch(page, iomem_, own_, claimed_);
    result_.steps.push_back({Kind::learnt, problem.empty() ? Outcome::known : Outcome::left_out,
                             page.frame, page.granter, page.ref,
                             problem.empty() ? page.role + ", by " + page.source : problem});
    touchable_.push_back(problem.empty());
    learnt_.push_back(std::move(page));
  }

  [[nodiscard]] std::vector<ProbePage> usable() const {
    std::vector<ProbePage> pages;
    for (std::size_t i = 0; i < learnt_.size(); ++i) {
      if (touchable_[i]) pages.push_back(learnt_[i]);
    }
    return pages;
  }

  /// The weaker sign that needs no load; see docs/probe.md.
  void weigh_maximum_gpfn() {
    if (learnt_.empty()) return;
    const auto highest = tools_.hypervisor->maximum_gpfn();
    if (!highest) return;
    const auto top =
        std::max_element(learnt_.begin(), learnt_.end(),
                         [](const ProbePage& a, const ProbePage& b) { return a.frame < b.frame; });
    result_.weaker_signs.push_back(by_maximum_gpfn(*highest, *top));
  }

  // ---- the loads --------------------------------------------------------------------------------
  void load_all() {
    for (const ProbePage& page : pages_) ask(page);
    // Never load what is not granted now.
    std::erase_if(pages_, [&](const ProbePage& page) { return !granted_.contains(page.frame); });
    for (const ProbePage& page : pages_) load(page);
    // A-B-A: the first again behind the others, and all again before absence is believed.
    if (!pages_.empty()) load(pages_.front());
    const bool any_present =
        std::any_of(result_.steps.begin(), result_.steps.end(),
                    [](const ProbeStep& step) { return step.outcome == Outcome::present; });
    if (!any_present) {
      for (std::size_t i = 1; i < pages_.size(); ++i) load(pages_[i]);
    }
    for (const ProbePage& page : pages_) ask(page);
  }

  void ask(const ProbePage& page) {
    const auto answer = tools_.grants->granted_now(page.frame);
    ProbeStep step{Kind::asked, Outcome::no_answer, page.frame, page.granter, page.ref, ""};
    if (!answer) {
      step.detail = answer.error().message;
    } else if (*answer == GrantedNow::Answer::granted_or_own) {
      step.outcome = Outcome::granted;
      granted_.insert(page.frame);
    } else {
      step.outcome = Outcome::not_granted;
    }
    result_.steps.push_back(std::move(step));
  }

  void load(const ProbePage& page) {
    // A load that hung takes seconds, and the daemon waits for it.
    if (unanswered_.contains(page.frame)) return;
    const Frame frames[] = {page.frame};
    const auto loads = tools_.loader->load(frames);
    ProbeStep step{Kind::loaded, Outcome::no_answer, page.frame, page.granter, page.ref, ""};
    if (!loads) {
      step.detail = loads.error().message;
    } else if (loads->size() != 1 || loads->front().frame != page.frame) {
      step.detail = "the probe's program answered for another frame";
    } else {
      step.detail = loads->front().detail;
      switch (loads->front().result) {
        case FrameLoad::Result::present:
          step.outcome = Outcome::present;
          break;
        case FrameLoad::Result::absent:
          step.outcome = Outcome::absent;
          break;
        case FrameLoad::Result::no_answer:
          break;
      }
    }
    if (step.outcome == Outcome::no_answer) unanswered_.insert(page.frame);
    result_.steps.push_back(std::move(step));
  }

  const ProbeTools& tools_;
  const Facts& facts_;
  ProbeResult result_;
  std::string iomem_;
  std::vector<AddressRange> own_, claimed_;
  std::vector<ProbePage> learnt_;
  std::vector<bool> touchable_;
  std::vector<ProbePage> pages_;  ///< Chosen.
  std::set<Frame> granted_;
  std::set<Frame> unanswered_;  ///< Loaded once, not loaded again.
};

}  // namespace

ProbeResult run_probe(const ProbeTools& tools, const Facts& facts) {
  return Probe(tools, facts).run();
}

}  // namespace xic
