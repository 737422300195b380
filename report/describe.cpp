#include "report/describe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "core/diagnosis/words.h"
#include "report/layout.h"
#include "report/names.h"

namespace xic::render {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMicrosecond = 1'000;
constexpr std::size_t kMaxRawBytes = 2048;  // Real fault lines have about 105.

struct CivilTime {
  std::int64_t year;
  unsigned month, day, hour, minute, second;
};

// Days to a date of the proleptic Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level Date
// Algorithms"): no time zone database, no locale, no clock.
CivilTime civil(std::int64_t seconds) {
  std::int64_t days = seconds / 86400;
  std::int64_t rest = seconds % 86400;
  if (rest < 0) rest += 86400, --days;
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t doe = days - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
  return {yoe + era * 400 + (month <= 2 ? 1 : 0),
          static_cast<unsigned>(month),
          static_cast<unsigned>(doy - (153 * mp + 2) / 5 + 1),
          static_cast<unsigned>(rest / 3600),
          static_cast<unsigned>(rest / 60 % 60),
          static_cast<unsigned>(rest % 60)};
}

std::string seconds_text(std::uint64_t nanoseconds) {
  return fmt::format("{}.{:06}", nanoseconds / kSecond, nanoseconds % kSecond / kMicrosecond);
}

// FSR.FORMAT (IHI 0062: CBn_FSR[10:9]). 0 is AArch32 short-descriptor, but also what an SMMUv1
// without the field gives, and Xen never uses short descriptors: say nothing then.
std::string_view table_format(const FaultGroup& fault) {
  if (fault.kind != FaultKind::smmuv2_context) return "";
  switch (fault.registers.get("fsr").value_or(0) >> 9 & 3) {
    case 1:
      return "AArch32 LPAE format";
    case 2:
      return "AArch64 format";
    default:
      return "";
  }
}

std::string_view access_words(const FaultGroup& fault) {
  switch (fault.access) {
    case Access::read:
      return "device read of";
    case Access::write:
      return "device write to";
    case Access::instruction:
      return "instruction fetch from";
    case Access::unknown:
      break;
  }
  return "device access to";
}

void join(std::string* text, std::string_view part) {
  if (part.empty()) return;
  if (!text->empty()) *text += ", ";
  *text += part;
}

// "dump 0.4 s before": how near the dump that names the owner is, where one clock tells.
std::string sighting_words(const FaultGroup& fault) {
  const bool before = fault.before.found;
  if (!before && !fault.after.found) return "";
  const std::optional<std::int64_t> gap = before ? elapsed_ns(fault.before.dump_time, fault.first)
                                                 : elapsed_ns(fault.last, fault.after.dump_time);
  if (!gap || *gap < 0) return "";
  const std::string_view side = before ? "before" : "after";
  if (*gap < std::int64_t{kSecond} / 10)
    return fmt::format("dump {} ms {}", *gap / 1'000'000, side);
  return fmt::format("dump {:.1f} s {}", static_cast<double>(*gap) / double{kSecond}, side);
}

bool names_a_page(const FaultGroup& fault) {
  return fault.iova.has_value();
}

}  // namespace

std::string hex(std::uint64_t value) {
  return fmt::format("{:#x}", value);
}

std::string counted(std::uint64_t count, std::string_view singular) {
  return fmt::format("{} {}{}", count, singular, count == 1 ? "" : "s");
}

std::string rfc3339(std::int64_t seconds) {
  const CivilTime t = civil(seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.year, t.month, t.day, t.hour,
                     t.minute, t.second);
}

std::string time_value(Timestamp time) {
  switch (time.clock) {
    case Clock::none:
      return "";
    case Clock::xen_boot:
    case Clock::dom0_uptime:
      return seconds_text(time.value);
    case Clock::xen_wall: {
      std::string text = rfc3339(static_cast<std::int64_t>(time.value / kSecond));
      text.pop_back();
      return fmt::format("{}.{:06}Z", text, time.value % kSecond / kMicrosecond);
    }
    case Clock::xen_cycles:
      return hex(time.value);
  }
  return "";
}

