#include "daemon/history_record.h"

#include <charconv>

#include "report/describe.h"
#include "report/json_parts.h"
#include "report/names.h"

namespace xic::daemon {
namespace {

using render::Json;

constexpr std::int64_t kNanoseconds = 1'000'000'000;

template <class T>
bool parse_whole(std::string_view text, T* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc{} && end == text.data() + text.size();
}

/// "epoch:offset" or "epoch:offset.ordinal".
bool parse_id(std::string_view text, ReadRecord* record) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  record->epoch = text.substr(0, colon);
  std::string_view place = text.substr(colon + 1);
  if (const std::size_t dot = place.find('.'); dot != std::string_view::npos) {
    if (!parse_whole(place.substr(dot + 1), &record->id.ordinal)) return false;
    place = place.substr(0, dot);
  }
  return parse_whole(place, &record->id.offset);
}

std::string_view token(GrantedNow::Answer answer) {
  switch (answer) {
    case GrantedNow::Answer::granted_or_own:
      return "granted";
    case GrantedNow::Answer::not_granted:
      return "not_granted";
    case GrantedNow::Answer::free_or_xen:
      return "free_or_xen";
  }
  return "";
}

Json attribution_json(const Attribution& attribution) {
  Json out = {{"state", render::token(attribution.state)}};
  if (attribution.granter) {
    out["granter"] = render::domain_json(*attribution.granter, attribution.granter_name);
  }
  if (attribution.ref) out["ref"] = render::hex(attribution.ref->value());
  if (!attribution.backend.empty()) out["backend"] = attribution.backend;
  return out;
}

/// The members of `object` without its braces.
std::string members(const Json& object) {
  const std::string text = render::dump_line(object);
  return text.substr(1, text.size() - 2);
}

}  // namespace

std::optional<ReadRecord> read_record(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto type = json.find("type");
  const auto id = json.find("id");
  const auto cursor = json.find("cursor");
  if (type == json.end() || !type->is_string() || id == json.end() || !id->is_string() ||
      cursor == json.end() || !cursor->is_number_unsigned()) {
    return std::nullopt;
  }
  ReadRecord record;
  if (!parse_id(id->get_ref<const std::string&>(), &record)) return std::nullopt;
  record.cursor = cursor->get<std::uint64_t>();
  record.is_fault = *type == "fault";
  record.untold = record.is_fault && json.value("told", Json(true)) == Json(false);
  if (*type == "told") {
    const auto waiting = json.find("waiting");
    if (waiting == json.end() || !waiting->is_number_unsigned()) return std::nullopt;
    record.still_waiting = waiting->get<std::uint64_t>();
  }
  return record;
}

std::string open_record(std::string_view type, std::string_view id, std::int64_t wall,
                        std::string_view more) {
  std::string record =
      '{' + members({{"type", type}, {"id", id}, {"at", render::rfc3339(wall / kNanoseconds)}});
  if (!more.empty()) record.append(1, ',').append(more);
  return record;
}

std::string close_record(const std::string& opened, std::uint64_t cursor) {
  return opened + ",\"cursor\":" + std::to_string(cursor) + "}\n";
}

std::string fault_fields(const SeenFault& fault, bool told) {
  Json out = {{"told", told}, {"kind", render::token(fault.kind)}};
  if (!fault.iommu.empty()) out["iommu"] = fault.iommu;
  if (!fault.device.empty()) out["device"] = fault.device;
  if (fault.iova) {
    out["iova"] = render::hex(fault.iova->value());
    out["frame"] = render::hex(frame_of(*fault.iova).value());
  }
  out["access"] = render::token(fault.access);
  if (fault.cb) out["cb"] = *fault.cb;
  if (fault.stream_id) out["stream_id"] = render::hex(*fault.stream_id);
  if (fault.domain) out["domain"] = fault.domain->value();
  if (!fault.complete) out["complete"] = false;
  if (fault.uncertain_author) out["uncertain_author"] = true;
  if (fault.authentic) out["authentic"] = *fault.authentic;
  if (fault.time.clock != Clock::none) out["time"] = render::time_json(fault.time);
  if (fault.granted_now) out["granted_now"] = token(*fault.granted_now);
  if (fault.attribution) out["attribution"] = attribution_json(*fault.attribution);
  if (!fault.cause.empty()) out["cause"] = fault.cause;
  out["raw"] = fault.raw;
  return members(out);
}

}  // namespace xic::daemon
