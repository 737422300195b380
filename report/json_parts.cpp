#include "report/json_parts.h"

#include <fmt/format.h>

#include "report/describe.h"
#include "report/names.h"
#include "report/probe_words.h"

namespace xic::render {
namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

// What the formats of a kind print (facts A.1 to A.5): such a field is null where it is missing,
// any other is absent.
struct Applies {
  bool iommu, iova, access, privileged, level, cb, stream_id, device, domain;
};
Applies applies(FaultKind kind) {
  switch (kind) {
    //                                            iommu iova  access priv  level  cb     sid    dev
    //                                            dom
    case FaultKind::smmuv2_context:
      return {true, true, true, true, true, true, false, false, false};
    case FaultKind::smmuv2_global:
      return {true, false, true, true, false, false, true, false, false};
    case FaultKind::smmuv3_event:
      return {true, true, true, true, false, false, true, false, false};
    case FaultKind::smmuv3_gerror:
      return {true, false, false, false, false, false, false, false, false};
    case FaultKind::ipmmu:
      return {true, true, false, false, false, false, false, false, true};
    case FaultKind::vtd:
      return {false, true, true, false, false, false, false, true, false};
    case FaultKind::amdvi:
      return {false, true, true, false, false, false, false, true, true};
  }
  return {};
}

/// An object with room for `fields`. Where one grows, all that it holds is copied: the keys of
/// ordered_json are const and cannot be moved.
Json object_with_room(std::size_t fields) {
  Json::object_t object;
  object.reserve(fields);
  return object;
}

Json registers_json(const RegisterSet& registers) {
  Json out = object_with_room(RegisterSet::kMax);
  for (const Register& r : registers) {
    out[std::string(r.name)] = fmt::format("0x{:0{}x}", r.value, r.digits);
  }
  return out;
}

Json attribution_json(const Attribution& a) {
  Json out = object_with_room(7);
  out["state"] = token(a.state);
  out["granter"] = a.granter ? domain_json(*a.granter, a.granter_name) : Json(nullptr);
  out["ref"] = a.ref ? Json(hex(a.ref->value())) : Json(nullptr);
  out["backend"] = text_or_null(a.backend);
  out["dom0_device"] = text_or_null(a.dom0_device);
  out["source"] = text_or_null(a.source);
  out["seen_at"] = text_or_null(a.seen_at);
  return out;
}

/// Times are nanoseconds of the recorder's own clock: they compare with each other only.
Json recorder_json(const RecordedGrant& recorded) {
  const TraceSighting& seen = recorded.sighting;
  Json out;
  out["state"] = token(seen.state);
  out["fault_between_ns"] = {seen.at.begin, seen.at.end};
  if (seen.mapped != 0) {
    out["mapped_ns"] = seen.mapped;
    out["unmapped_ns"] = seen.unmapped ? Json(*seen.unmapped) : Json(nullptr);
    out["unmapped_by"] = text_or_null(seen.unmapper);
    out["read_only"] = seen.read_only;
    out["remapped"] = recorded.remapped;
    out["other_grants"] = recorded.others;
    out["mapped_again"] = seen.again;
  }
  out["faults"] = {
      {"mapped", recorded.mapped}, {"ended", recorded.ended}, {"unclear", recorded.unclear}};
  return out;
}

}  // namespace

Json verdict_json(const Verdict& verdict) {
  return {{"id", verdict.id},
          {"state", to_string(verdict.state)},
          {"observed", verdict.observed},
          {"suspected", verdict.suspected},
          {"confidence", to_string(verdict.confidence)},
          {"summary", verdict.summary},
          {"fixed_in", verdict.fixed_in},
          {"commits", verdict.commits}};
}

Json time_json(Timestamp time) {
  std::string_view clock;
  switch (time.clock) {
    case Clock::none:
      return nullptr;
    case Clock::xen_boot:
    case Clock::xen_cycles:
      clock = "xen";
      break;
    case Clock::xen_wall:
      clock = "wall";
      break;
    case Clock::dom0_uptime:
      clock = "dom0";
      break;
  }
  return {{"clock", clock}, {"value", time_value(time)}};
}

Json tool_json(const Report& report) {
  return {{"name", "xen-iommu-check"},
          {"version", report.tool_version},
          {"knowledge", report.knowledge_date}};
}

Json input_json(const Facts& facts) {
  Json out;
  out["mode"] = token(facts.mode);
  // Rights matter where a host was asked; a log or an image has none.
  if (facts.mode == InputMode::live || facts.mode == InputMode::capture) out["root"] = facts.root;
  out["sources"] = Json::array();
  for (const InputSource& source : facts.sources) {
    out["sources"].push_back({{"name", source.name},
                              {"recognised_as", text_or_null(source.recognised_as)},
                              {"bytes", source.bytes}});
  }
  return out;
}