std::string time_words(Timestamp time) {
  switch (time.clock) {
    case Clock::none:
      return "";
    case Clock::xen_boot:
      return fmt::format("Xen time {} s", time_value(time));
    case Clock::dom0_uptime:
      return fmt::format("dom0 uptime {} s", time_value(time));
    case Clock::xen_cycles:
      return fmt::format("Xen counter {}", time_value(time));
    case Clock::xen_wall:
      break;
  }
  const CivilTime t = civil(static_cast<std::int64_t>(time.value / kSecond));
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03} UTC", t.year, t.month, t.day,
                     t.hour, t.minute, t.second, time.value % kSecond / 1'000'000);
}

std::string fault_words(const FaultGroup& fault) {
  std::string what(fault.kind == FaultKind::smmuv3_gerror ? "global error of the SMMU itself"
                                                          : class_text(fault.fault_class));
  // Where one word does not tell the failure, the names of the bits do.
  if (fault.fault_class == FaultClass::mixed || fault.fault_class == FaultClass::other ||
      fault.fault_class == FaultClass::configuration) {
    std::string names;
    for (const std::string_view name : flag_names(fault.kind, fault.registers)) join(&names, name);
    if (!names.empty()) what += fmt::format(" ({})", names);
  }
  if (!fault.reason.empty()) join(&what, fmt::format("\"{}\"", outside(fault.reason)));
  if (fault.level) join(&what, fmt::format("level {}", *fault.level));
  join(&what, table_format(fault));
  if (fault.cb) join(&what, fmt::format("context bank {}", *fault.cb));
  if (fault.stream_id) join(&what, fmt::format("stream {}", hex(*fault.stream_id)));
  if (!fault.device.empty()) join(&what, fmt::format("device {}", outside(fault.device, 20)));
  if (fault.domain) join(&what, fmt::format("context of d{}", fault.domain->value()));
  if (fault.multiple) join(&what, "more faults happened than were recorded");
  if (!fault.complete) join(&what, "part of the message is missing");
  if (!names_a_page(fault)) {
    if (fault.access == Access::unknown) return what;
    return fmt::format("{}: {}",
                       fault.access == Access::instruction ? "instruction fetch"
                       : fault.access == Access::read      ? "device read"
                                                           : "device write",
                       what);
  }
  return fmt::format("{}{} {}: {}", fault.privileged.value_or(false) ? "privileged " : "",
                     access_words(fault), hex(fault.iova->value()), what);
}

std::string fault_place(const FaultGroup& fault) {
  std::string text = outside(fault.iommu);
  join(&text, fault.count == 1 ? "seen once" : fmt::format("seen {} times", fault.count));
  const std::string first = time_words(fault.first);
  const std::string last = time_words(fault.last);
  if (fault.count > 1 && !first.empty() && !last.empty() && first != last) {
    join(&text, fmt::format("first {}, last {}", first, last));
  } else {
    join(&text, first);
  }
  return text;
}

std::string domain_words(DomId domain, std::string_view name) {
  if (name.empty()) return fmt::format("d{}", domain.value());
  std::string shown = outside(name, 32);
  std::replace(shown.begin(), shown.end(), '"', '\'');  // a name must not end its own quotes
  return fmt::format("d{} \"{}\"", domain.value(), shown);
}

std::string owner_words(const FaultGroup& fault, const FaultFinding& finding) {
  if (!names_a_page(fault)) return "";
  const Attribution& a = finding.attribution;
  const std::string page = fmt::format("page {}", hex(frame_of(*fault.iova).value()));
  if (a.state != Attribution::State::none && a.granter) {
    std::string text = page + " =";
    if (a.ref) text += fmt::format(" grant {} of", hex(a.ref->value()));
    text += " " + domain_words(*a.granter, a.granter_name);
    if (!a.backend.empty()) text += ", " + outside(a.backend, 24);
    if (!a.role.empty()) text += (a.backend.empty() ? ", " : " ") + outside(a.role, 24);
    text += fmt::format("; {}", token(a.state));
    if (!a.source.empty()) text += ": " + outside(a.source, 300);
    std::string when = sighting_words(fault);
    if (when.empty()) when = outside(a.seen_at, 80);
    if (!when.empty()) text += fmt::format(" ({})", when);
    return text;
  }
  std::string text = page;
  if (finding.address.klass != AddressClass::unknown) {
    text += fmt::format(" is {}", words(finding.address.klass));
    if (!finding.address.detail.empty()) text += ", " + outside(finding.address.detail, 120);
    text += ";";
  } else {
    text += ":";
  }
  text += " no grant known";
  if (!a.source.empty()) text += fmt::format(" ({})", outside(a.source, 160));
  return text;
}

