#include "report/stored_report.h"

#include <array>
#include <charconv>
#include <utility>

#include "report/json_parts.h"
#include "report/names.h"
#include "report/stored_values.h"

namespace xic {
namespace {

using render::Json;
using namespace stored;

// Register names have static storage; these are all that the parsers know.
constexpr std::array<std::string_view, 22> kRegisterNames{
    "fsr",    "fsynr", "fsynr1", "cbfrsynra", "gfsr", "gfsynr0", "gfsynr1", "gfsynr2",
    "event",  "evt0",  "evt1",   "evt2",      "evt3", "sid",     "ssid",    "gerror",
    "status", "index", "reason", "flags",     "hsr",  "far"};

RegisterSet read_registers(const Json& json) {
  RegisterSet registers;
  for (const auto& item : members(json)) {
    for (const std::string_view name : kRegisterNames) {
      if (item.first != name) continue;
      const auto value = hex_of(item.second);
      if (!value) continue;
      // "0x00000402" was printed with eight digits; "0x402" as needed.
      const std::size_t digits = item.second.get_ref<const std::string&>().size() - 2;
      const bool padded = digits > 1 && item.second.get_ref<const std::string&>()[2] == '0';
      registers.add(name, *value, padded ? static_cast<std::uint8_t>(digits) : std::uint8_t{0});
    }
  }
  return registers;
}

CauseFinding read_cause(const Json& json) {
  CauseFinding cause;
  cause.id = text(json, "id");
  cause.confidence = enumerator(text(json, "confidence"), Confidence::high);
  cause.summary = text(json, "summary");
  return cause;
}

FaultGroup read_fault(const Json& json) {
  FaultGroup fault;
  fault.kind = enumerator(text(json, "kind"), FaultKind::amdvi);
  fault.origin = enumerator(text(json, "origin"), FaultOrigin::linux_kernel);
  fault.access = enumerator(text(json, "access"), Access::instruction);
  fault.iommu = text(json, "iommu");
  if (const auto iova = hex(json, "iova")) fault.iova = Iova{*iova};
  fault.privileged = flag(json, "privileged");
  if (const auto level = number(json, "level")) fault.level = static_cast<std::uint8_t>(*level);
  if (const auto cb = number(json, "cb")) fault.cb = static_cast<std::uint32_t>(*cb);
  if (const auto id = hex(json, "stream_id")) fault.stream_id = static_cast<std::uint32_t>(*id);
  fault.device = text(json, "device");
  if (const auto id = number(json, "domain")) fault.domain = DomId{static_cast<std::uint16_t>(*id)};
  fault.registers = read_registers(member(json, "registers"));
  fault.fault_class = classify(fault.kind, fault.registers);
  fault.count = number(json, "count").value_or(1);
  fault.first = time_of(member(json, "first"));
  fault.last = time_of(member(json, "last"));
  for (const Json& line : elements(json, "raw")) {
    if (line.is_string()) fault.raw.push_back(line.get<std::string>());
  }
  return fault;
}

Attribution read_attribution(const Json& json) {
  Attribution a;
  a.state = enumerator(text(json, "state"), Attribution::State::exact);
  const Json& granter = member(json, "granter");
  if (const auto id = number(granter, "domid")) a.granter = DomId{static_cast<std::uint16_t>(*id)};
  a.granter_name = text(granter, "name");
  if (const auto ref = hex(json, "ref")) a.ref = GrantRef{static_cast<std::uint32_t>(*ref)};
  a.backend = text(json, "backend");
  a.dom0_device = text(json, "dom0_device");
  a.source = text(json, "source");
  a.seen_at = text(json, "seen_at");
  return a;
}

FaultFinding read_finding(const Json& json) {
  FaultFinding finding;
  finding.authentic = flag(json, "authentic").value_or(false);
  const Json& address = member(json, "address");
  finding.address.klass = enumerator(text(address, "class"), AddressClass::unknown);
  finding.address.detail = text(address, "detail");
  finding.attribution = read_attribution(member(json, "attribution"));
  finding.cause = read_cause(member(json, "cause"));
  return finding;
}

void read_hypervisor(const Json& json, Hypervisor* out) {
  constexpr const char* kSource = "state file";
  out->seen = true;
  if (auto version = parse_version(text(json, "version"))) {
    version->extra = text(json, "extra");
    out->version = {std::move(*version), kSource};
  }
  if (const std::string arch = text(json, "arch"); !arch.empty()) {
    out->arch = {enumerator(arch, Arch::x86), kSource};
  }
  if (auto value = text(json, "changeset"); !value.empty()) {
    out->changeset_text = {std::move(value), kSource};
  }
  if (auto value = text(json, "build_id"); !value.empty()) {
    out->build_id = {std::move(value), kSource};
  }
  if (const auto abi = hex(json, "sysctl_abi")) {
    out->sysctl_abi = {static_cast<std::uint32_t>(*abi), kSource};
  }
  out->trust.debug_build = flag(json, "debug_build");
  if (const auto mapped = flag(json, "direct_mapped")) {
    out->direct_map.push_back({*mapped, true, kSource});
  }
  const Json& iommu = member(json, "iommu");
  if (const auto enabled = flag(iommu, "enabled")) {
    out->iommu.push_back({*enabled, IommuClaim::Strength::proof, text(iommu, "source")});
  }
  std::string kinds = text(iommu, "kind");
  while (!kinds.empty()) {
    const std::size_t plus = std::min(kinds.find('+'), kinds.size());
    out->iommu_kinds.push_back(kinds.substr(0, plus));
    kinds.erase(0, plus + 1);
  }
  if (auto value = text(json, "distribution"); !value.empty()) {
    out->distribution = {std::move(value), kSource};
  }
}

Verdict read_verdict(const Json& json) {
  Verdict verdict;
  verdict.id = text(json, "id");
  verdict.state = enumerator(text(json, "state"), VerdictState::unknown);
  verdict.observed = flag(json, "observed").value_or(false);
  verdict.suspected = flag(json, "suspected").value_or(false);
  verdict.confidence = enumerator(text(json, "confidence"), Confidence::high);
  verdict.summary = text(json, "summary");
  verdict.fixed_in = texts(json, "fixed_in");
  verdict.commits = texts(json, "commits");
  return verdict;
}

void read_input(const Json& json, Facts* facts) {
  facts->mode = enumerator(text(json, "mode"), InputMode::image);
  facts->root = flag(json, "root").value_or(false);
  for (const Json& source : elements(json, "sources")) {
    facts->sources.push_back(
        {text(source, "name"), number(source, "bytes").value_or(0), text(source, "recognised_as")});
  }
}

Dom0Error read_dom0_error(const Json& json) {
  Dom0Error error;
  error.uptime = time_of(member(json, "uptime"));
  error.driver = text(json, "driver");
  error.device = text(json, "device");
  error.netdev = text(json, "netdev");
  error.message = text(json, "message");
  error.count = number(json, "count").value_or(1);
  error.near_fault = flag(json, "near_fault").value_or(false);
  return error;
}

HypervisorEvent read_event(const Json& json) {
  HypervisorEvent event;
  event.kind = enumerator(text(json, "kind"), HypervisorEvent::Kind::self_grant);
  event.iommu = text(json, "iommu");
  event.device = text(json, "device");
  if (const auto id = number(json, "domain")) event.domain = DomId{static_cast<std::uint16_t>(*id)};
  event.message = text(json, "message");
  event.count = number(json, "count").value_or(1);
  event.number = number(json, "suppressed_messages").value_or(0);
  event.time = time_of(member(json, "time"));
  return event;
}

void read_probe(const Json& json, Facts* facts) {
  if (!json.is_object()) return;
  ProbeResult probe;
  probe.answer = enumerator(text(json, "answer"), ProbeResult::Answer::not_possible);
  probe.valid_host = flag(json, "valid_host").value_or(false);
  probe.frames = static_cast<std::uint32_t>(number(json, "frames").value_or(0));
  probe.detail = text(json, "detail");
  probe.source = text(json, "source");
  facts->probe = std::move(probe);
}

DaemonStatus read_daemon(const Json& json) {
  DaemonStatus daemon;
  daemon.version = text(json, "version");
  daemon.pid = static_cast<std::int64_t>(number(json, "pid").value_or(0));
  daemon.started_at = moment(json, "started_at");
  const Json& console = member(json, "console");
  daemon.console = {text(console, "source"),
                    text(console, "epoch"),
                    number(console, "cursor").value_or(0),
                    number(console, "read_bytes").value_or(0),
                    number(console, "lost_bytes").value_or(0),
                    number(console, "gaps").value_or(0),
                    number(console, "read_errors").value_or(0),
                    number(console, "abi_errors").value_or(0),
                    moment(console, "last_read_at")};
  const Json& faults = member(json, "faults");
  daemon.faults = {number(faults, "seen").value_or(0),
                   number(faults, "earlier").value_or(0),
                   number(faults, "waiting").value_or(0),
                   number(faults, "uncertain").value_or(0),
                   moment(faults, "last_at"),
                   text(faults, "last_id")};
  const Json& history = member(json, "history");
  daemon.history = {number(history, "written").value_or(0), number(history, "dropped").value_or(0)};
  const Json& journal = member(json, "journal");
  daemon.journal = {number(journal, "entries").value_or(0), number(journal, "waiting").value_or(0),
                    number(journal, "dropped").value_or(0)};
  daemon.kernel_records_lost = number(json, "kernel_records_lost").value_or(0);
  for (const Json& trouble : elements(json, "troubles")) {
    daemon.troubles.push_back(
        {text(trouble, "id"), moment(trouble, "since"), text(trouble, "detail")});
  }
  return daemon;
}

void read_diagnosis(const Json& json, StoredReport* out) {
  out->diagnosis.verdict = read_verdict(member(json, "verdict"));
  for (const Json& e : elements(json, "evidence")) {
    out->diagnosis.evidence.push_back({text(e, "kind"), text(e, "source"), text(e, "value"),
                                       text(e, "supports"),
                                       static_cast<int>(number(e, "rank").value_or(0))});
  }
  for (const Json& limit : elements(json, "limits")) {
    out->diagnosis.limits.push_back(
        {text(limit, "id"), text(limit, "what"), text(limit, "detail")});
  }
  for (const Json& action : elements(json, "actions")) {
    out->diagnosis.actions.push_back(
        {text(action, "id"), text(action, "text"), text(action, "reference")});
  }
  out->diagnosis.exit_code = static_cast<int>(number(json, "exit_code").value_or(3));
}

void read_facts(const Json& json, StoredReport* out) {
  read_input(member(json, "input"), &out->facts);
  read_hypervisor(member(json, "hypervisor"), &out->facts.hypervisor);
  for (const Json& fault : elements(json, "faults")) {
    out->facts.faults.push_back(read_fault(fault));
    out->diagnosis.faults.push_back(read_finding(fault));
  }
  for (const Json& fault : elements(json, "foreign_faults")) {
    out->facts.foreign_faults.push_back(read_fault(fault));
    out->diagnosis.foreign.push_back(read_cause(member(fault, "cause")));
  }
  for (const Json& error : elements(json, "dom0_errors")) {
    out->facts.dom0_errors.push_back(read_dom0_error(error));
  }
  for (const Json& event : elements(json, "hypervisor_events")) {
    out->facts.events.push_back(read_event(event));
    out->diagnosis.events.push_back(read_cause(member(event, "cause")));
  }
  read_probe(member(json, "probe"), &out->facts);
}

}  // namespace

Expected<StoredReport> read_report(std::string_view document) {
  const Json json = Json::parse(document, nullptr, false);
  if (!json.is_object() || text(json, "schema") != "xen-iommu-check/1") {
    Error error;
    error.code = Error::Code::malformed;
    error.message = "not a report of schema xen-iommu-check/1";
    return tl::unexpected(std::move(error));
  }
  StoredReport out;
  const Json& tool = member(json, "tool");
  out.tool_version = text(tool, "version");
  out.knowledge_date = text(tool, "knowledge");
  out.generated_at = moment(json, "generated_at");
  read_facts(json, &out);
  read_diagnosis(json, &out);
  if (const Json& daemon = member(json, "daemon"); daemon.is_object()) {
    out.daemon = read_daemon(daemon);
    out.facts.lost_console_bytes = out.daemon->console.lost_bytes;
  }
  return out;
}

}  // namespace xic
