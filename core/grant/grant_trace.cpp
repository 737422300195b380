#include "core/grant/grant_trace.h"

#include <algorithm>
#include <utility>

namespace xic {
namespace {

/// Xen maps a grant before dom0's kernel records it, and dom0 may be interrupted in between. A
/// mapping recorded this long after a moment may have been there already.
constexpr std::uint64_t kMapSlackNs = 1'000'000;

std::string printable(std::string_view text) {
  std::string safe(text.substr(0, 15));
  for (char& c : safe) {
    if (c < ' ' || c > '~') c = '?';
  }
  return safe;
}

/// Where a mapping stands towards a moment that is not known exactly.
struct Overlap {
  bool throughout;  ///< Surely there from begin to end.
  bool possible;    ///< May have been there at some time between them.
};

Overlap overlap(const TracedMapping& one, TimeSpan at) {
  const bool begun = one.mapped <= at.begin;
  const bool still = !one.unmapping || *one.unmapping > at.end;
  const std::uint64_t earliest = one.mapped < kMapSlackNs ? 0 : one.mapped - kMapSlackNs;
  const bool gone = one.unmapped && *one.unmapped < at.begin;
  return {begun && still && one.certain, earliest <= at.end && !gone};
}

/// A page may be mapped twice through one grant: read-only, then writable.
bool same_grant(const TracedMapping& a, const TracedMapping& b) {
  return &a == &b || (a.granter == b.granter && a.ref && a.ref == b.ref);
}

/// How much of that span it may have been there.
std::uint64_t shared(const TracedMapping& one, TimeSpan at) {
  const std::uint64_t begin = std::max(one.mapped, at.begin);
  const std::uint64_t end = std::min(one.unmapped.value_or(at.end), at.end);
  return end > begin ? end - begin : 0;
}

/// Did `one` begin or end around that moment?
bool changes_near(const TracedMapping& one, TimeSpan at) {
  const std::uint64_t from = at.begin < kMapSlackNs ? 0 : at.begin - kMapSlackNs;
  const std::uint64_t to = at.end + kMapSlackNs;
  const auto within = [&](std::uint64_t time) { return time >= from && time <= to; };
  return within(one.mapped) || (one.unmapping && within(*one.unmapping)) ||
         (one.unmapped && within(*one.unmapped));
}

}  // namespace

/// Events in the order of the text, which the kernel has sorted by time.
class GrantTrace::Builder final : public GrantTraceSink {
 public:
  explicit Builder(GrantTrace* trace) : trace_(*trace) {}

  void on_grant_trace(const GrantTraceEvent& event) override {
    // Each CPU has a ring of its own, and they do not reach back equally far.
    first_of_cpu_.try_emplace(event.cpu, event.time_ns);
    first_ = std::min(first_, event.time_ns);
    switch (event.kind) {
      case GrantTraceEvent::Kind::started:
        break;
      case GrantTraceEvent::Kind::maps:
      case GrantTraceEvent::Kind::unmaps:
        begin_batch(event);
        break;
      case GrantTraceEvent::Kind::set:
        set(event);
        break;
      case GrantTraceEvent::Kind::cleared:
        clear(event);
        break;
    }
  }

  [[nodiscard]] std::uint64_t misplaced() const { return misplaced_; }

  /// An unmap whose pages have not been cleared yet may be that of any page.
  void finish() {
    for (const auto& [context, batch] : batches_) {
      if (batch.kind != GrantTraceEvent::Kind::unmaps || batch.left == 0) continue;
      for (const auto& [pfn, serial] : open_) {
        TracedMapping* const one = at(serial);
        if (one == nullptr) continue;
        one->unmapping = std::min(one->unmapping.value_or(batch.time), batch.time);
      }
    }
  }

  /// The moment since which everything is there; `now` where there is nothing at all.
  [[nodiscard]] std::uint64_t covered_from(bool whole, std::uint64_t now) const {
    if (first_of_cpu_.empty()) return now;
    if (whole) return first_;
    std::uint64_t latest = 0;
    for (const auto& [cpu, first] : first_of_cpu_) latest = std::max(latest, first);
    return latest;
  }