Json hypervisor_json(const Facts& facts) {
  const Hypervisor& h = facts.hypervisor;
  Json out;
  out["version"] = h.version ? Json(h.version->value.text()) : Json(nullptr);
  out["extra"] = h.version ? Json(h.version->value.extra) : Json(nullptr);
  out["arch"] = h.arch ? Json(token(h.arch->value)) : Json(nullptr);
  out["changeset"] = or_null(changeset(h));
  out["build_id"] = h.build_id ? text_or_null(h.build_id->value) : Json(nullptr);
  // Only a hypervisor that was asked answers to an ABI number.
  if (h.sysctl_abi) {
    out["sysctl_abi"] = hex(h.sysctl_abi->value);
  } else if (facts.mode == InputMode::live) {
    out["sysctl_abi"] = nullptr;
  }
  out["debug_build"] = or_null(h.trust.debug_build);
  out["direct_mapped"] = or_null(h.direct_mapped());
  Json iommu;
  iommu["enabled"] = or_null(h.iommu_enabled());
  iommu["kind"] = h.iommu_kinds.empty() ? Json(nullptr)
                                        : Json(fmt::format("{}", fmt::join(h.iommu_kinds, "+")));
  iommu["source"] = or_null(iommu_source(h));
  out["iommu"] = std::move(iommu);
  out["distribution"] = h.distribution ? text_or_null(h.distribution->value) : Json(nullptr);
  return out;
}

Json domain_json(DomId domain, const std::string& name) {
  return {{"domid", domain.value()}, {"name", text_or_null(name)}};
}

Json cause_finding_json(const CauseFinding& cause) {
  if (cause.id.empty()) return nullptr;
  return {{"id", cause.id},
          {"confidence", to_string(cause.confidence)},
          {"summary", text_or_null(cause.summary)}};
}

Json fault_json(const FaultGroup& fault, const FaultFinding* finding, const CauseFinding* cause) {
  const Applies a = applies(fault.kind);
  Json out = object_with_room(22);
  out["kind"] = token(fault.kind);
  out["origin"] = token(fault.origin);
  if (finding != nullptr) out["authentic"] = finding->authentic;
  if (a.iommu || !fault.iommu.empty()) out["iommu"] = text_or_null(fault.iommu);
  if (a.iova || fault.iova) {
    out["iova"] = fault.iova ? Json(hex(fault.iova->value())) : Json(nullptr);
    out["frame"] = fault.iova ? Json(hex(frame_of(*fault.iova).value())) : Json(nullptr);
  }
  if (a.access || fault.access != Access::unknown) out["access"] = token(fault.access);
  if (a.privileged || fault.privileged) out["privileged"] = or_null(fault.privileged);
  if (a.level || fault.level) out["level"] = or_null(fault.level);
  if (a.cb || fault.cb) out["cb"] = or_null(fault.cb);
  if (a.stream_id || fault.stream_id) {
    out["stream_id"] = fault.stream_id ? Json(hex(*fault.stream_id)) : Json(nullptr);
  }
  if (a.device || !fault.device.empty()) out["device"] = text_or_null(fault.device);
  if (a.domain || fault.domain) {
    out["domain"] = fault.domain ? Json(fault.domain->value()) : Json(nullptr);
  }
  out["registers"] = registers_json(fault.registers);
  out["flags"] = Json::array();
  for (const std::string_view name : flag_names(fault.kind, fault.registers)) {
    out["flags"].push_back(name);
  }
  out["count"] = fault.count;
  out["first"] = time_json(fault.first);
  out["last"] = time_json(fault.last);
  out["raw"] = Json::array();
  for (const std::string& line : fault.raw) out["raw"].push_back(raw_line(line));
  if (finding != nullptr) {
    out["address"] = {{"class", token(finding->address.klass)},
                      {"detail", text_or_null(finding->address.detail)}};
    out["attribution"] = attribution_json(finding->attribution);
    if (fault.recorded) out["attribution"]["recorder"] = recorder_json(*fault.recorded);
  }
  if (cause != nullptr) out["cause"] = cause_finding_json(*cause);
  return out;
}

Json dom0_error_json(const Dom0Error& error) {
  return {{"uptime", time_json(error.uptime)},
          {"driver", text_or_null(error.driver)},
          {"device", text_or_null(error.device)},
          {"netdev", text_or_null(error.netdev)},
          {"message", error.message},
          {"count", error.count},
          {"near_fault", error.near_fault}};
}

Json event_json(const HypervisorEvent& event, const CauseFinding* cause) {
  Json out;
  out["kind"] = token(event.kind);
  if (!event.iommu.empty()) out["iommu"] = event.iommu;
  if (!event.device.empty()) out["device"] = event.device;
  if (event.domain) out["domain"] = event.domain->value();
  out["message"] = event.message;
  out["count"] = event.count;
  if (event.kind == HypervisorEvent::Kind::suppressed) out["suppressed_messages"] = event.number;
  out["time"] = time_json(event.time);
  if (cause != nullptr && !cause->id.empty()) out["cause"] = cause_finding_json(*cause);
  return out;
}

Json limits_json(const std::vector<Limit>& limits) {
  Json out = Json::array();
  for (const Limit& limit : limits) {
    out.push_back({{"id", limit.id}, {"what", limit.what}, {"detail", text_or_null(limit.detail)}});
  }
  return out;
}

Json entry_json(const Entry& cause) {
  return {{"id", cause.id},           {"title", cause.title},   {"why", cause.why},
          {"confirm", cause.confirm}, {"action", cause.action}, {"references", cause.references}};
}

Json envelope(const Report& report) {
  Json out = object_with_room(18);
  out["schema"] = "xen-iommu-check/1";
  out["tool"] = tool_json(report);
  out["generated_at"] = rfc3339(report.generated_at);
  return out;
}

// ASCII only: a file that someone prints on a terminal must not carry bidi characters either.
std::string dump(const Json& json) {
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string dump_line(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace xic::render
