#include "core/grant/grant_trace.h"

#include <algorithm>

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
      case GrantTraceEvent::Kind::mapped:
        map(event);
        break;
      case GrantTraceEvent::Kind::unmap_begins:
        begin_unmap(event);
        break;
      case GrantTraceEvent::Kind::unmap_ended:
        end_unmap(event);
        break;
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

  TracedMapping* at(Serial serial) {
    return serial < dropped_ ? nullptr : &trace_.mappings_[serial - dropped_];
  }

  void map(const GrantTraceEvent& event) {
    if (const auto old = open_.find(event.handle); old != open_.end()) {
      // Xen gives a handle again only when it is free: the end of its old mapping was missed.
      if (TracedMapping* missed = at(old->second)) {
        missed->certain = false;
        missed->unmapped = event.time_ns;
      }
    }
    if (trace_.mappings_.size() == kMaxMappings) {
      trace_.mappings_.pop_front();
      ++dropped_;
    }
    TracedMapping made;
    made.frame = event.frame;
    made.granter = event.domain;
    made.ref = event.ref;
    made.read_only = event.read_only;
    made.handle = event.handle;
    made.mapped = event.time_ns;
    made.mapper = printable(event.task);
    trace_.mappings_.push_back(std::move(made));
    open_[event.handle] = dropped_ + trace_.mappings_.size() - 1;
  }

  void begin_unmap(const GrantTraceEvent& event) {
    const auto found = open_.find(event.handle);
    if (found == open_.end()) return;  // mapped before recording began
    const Serial serial = found->second;
    open_.erase(found);
    TracedMapping* const mapping = at(serial);
    if (mapping == nullptr) return;
    mapping->unmapping = event.time_ns;
    mapping->unmapper = printable(event.task);
    batches_[{event.pid, event.batch}].push_back(serial);
  }

  void end_unmap(const GrantTraceEvent& event) {
    const auto found = batches_.find({event.pid, event.batch});
    if (found == batches_.end()) return;
    for (const Serial serial : found->second) {
      if (TracedMapping* const mapping = at(serial)) mapping->unmapped = event.time_ns;
    }
    batches_.erase(found);
  }

  GrantTrace& trace_;
  Serial dropped_ = 0;
  std::unordered_map<std::uint32_t, Serial> open_;  ///< By handle.
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::vector<Serial>> batches_;
  std::map<std::uint32_t, std::uint64_t> first_of_cpu_;
  std::uint64_t first_ = UINT64_MAX;
};

GrantTrace::GrantTrace(std::string_view text, std::uint64_t now, std::uint64_t missed) {
  Builder builder(this);
  quality_ = read_grant_trace(text, &builder);
  coverage_.from = builder.covered_from(quality_.overwritten == 0, now);
  if (mappings_.size() == kMaxMappings) {
    coverage_.from = std::max(coverage_.from, mappings_.front().mapped);
  }
  coverage_.until = now;
  const bool ends_may_be_missing = missed != 0 || quality_.unseen != 0 || quality_.damaged != 0;
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
    if (now.throughout) throughout = &one;
    if (now.possible) possible = &one;
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
  // A change of `shown` itself is its begin or its end, which `throughout` has excluded from the
  // moment; any other mapping's is one more.
  const bool own_change = changes_near(*shown, at);
  seen.remapped = changes > (own_change ? 1U : 0U);
  return seen;
}

}  // namespace xic