 private:
  using Serial = std::uint64_t;
  /// A task, or the interrupts of a CPU: within one of them batches do not mix.
  using Context = std::pair<bool, std::uint32_t>;
  struct Batch {
    GrantTraceEvent::Kind kind = GrantTraceEvent::Kind::maps;
    std::uint64_t time = 0;
    std::uint32_t left = 0;  ///< Pages that have not come yet.
    bool first = true;       ///< No page has come yet.
    GrantTraceEvent head;    ///< Without its task.
    std::string task;
  };

  static Context context_of(const GrantTraceEvent& event) {
    return {event.in_softirq, event.in_softirq ? event.cpu : event.pid};
  }
  TracedMapping* at(Serial serial) {
    return serial < dropped_ ? nullptr : &trace_.mappings_[serial - dropped_];
  }

  void begin_batch(const GrantTraceEvent& event) {
    Batch& batch = batches_[context_of(event)];
    batch.kind = event.kind;
    batch.time = event.time_ns;
    batch.left = event.count;
    batch.first = true;
    batch.head = event;
    batch.task = printable(event.task);
    batch.head.task = {};
  }

  Batch* current(const GrantTraceEvent& event, GrantTraceEvent::Kind kind) {
    const auto found = batches_.find(context_of(event));
    if (found == batches_.end() || found->second.kind != kind || found->second.left == 0) {
      return nullptr;
    }
    return &found->second;
  }

  void set(const GrantTraceEvent& event) {
    TracedMapping made;
    made.frame = event.frame;
    made.pfn = event.pfn;
    made.mapped = event.time_ns;
    if (event.whole) {
      made.granter = event.domain;
      made.ref = event.ref;
      made.read_only = event.read_only;
      made.mapper = printable(event.task);
      open(std::move(made));
    } else if (of_batch(event, &made)) {
      open(std::move(made));
    }
  }

  /// What is known of a page by the batch it came in; false where that is not there.
  bool of_batch(const GrantTraceEvent& event, TracedMapping* made) {
    Batch* const batch = current(event, GrantTraceEvent::Kind::maps);
    if (batch == nullptr) return false;  // its batch's record is gone
    const bool first = std::exchange(batch->first, false) && !batch->head.failed;
    --batch->left;
    if (first && (event.frame != batch->head.frame || event.pfn != batch->head.pfn)) {
      ++misplaced_;  // not the batch that it seems to belong to
      batch->left = 0;
      return false;
    }
    made->granter = batch->head.domain;
    if (first) made->ref = batch->head.ref;
    made->read_only = batch->head.read_only;
    made->mapper = batch->task;
    // A backend's batch is one guest's: netback's runs in a soft interrupt, blkback's in a thread
    // that has the guest's number for a name. A program may map the pages of several.
    made->certain = first || event.in_softirq || batch->task.starts_with(backend_prefix(*batch));
    return true;
  }

  void open(TracedMapping&& made) {
    if (const auto old = open_.find(made.pfn); old != open_.end()) {
      // dom0 uses a page of its own again only when it is free: an end was missed.
      if (TracedMapping* missed = at(old->second)) {
        missed->certain = false;
        missed->unmapped = made.mapped;
      }
    }
    if (trace_.mappings_.size() == kMaxMappings) {
      trace_.mappings_.pop_front();
      ++dropped_;
    }
    open_[made.pfn] = dropped_ + trace_.mappings_.size();
    trace_.mappings_.push_back(std::move(made));
  }

  /// "1.": blkback's threads are called "1.xvda-0" (linux: xen-blkback/xenbus.c).
  static std::string backend_prefix(const Batch& batch) {
    return std::to_string(batch.head.domain.value()) + '.';
  }

  void clear(const GrantTraceEvent& event) {
    Batch* const batch = current(event, GrantTraceEvent::Kind::unmaps);
    const auto found = open_.find(event.pfn);
    const Serial serial = found == open_.end() ? 0 : found->second;
    TracedMapping* const mapping = found == open_.end() ? nullptr : at(serial);
    if (found != open_.end()) open_.erase(found);
    if (batch != nullptr) --batch->left;
    if (mapping == nullptr) return;  // mapped before recording began
    mapping->unmapped = event.time_ns;
    // Without its batch the moment when it began to go is not known.
    mapping->unmapping = batch != nullptr ? batch->time : mapping->mapped;
    if (batch != nullptr) mapping->unmapper = batch->task;
  }

