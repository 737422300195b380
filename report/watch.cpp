#include "report/watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/describe.h"
#include "report/json_parts.h"
#include "report/layout.h"
#include "report/names.h"

namespace xic {
namespace {

using render::Json;

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kMsPerDay = 86'400'000;

/// "09:15:02.114", UTC.
std::string clock_text(std::int64_t wall) {
  const std::int64_t ms = (wall / kNsPerMs % kMsPerDay + kMsPerDay) % kMsPerDay;
  return fmt::format("{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60,
                     ms % 1000);
}

std::string stamp(std::int64_t wall) {
  std::string text = render::rfc3339(wall / (1000 * kNsPerMs));
  if (text.ends_with('Z')) text.pop_back();
  return fmt::format("{}.{:03}Z", text, wall / kNsPerMs % 1000);
}

Json event(std::string_view kind, WatchFeed::Now now) {
  return {{"schema", "xen-iommu-check-watch/1"}, {"event", kind}, {"time", stamp(now.wall)}};
}

std::string line(const Json& json) {
  return render::dump_line(json) + '\n';
}

std::string access_word(Access access) {
  std::string word(render::token(access));
  std::transform(word.begin(), word.end(), word.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return access == Access::unknown ? "ACCESS" : word;
}

/// "smmu@fd800000 cb0"
std::string place(const FaultGroup& fault) {
  std::string text = fault.iommu.empty() ? fault.device : fault.iommu;
  if (text.starts_with('/')) text.erase(0, 1);
  text = render::outside(text, 40);
  if (fault.cb) text += fmt::format(" cb{}", *fault.cb);
  if (fault.stream_id) text += " stream " + render::hex(*fault.stream_id);
  return text;
}

std::string owner(const FaultFinding& finding) {
  const Attribution& found = finding.attribution;
  if (!found.granter) return {};
  std::string text = "  " + fmt::format("d{}", found.granter->value());
  if (!found.granter_name.empty()) text += " " + render::outside(found.granter_name, 24);
  if (found.ref) text += " grant " + render::hex(found.ref->value());
  if (!found.backend.empty()) text += " " + render::outside(found.backend, 24);
  if (found.state != Attribution::State::exact) text += " (likely)";
  return text;
}

const FaultFinding* finding_of(const Report& report, std::size_t group) {
  const auto& findings = report.diagnosis->faults;
  return group < findings.size() ? &findings[group] : nullptr;
}

}  // namespace

std::string WatchFeed::fault(const Report& report, std::size_t group, Now now) {
  if (group >= report.facts->faults.size()) return {};
  const FaultGroup& fault = report.facts->faults[group];
  const FaultFinding* finding = finding_of(report, group);
  folds_[group] = {now.uptime, kFirstFold, 0};
  if (json_) {
    Json out = event("fault", now);
    out["group"] = group;
    out["fault"] =
        render::fault_json(fault, finding, finding != nullptr ? &finding->cause : nullptr);
    return line(out);
  }
  std::string text = fmt::format("{}  FAULT  {}  {}", clock_text(now.wall), place(fault),
                                 access_word(fault.access));
  if (fault.iova) text += " " + render::hex(fault.iova->value());
  if (finding != nullptr) {
    text += owner(*finding);
    if (!finding->cause.id.empty()) text += "  " + finding->cause.id;
    if (!finding->authentic) text += "  (a guest could have written it)";
  }
  return text + "  (new)\n";
}

bool WatchFeed::pending() const {
  return unkept_ != 0 || std::any_of(folds_.begin(), folds_.end(),
                                     [](const auto& one) { return one.second.count != 0; });
}

void WatchFeed::folded(std::size_t group, std::uint64_t count) {
  folds_[group].count += count;
}

std::string WatchFeed::due(const Report& report, Now now, bool all) {
  std::string text;
  for (auto& [group, fold] : folds_) {
    if (fold.count == 0 || group >= report.facts->faults.size()) continue;
    const std::uint64_t over = now.uptime - fold.told;
    if (!all && over < fold.interval) continue;
    if (json_) {
      Json out = event("fault_summary", now);
      out["group"] = group;
      out["count"] = fold.count;
      out["total"] = report.facts->faults[group].count;
      out["over_ms"] = over / static_cast<std::uint64_t>(kNsPerMs);
      text += line(out);
    } else {
      const FaultGroup& fault = report.facts->faults[group];
      text += fmt::format("{}   x{:<4} {}{}: {} more in {} s\n", clock_text(now.wall), fold.count,
                          place(fault),
                          fault.iova ? "  " + render::hex(fault.iova->value()) : std::string(),
                          fold.count, over / 1'000'000'000);
    }
    fold = {now.uptime, std::min(fold.interval * 2, kLongestFold), 0};
  }
  if (unkept_ != 0) {
    if (json_) {
      Json out = event("faults_not_kept", now);
      out["count"] = unkept_;
      text += line(out);
    } else {
      text += fmt::format("{}   x{:<4} of more different faults than are kept apart\n",
                          clock_text(now.wall), unkept_);
    }
    unkept_ = 0;
  }
  return text;
}

std::string WatchFeed::lost(std::uint64_t bytes, Now now) const {
  if (json_) {
    Json out = event("lost", now);
    out["bytes"] = bytes;
    return line(out);
  }
  return fmt::format(
      "{}  LOST   {} console bytes overwritten before they were read; counts are a lower bound\n",
      clock_text(now.wall), bytes);
}

std::string WatchFeed::restarted(Now now) const {
  if (json_) return line(event("restarted", now));
  return fmt::format("{}  BOOT   the console begins anew: Xen has booted\n", clock_text(now.wall));
}

}  // namespace xic
