#include "daemon/event_texts.h"

#include <fmt/format.h>

#include <utility>

#include "report/describe.h"
#include "report/names.h"
#include "report/report.h"

namespace xic::daemon {
namespace {

/// Adds fields that are known.
class Fields {
 public:
  explicit Fields(Event* event) : event_(event) {}
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) event_->fields.push_back({name, sanitise(value)});
  }
  void number(std::string_view name, std::uint64_t value) {
    event_->fields.push_back({name, std::to_string(value)});
  }
  void hex(std::string_view name, std::uint64_t value) {
    event_->fields.push_back({name, render::hex(value)});
  }
  /// As it came from the console, control bytes and all: the journal takes any bytes.
  void raw(std::string_view name, const std::string& value) {
    event_->fields.push_back({name, value});
  }

 private:
  Event* event_;
};

std::string words(const FaultIdentity& identity) {
  std::string text{render::token(identity.access)};
  if (identity.frame) text += " of page " + render::hex(identity.frame->value());
  if (!identity.iommu.empty()) text += " at " + sanitise(identity.iommu);
  if (!identity.stream.empty()) text += ' ' + identity.stream;
  return text;
}

std::string upper(std::string_view name) {
  std::string out;
  for (const char c : name) {
    out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

/// The register fields have a name each, from a fixed set.
std::string_view register_field(std::string_view name) {
  for (const std::string_view known : {"FSR", "FSYNR", "GFSR", "GFSYNR0", "GFSYNR1", "GFSYNR2"}) {
    if (upper(name) == known) return known;
  }
  return {};
}

void add_attribution(const Attribution& attribution, Fields* fields) {
  fields->text("ATTRIBUTION", render::token(attribution.state));
  if (attribution.granter) fields->number("DOMID", attribution.granter->value());
  fields->text("DOMAIN", attribution.granter_name);
  if (attribution.ref) fields->hex("GRANT_REF", attribution.ref->value());
  fields->text("BACKEND", attribution.backend);
}

std::string owner_words(const Attribution& attribution) {
  std::string text = fmt::format(
      ", page granted by {}", render::domain_words(*attribution.granter, attribution.granter_name));
  if (!attribution.backend.empty()) text += " (" + sanitise(attribution.backend) + ')';
  if (attribution.state != Attribution::State::exact) text += ", likely";
  return text;
}

}  // namespace

Event fault_event(const SeenFault& fault) {
  Event event{EventKind::fault, Priority::error, {}, {}};
  event.message = fmt::format("IOMMU fault: {}", render::token(fault.access));
  if (fault.iova) event.message += " of " + render::hex(fault.iova->value());
  const std::string& where = fault.iommu.empty() ? fault.device : fault.iommu;
  if (!where.empty()) event.message += " at " + sanitise(where);
  if (const std::string stream = stream_words(fault); !stream.empty()) {
    event.message += ' ' + stream;
  }
  if (fault.attribution && fault.attribution->granter) {
    event.message += owner_words(*fault.attribution);
  }
  if (fault.uncertain_author) event.message += " (a guest may have written this line)";

  Fields fields(&event);
  fields.text("EVENT_ID", to_string(fault.epoch, fault.id));
  fields.text("KIND", render::token(fault.kind));
  fields.text("ACCESS", render::token(fault.access));
  fields.text("IOMMU", fault.iommu);
  fields.text("DEVICE", fault.device);
  if (fault.iova) {
    fields.hex("IOVA", fault.iova->value());
    fields.hex("FRAME", frame_of(*fault.iova).value());
  }
  if (fault.cb) fields.number("CB", *fault.cb);
  if (fault.stream_id) fields.hex("STREAM_ID", *fault.stream_id);
  if (fault.domain) fields.number("FAULT_DOMID", fault.domain->value());
  for (const Register& one : fault.registers) {
    if (const auto name = register_field(one.name); !name.empty()) fields.hex(name, one.value);
  }
  if (fault.attribution) add_attribution(*fault.attribution, &fields);
  fields.text("CAUSE", fault.cause);
  fields.number("READ_AT", fault.read_at / 1000);
  if (fault.uncertain_author) fields.number("UNCERTAIN_AUTHOR", 1);
  fields.raw("RAW", fault.raw);
  return event;
}

Event summary_event(const FaultSummary& summary, const std::string& epoch) {
  Event event{EventKind::fault_summary, Priority::notice, {}, {}};
  const double seconds = std::chrono::duration<double>(summary.over).count();
  event.message = fmt::format("{} more IOMMU {} in {:.0f} s: {}", summary.count,
                              summary.count == 1 ? "fault" : "faults", seconds,
                              summary.identity ? words(*summary.identity) : "many different ones");
  Fields fields(&event);
  fields.number("COUNT", summary.count);
  fields.text("FIRST_EVENT_ID", to_string(epoch, summary.first));
  fields.text("LAST_EVENT_ID", to_string(epoch, summary.last));
  if (summary.identity) {
    fields.text("ACCESS", render::token(summary.identity->access));
    fields.text("IOMMU", summary.identity->iommu);
    if (summary.identity->frame) fields.hex("FRAME", summary.identity->frame->value());
  }
  return event;
}

Event lost_event(std::uint64_t bytes, const std::string& id) {
  Event event{EventKind::lost, Priority::warning, {}, {}};
  event.message = fmt::format(
      "{} bytes of Xen's console were lost before they were read: counts are a lower bound", bytes);
  Fields fields(&event);
  fields.number("LOST_BYTES", bytes);
  fields.text("EVENT_ID", id);
  return event;
}

Event verdict_event(const Verdict& verdict) {
  const bool bad =
      verdict.state == VerdictState::affected || verdict.state == VerdictState::likely_affected;
  Event event{EventKind::verdict, bad ? Priority::warning : Priority::info, {}, {}};
  event.message = fmt::format("Verdict on {}: {}", verdict.id, sanitise(verdict.summary));
  Fields fields(&event);
  fields.text("FINDING", verdict.id);
  fields.text("STATE", to_string(verdict.state));
  fields.text("CONFIDENCE", to_string(verdict.confidence));
  fields.number("OBSERVED", verdict.observed ? 1 : 0);
  fields.number("SUSPECTED", verdict.suspected ? 1 : 0);
  return event;
}

Event started_event(const std::string& version, std::uint64_t cursor, const Recovered& found) {
  Event event{EventKind::started, Priority::info, {}, {}};
  event.message =
      fmt::format("xen-iommud {} watches Xen's console from byte {} on", version, cursor);
  if (found.untold != 0) {
    event.message += fmt::format("; {} recorded by an earlier run could not be told",
                                 render::counted(found.untold, "fault"));
  }
  if (found.damaged_records != 0) {
    event.message += fmt::format("; {} of the history left out, cut off or damaged",
                                 render::counted(found.damaged_records, "line"));
  }
  Fields fields(&event);
  fields.text("VERSION", version);
  fields.number("CURSOR", cursor);
  fields.number("UNTOLD", found.untold);
  fields.number("DAMAGED_RECORDS", found.damaged_records);
  return event;
}

Event stopped_event(std::uint64_t faults_seen) {
  Event event{EventKind::stopped, Priority::info, {}, {}};
  event.message =
      fmt::format("xen-iommud stops; it has seen {}", render::counted(faults_seen, "fault"));
  Fields(&event).number("COUNT", faults_seen);
  return event;
}

Event abi_mismatch_event(const Error& error) {
  Event event{EventKind::abi_mismatch, Priority::error, {}, {}};
  event.message = "Xen's console cannot be read: " + sanitise(error.message);
  Fields fields(&event);
  fields.text("DETAIL", error.message);
  fields.text("HINT", error.hint);
  return event;
}

Event probed_event(const ProbeResult& result) {
  const bool healthy = result.answer == ProbeResult::Answer::present;
  Event event{EventKind::probed, healthy ? Priority::notice : Priority::warning, {}, {}};
  event.message = fmt::format("Probe: the IOMMU's entries of {} that dom0 has mapped are {}",
                              render::counted(result.frames, "page"), render::token(result.answer));
  if (!result.detail.empty()) event.message += ": " + sanitise(result.detail);
  Fields fields(&event);
  fields.text("ANSWER", render::token(result.answer));
  fields.number("FRAMES", result.frames);
  fields.text("DETAIL", result.detail);
  return event;
}

Event trouble_event(const std::string& id, const Error& error) {
  Event event{EventKind::trouble, Priority::warning, {}, {}};
  event.message = fmt::format("Hindered ({}): {}", id, sanitise(error.message));
  Fields fields(&event);
  fields.text("TROUBLE", id);
  fields.text("DETAIL", error.message);
  fields.text("HINT", error.hint);
  return event;
}

Event recovered_event(const std::string& id, const std::string& detail) {
  Event event{EventKind::recovered, Priority::info, {}, {}};
  event.message = fmt::format("No longer hindered ({})", id);
  if (!detail.empty()) event.message += ": " + sanitise(detail);
  Fields fields(&event);
  fields.text("TROUBLE", id);
  fields.text("DETAIL", detail);
  return event;
}

}  // namespace xic::daemon