  GrantTrace& trace_;
  Serial dropped_ = 0;
  std::uint64_t misplaced_ = 0;  ///< Pages that do not fit the batch they came in.
  std::unordered_map<std::uint64_t, Serial> open_;  ///< By dom0's pfn.
  std::map<Context, Batch> batches_;                ///< The latest of each context.
  std::map<std::uint32_t, std::uint64_t> first_of_cpu_;
  std::uint64_t first_ = UINT64_MAX;
};

GrantTrace::GrantTrace(std::string_view text, std::uint64_t now, std::uint64_t missed) {
  Builder builder(this);
  quality_ = read_grant_trace(text, &builder);
  quality_.damaged += builder.misplaced();
  builder.finish();
  coverage_.from = builder.covered_from(quality_.overwritten == 0, now);
  if (mappings_.size() == kMaxMappings) {
    coverage_.from = std::max(coverage_.from, mappings_.front().mapped);
  }
  coverage_.until = now;
  const bool ends_may_be_missing = missed != 0 || quality_.damaged != 0;
  for (std::size_t i = 0; i < mappings_.size(); ++i) {
    TracedMapping& one = mappings_[i];
    // Before that moment another CPU's ring may have lost its end.
    if (one.mapped < coverage_.from || ends_may_be_missing) one.certain = false;
    by_frame_[one.frame].push_back(i);
  }
}

TraceSighting GrantTrace::look_up(Frame frame, TimeSpan at) const {
  using State = TraceSighting::State;
  TraceSighting seen;
  seen.at = at;
  const bool covered = coverage_.from <= at.begin && at.end <= coverage_.until;
  const auto found = by_frame_.find(frame);
  if (found == by_frame_.end()) {
    seen.state = covered ? State::never : State::not_covered;
    return seen;
  }
  const TracedMapping* throughout = nullptr;
  const TracedMapping* possible = nullptr;
  const TracedMapping* before = nullptr;
  std::size_t changes = 0;
  for (const std::size_t i : found->second) {
    const TracedMapping& one = mappings_[i];
    const Overlap now = overlap(one, at);
    // Of several the one that was there longest.
    if (now.throughout && (throughout == nullptr || one.mapped < throughout->mapped)) {
      throughout = &one;
    }
    if (now.possible && (possible == nullptr || shared(one, at) >= shared(*possible, at))) {
      possible = &one;
    }
    if (one.mapped <= at.begin) before = &one;
    if (changes_near(one, at)) ++changes;
  }
  const TracedMapping* shown = throughout != nullptr ? throughout
                               : possible != nullptr ? possible
                                                     : before;
  if (shown == nullptr) {  // mapped only after the fault
    seen.state = covered ? State::never : State::not_covered;
    return seen;
  }
  if (throughout != nullptr) {
    seen.state = at.end <= coverage_.until ? State::mapped : State::unclear;
  } else if (possible != nullptr) {
    seen.state = State::unclear;
  } else {
    // That it was not mapped again rests on the records being whole.
    seen.state = covered && shown->certain ? State::ended : State::unclear;
  }
  seen.granter = shown->granter;
  seen.ref = shown->ref;
  seen.read_only = shown->read_only;
  seen.mapped = shown->mapped;
  seen.unmapped = shown->unmapped;
  seen.unmapper = shown->unmapper;
  seen.again = mappings_[found->second.back()].mapped > at.end;
  for (const std::size_t i : found->second) {
    const TracedMapping& one = mappings_[i];
    if (same_grant(one, *shown) || !overlap(one, at).possible) continue;
    ++seen.others;
    // A page is one domain's: it has changed hands about that time, or an end was missed.
    if (one.granter != shown->granter && seen.state == State::mapped) seen.state = State::unclear;
  }
  // A change of `shown` itself is its begin or its end, which `throughout` has excluded from the
  // moment; any other mapping's is one more.
  const bool own_change = changes_near(*shown, at);
  seen.remapped = changes > (own_change ? 1U : 0U);
  return seen;
}

}  // namespace xic
