#include "report/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "report/describe.h"
#include "report/json_parts.h"
#include "report/layout.h"

namespace xic {
namespace {

using render::Json;

struct Field {
  std::string_view pointer;  // RFC 6901
  bool matters;
};
constexpr std::array kFields{
    Field{"/verdict/state", true},
    Field{"/verdict/observed", true},
    Field{"/verdict/suspected", true},
    Field{"/verdict/confidence", true},
    Field{"/exit_code", true},
    Field{"/hypervisor/version", true},
    Field{"/hypervisor/changeset", true},
    Field{"/hypervisor/build_id", true},
    Field{"/hypervisor/arch", true},
    Field{"/hypervisor/distribution", true},
    Field{"/hypervisor/debug_build", true},
    Field{"/hypervisor/direct_mapped", true},
    Field{"/hypervisor/iommu/enabled", true},
    Field{"/hypervisor/iommu/kind", true},
    Field{"/input/mode", false},
    Field{"/input/root", false},
    Field{"/tool/version", false},
    Field{"/tool/knowledge", false},
};

std::string words(const Json& value) {
  if (value.is_null()) return "not known";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return value.dump(-1, ' ', true, Json::error_handler_t::replace);
}

/// The member of an object, or null for whatever else stands there: a report is input.
const Json& member(const Json& object, std::string_view name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

std::string text_of(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

/// "verdict.state" of "/verdict/state".
std::string name_of(std::string_view pointer) {
  std::string name(pointer.substr(1));
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

/// The value at a pointer in words; "" where there is none.
std::string value_at(const Json& report, std::string_view pointer) {
  const Json::json_pointer at{std::string(pointer)};
  return report.contains(at) ? words(report.at(at)) : std::string();
}

/// Events by cause and IOMMU: frames and times differ in every reading.
std::map<std::string, std::uint64_t> fault_counts(const Json& report) {
  std::map<std::string, std::uint64_t> counts;
  const Json& faults = member(report, "faults");
  if (!faults.is_array()) return counts;
  for (const Json& fault : faults) {
    const std::string cause = text_of(member(fault, "cause"), "id");
    const std::string iommu = text_of(fault, "iommu");
    const Json& count = member(fault, "count");
    counts[fmt::format("{} on {}", cause.empty() ? "no cause" : cause,
                       iommu.empty() ? "an unnamed IOMMU" : iommu)] +=
        count.is_number_unsigned() ? count.get<std::uint64_t>() : 0;
  }
  return counts;
}

std::set<std::string> ids(const Json& report, std::string_view list) {
  std::set<std::string> out;
  const Json& entries = member(report, list);
  if (!entries.is_array()) return out;
  for (const Json& entry : entries) out.insert(text_of(entry, "id"));
  return out;
}

void compare_faults(const Json& before, const Json& after, std::vector<ReportChange>* changes) {
  const auto old_counts = fault_counts(before);
  const auto new_counts = fault_counts(after);
  std::set<std::string> keys;
  for (const auto& [key, count] : old_counts) keys.insert(key);
  for (const auto& [key, count] : new_counts) keys.insert(key);
  for (const std::string& key : keys) {
    const auto was = old_counts.find(key);
    const auto is = new_counts.find(key);
    const auto events = [](const auto& found, const auto& counts) {
      return found == counts.end() ? std::string() : render::counted(found->second, "event");
    };
    const std::string old_words = events(was, old_counts);
    const std::string new_words = events(is, new_counts);
    if (old_words == new_words) continue;
    // How often is a matter of how long one looked; whether at all is not.
    const bool matters = old_words.empty() || new_words.empty();
    changes->push_back({"faults: " + key, old_words, new_words, matters});
  }
}

void compare_limits(const Json& before, const Json& after, std::vector<ReportChange>* changes) {
  const std::set<std::string> was = ids(before, "limits");
  const std::set<std::string> is = ids(after, "limits");
  for (const std::string& id : was) {
    if (!is.contains(id)) changes->push_back({"limits: " + id, "could not see", "", true});
  }
  for (const std::string& id : is) {
    if (!was.contains(id)) changes->push_back({"limits: " + id, "", "could not see", true});
  }
}

Expected<Json> parse(std::string_view name, std::string_view text) {
  Json report = Json::parse(text, nullptr, false);
  if (text_of(report, "schema") == "xen-iommu-check/1" && member(report, "verdict").is_object()) {
    return report;
  }
  Error error;
  error.code = Error::Code::malformed;
  error.message = fmt::format("{} is no report of xen-iommu-check", name);
  error.hint = "a report is what `xen-iommu-check check --json` writes";
  return tl::unexpected(std::move(error));
}

std::string shown(const std::string& value) {
  return value.empty() ? std::string("none") : render::outside(value, 80);
}

void put_changes(const ReportComparison& comparison, bool matters, render::Page* page) {
  constexpr std::size_t kMost = 40;  // of each kind; JSON has all
  std::size_t count = 0;
  for (const ReportChange& change : comparison.changes) {
    if (change.matters != matters || ++count > kMost) continue;
    page->put("    ", fmt::format("{}: {} -> {}", render::outside(change.what, 90),
                                  shown(change.before), shown(change.after)));
  }
  if (count > kMost) page->put("    ", fmt::format("and {} more with --json", count - kMost));
}

}  // namespace

bool ReportComparison::changed() const {
  return std::any_of(changes.begin(), changes.end(),
                     [](const ReportChange& change) { return change.matters; });
}

Expected<ReportComparison> compare_reports(std::string_view before_name, std::string_view before,
                                           std::string_view after_name, std::string_view after) {
  const auto old_report = parse(before_name, before);
  if (!old_report) return tl::unexpected(old_report.error());
  const auto new_report = parse(after_name, after);
  if (!new_report) return tl::unexpected(new_report.error());

  ReportComparison comparison;
  comparison.before_made = text_of(*old_report, "generated_at");
  comparison.after_made = text_of(*new_report, "generated_at");
  std::vector<ReportChange>& changes = comparison.changes;
  for (const Field& field : kFields) {
    std::string was = value_at(*old_report, field.pointer);
    std::string is = value_at(*new_report, field.pointer);
    if (was == is) continue;
    changes.push_back({name_of(field.pointer), std::move(was), std::move(is), field.matters});
  }
  compare_faults(*old_report, *new_report, &changes);
  compare_limits(*old_report, *new_report, &changes);
  std::stable_partition(changes.begin(), changes.end(),
                        [](const ReportChange& change) { return change.matters; });
  return comparison;
}

std::string render_comparison_text(const ReportComparison& comparison, const TextStyle& style) {
  render::Page page(style);
  page.put(comparison.changed() ? "CHANGED   " : "SAME   ",
           fmt::format("from the report of {} to that of {}", shown(comparison.before_made),
                       shown(comparison.after_made)));
  if (comparison.changed()) {
    page.blank();
    page.put("  What matters", "");
    put_changes(comparison, true, &page);
  }
  if (std::any_of(comparison.changes.begin(), comparison.changes.end(),
                  [](const ReportChange& change) { return !change.matters; })) {
    page.blank();
    page.put("  Besides", "");
    put_changes(comparison, false, &page);
  }
  return page.text();
}

std::string render_comparison_json(const Report& report, const ReportComparison& comparison) {
  const auto or_null = [](const std::string& value) {
    return value.empty() ? Json(nullptr) : Json(value);
  };
  Json out = render::envelope(report);
  Json changes = Json::array();
  for (const ReportChange& change : comparison.changes) {
    changes.push_back({{"what", change.what},
                       {"before", or_null(change.before)},
                       {"after", or_null(change.after)},
                       {"matters", change.matters}});
  }
  out["comparison"] = {{"before_generated_at", or_null(comparison.before_made)},
                       {"after_generated_at", or_null(comparison.after_made)},
                       {"changed", comparison.changed()},
                       {"changes", std::move(changes)}};
  return render::dump(out);
}

}  // namespace xic