std::string dom0_error_words(const Dom0Error& error) {
  std::string text;
  for (const std::string* part : {&error.driver, &error.device, &error.netdev}) {
    if (part->empty()) continue;
    if (!text.empty()) text += ' ';
    text += outside(*part, 40);
  }
  if (!text.empty()) text += ": ";
  text += outside(error.message, 120);
  std::string when = time_words(error.uptime);
  if (error.count > 1) join(&when, fmt::format("{} times", error.count));
  if (!when.empty()) text += fmt::format(" ({})", when);
  return text;
}

std::string cause_words(const CauseFinding& cause, const Knowledge* knowledge, bool with_summary) {
  if (cause.id.empty()) return "";
  std::string text = cause.id;
  if (const Entry* entry = knowledge != nullptr ? knowledge->cause(cause.id) : nullptr) {
    text += fmt::format(" {}", entry->title);
  }
  text += fmt::format(" ({} confidence)", to_string(cause.confidence));
  if (with_summary && !cause.summary.empty()) text += ": " + outside(cause.summary, 240);
  return text;
}

std::string standing_words(const Verdict& verdict) {
  std::string standing = verdict.id;
  if (verdict.observed) join(&standing, "observed in a fault");
  if (verdict.suspected) join(&standing, "suspected from a fault");
  join(&standing, fmt::format("{} confidence", to_string(verdict.confidence)));
  return standing;
}

std::string raw_line(const std::string& line) {
  if (line.size() <= kMaxRawBytes) return line;
  return line.substr(0, kMaxRawBytes) +
         fmt::format("... ({} bytes cut)", line.size() - kMaxRawBytes);
}

std::vector<std::size_t> fault_order(const Report& report) {
  const std::vector<FaultGroup>& faults = report.facts->faults;
  const std::vector<FaultFinding>& findings = report.diagnosis->faults;
  std::vector<std::size_t> order(std::min(faults.size(), findings.size()));
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto weight = [&](std::size_t i) {
    return findings[i].accuses ? 2 : findings[i].signature ? 1 : 0;
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (weight(a) != weight(b)) return weight(a) > weight(b);
    return faults[a].count > faults[b].count;
  });
  return order;
}

std::optional<std::string> iommu_source(const Hypervisor& hypervisor) {
  const std::optional<bool> enabled = hypervisor.iommu_enabled();
  if (!enabled) return std::nullopt;
  const IommuClaim* best = nullptr;
  for (const IommuClaim& claim : hypervisor.iommu) {
    if (claim.enabled == *enabled && (best == nullptr || claim.strength > best->strength)) {
      best = &claim;
    }
  }
  if (best == nullptr) return std::nullopt;
  return best->source;
}

std::optional<std::string> changeset(const Hypervisor& hypervisor) {
  for (const Sourced<Commit>& commit : hypervisor.commits) {
    if (commit.value.origin == Commit::Origin::changeset) {
      return commit.value.hash + (commit.value.dirty ? "-dirty" : "");
    }
  }
  if (!hypervisor.changeset_text) return std::nullopt;
  const std::string& text = hypervisor.changeset_text->value;
  if (text.empty() || text == "unavailable") return std::nullopt;
  return text;
}

std::uint64_t total(const std::vector<FaultGroup>& groups) {
  std::uint64_t sum = 0;
  for (const FaultGroup& group : groups) sum += group.count;
  return sum;
}

}  // namespace xic::render
