// Facts and diagnoses made by hand, for the tests of the report formats. They do not depend on how
// a diagnosis is reached.
#pragma once

#include <array>
#include <string>
#include <utility>

#include "report/report.h"

namespace xic::testing {

inline constexpr std::array<Entry, 3> kSampleCauses{
    {{"XIC-1001", "Granted pages are missing from dom0's IOMMU",
      "Since commit 91d4eca7add Xen on Arm no longer adds the entry gfn == mfn to dom0's stage-2\n"
      "when dom0 maps a grant.\n\nDMA to such a page then ends in a translation fault.",
      "A complete grant dump around the fault, or the probe:\n\n    xen-iommu-check --probe",
      "Upgrade to a release with the fix.", "04085ec1ac05; docs/verdict.md"},
     {"XIC-1008", "Translation fault at an address nobody is known to have granted", "Why.",
      "Confirm.", "Act.", ""},
     {"XIC-2007", "Configuration or global error", "Why.", "Confirm.", "Act.", ""}}};

inline Knowledge sample_knowledge() {
  Knowledge knowledge;
  knowledge.date = "2026-11-20";
  knowledge.causes = kSampleCauses;
  return knowledge;
}

struct Sample {
  Facts facts;
  Diagnosis diagnosis;
  Knowledge knowledge = sample_knowledge();

  [[nodiscard]] Report report() const {
    Report report;
    report.tool_version = "1.2.3";
    report.knowledge_date = std::string(knowledge.date);
    report.generated_at = 1795425324;  // 2026-11-23T09:15:24Z
    report.facts = &facts;
    report.diagnosis = &diagnosis;
    report.knowledge = &knowledge;
    return report;
  }
  /// Adds a fault and what is concluded about it.
  void add(FaultGroup group, FaultFinding finding) {
    facts.faults.push_back(std::move(group));
    diagnosis.faults.push_back(std::move(finding));
  }
};

inline Timestamp xen_time(std::uint64_t microseconds) {
  return {Clock::xen_boot, microseconds * 1000};
}

inline FaultGroup context_fault(std::string iommu, std::uint64_t iova, Access access) {
  FaultGroup group;
  group.kind = FaultKind::smmuv2_context;
  group.fault_class = FaultClass::translation;
  group.access = access;
  group.privileged = false;
  group.level = std::uint8_t{1};
  group.iova = Iova{iova};
  group.cb = 0;
  group.iommu = std::move(iommu);
  group.registers.add("fsr", 0x402);
  group.registers.add("fsynr", access == Access::write ? 0xb0011 : 0xb0001);
  group.count = 1;
  return group;
}

/// An affected 4.14.1 with one exactly attributed fault.
inline Sample affected_sample() {
  Sample s;
  s.facts.mode = InputMode::capture;
  s.facts.root = true;
  s.facts.sources = {{"xl-dmesg-full.txt", 16384, "console text"},
                     {"xenstore-ls-f.txt", 9000, "xenstore listing"}};
  Hypervisor& h = s.facts.hypervisor;
  h.seen = true;
  h.version = Sourced<Version>{{4, 14, ".1"}, "boot banner"};
  h.arch = Sourced<Arch>{Arch::arm64, "boot banner"};
  h.changeset_text = Sourced<std::string>{"", "boot banner"};
  h.iommu = {{true, IommuClaim::Strength::hint, "SMMU probe line"},
             {true, IommuClaim::Strength::proof, "boot log: I/O virtualisation enabled"}};
  h.iommu_kinds = {"SMMUv2"};
  h.direct_map = {{true, false, "boot log: Allocating 1:1 mappings"}};
  h.trust.debug_build = false;
  h.boots = 1;

  Backend vif;
  vif.type = "vif";
  vif.frontend_domain = DomId{1};
  vif.backend_state = 4;
  vif.bridge = "xenbr0";
  vif.mac = "00:16:3e:00:00:01";
  vif.rings = {{RingRole::vif_tx, 0, GrantRef{0x208}}, {RingRole::vif_rx, 0, GrantRef{0x209}}};
  s.facts.backends.listing_seen = true;
  s.facts.backends.devices = {vif};
  s.facts.backends.domain_names = {{kDom0, "Domain-0"}, {DomId{1}, "rigdomu"}};

  GrantDump dump;
  dump.begin_seen = dump.end_seen = true;
  dump.begin_time = xen_time(20138600);
  dump.end_time = xen_time(20139352);
  dump.grants = {{Frame{0xbfd72}, GrantRef{0}, DomId{1}, kDom0, 1, 0x19},
                 {Frame{0xbfd6f}, GrantRef{1}, DomId{1}, kDom0, 1, 0x19},
                 {Frame{0x97f75}, GrantRef{0x208}, DomId{1}, kDom0, 1, 0x19},
                 {Frame{0x97f66}, GrantRef{0x209}, DomId{1}, kDom0, 1, 0x19},
                 {Frame{0x97001}, GrantRef{0x301}, DomId{1}, kDom0, 0x100, 0x1d}};
  s.facts.latest_dump = dump;
  s.facts.complete_dumps = 1;

  FaultGroup group = context_fault("/smmu@bff00000", 0x97f75148, Access::read);
  group.first = group.last = xen_time(20521487);
  group.raw = {
      "(XEN) [   20.521487] smmu: /smmu@bff00000: Unhandled context fault: fsr=0x402, "
      "iova=0x97f75148, fsynr=0xb0001, cb=0"};
  group.before = {true, true, DomId{1}, GrantRef{0x208}, 1, {}, xen_time(20138600)};
  FaultFinding finding;
  finding.address = {AddressClass::foreign_ram, "outside dom0's banks (boot log)"};
  finding.attribution = {Attribution::State::exact,
                         Attribution::Basis::dumps,
                         DomId{1},
                         "rigdomu",
                         GrantRef{0x208},
                         "vif1.0",
                         "tx ring",
                         "",
                         "complete 'g' dump before the fault",
                         "20.138600 s after Xen started",
                         true};
  finding.cause = {"XIC-1001", Confidence::high,
                   "dom0 had this page mapped when the device read it"};
  finding.authentic = finding.signature = finding.accuses = true;
  s.add(std::move(group), std::move(finding));

  s.diagnosis.verdict = {"XIC-1001",
                         VerdictState::affected,
                         true,
                         false,
                         Confidence::high,
                         5,
                         "Xen 4.14.1 on arm64 does not map granted pages into dom0's IOMMU",
                         {"4.14.2", "4.13.3", "4.15.0"},
                         {"b0b734a8b3", "9b6054a63e"}};
  s.diagnosis.evidence = {
      {"attribution", "console text", "a device read a page that d1 had granted to dom0",
       "observed", 1},
      {"version_number", "boot banner", "4.14.1 lies in the affected interval", "affected", 3},
      {"iommu_state", "boot log: I/O virtualisation enabled", "the IOMMU is on", "context", 4},
      {"direct_map", "boot log: Allocating 1:1 mappings", "dom0 is direct-mapped", "context", 4}};
  s.diagnosis.limits = {
      {"changeset_empty", "which commit this Xen was built from", "the changeset is empty"},
      {"ring_wrapped", "anything after the console text was saved", ""}};
  s.diagnosis.actions = {
      {"upgrade", "Run Xen 4.14.2 or newer, or apply b0b734a8b3 together with 9b6054a63e.",
       "b0b734a8b3"},
      {"swiotlb_force",
       "Until then: swiotlb=force on dom0's Linux command line bounces all DMA through dom0's own "
       "memory, at the cost of a copy of every byte; the pool may need swiotlb=N,force.",
       "docs/verdict.md"}};
  s.diagnosis.exit_code = 2;
  return s;
}

/// The two lines of the original report and nothing else.
inline Sample two_lines_sample() {
  Sample s;
  s.facts.sources = {{"-", 184, "console text"}};
  s.facts.hypervisor.seen = true;
  FaultGroup group = context_fault("/smmu@fd800000", 0x8424cb148, Access::read);
  group.raw = {
      "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x8424cb148, "
      "fsynr=0xb0001, cb=0"};
  group.dom0_error = 0;
  FaultFinding finding;
  finding.cause = {"XIC-1008", Confidence::medium,
                   "the regression, or DMA after the page was unmapped"};
  finding.attribution.dom0_device = "ff0e0000.ethernet";
  finding.authentic = finding.signature = true;
  finding.why_not = "no grant dump around the fault";
  s.add(std::move(group), std::move(finding));
  Dom0Error error;
  error.uptime = {Clock::dom0_uptime, 68290307000};
  error.driver = "macb";
  error.device = "ff0e0000.ethernet";
  error.netdev = "eth0";
  error.message = "DMA bus error: HRESP not OK";
  error.near_fault = true;
  s.facts.dom0_errors = {error};
  s.diagnosis.verdict.suspected = true;
  s.diagnosis.verdict.summary =
      "a fault looks like the regression, but nothing tells which Xen this is";
  s.diagnosis.evidence = {{"fault", "console text",
                           "translation fault on a device read, and macb saw it fail", "suspected",
                           3}};
  s.diagnosis.limits = {{"no_banner", "which Xen this is", "no banner, no `xl info`"}};
  s.diagnosis.actions = {
      {"run_probe", "On the host, as root: xen-iommu-check --probe settles it.", ""}};
  return s;
}

/// A healthy host without a fault.
inline Sample healthy_sample() {
  Sample s;
  s.facts.hypervisor.seen = true;
  s.facts.hypervisor.version = Sourced<Version>{{4, 17, ".7"}, "boot banner"};
  s.facts.hypervisor.arch = Sourced<Arch>{Arch::arm64, "boot banner"};
  s.diagnosis.verdict.state = VerdictState::not_affected;
  s.diagnosis.verdict.confidence = Confidence::high;
  s.diagnosis.verdict.summary = "Xen 4.17.7 on arm64 has the fix";
  s.diagnosis.evidence = {
      {"version_number", "boot banner", "4.17 branched after the fix", "not_affected", 2}};
  s.diagnosis.exit_code = 0;
  return s;
}

/// Every kind of fault, Linux's own, events, loose errors; more than a screen holds.
inline Sample crowded_sample() {
  Sample s = two_lines_sample();
  s.facts.mode = InputMode::live;
  s.facts.probe = ProbeResult{ProbeResult::Answer::not_possible, false, 0, "no /dev/mem", "probe"};
  FaultGroup write = context_fault("/smmu@fd800000", 0x1234567000, Access::write);
  write.count = 12;
  write.multiple = true;
  write.privileged = true;
  write.first = {Clock::xen_wall, 1795425302114000000};
  write.last = {Clock::xen_wall, 1795425303000000000};
  FaultFinding plain;
  plain.cause = {"XIC-1008", Confidence::low, ""};
  s.add(write, plain);

  FaultGroup global;
  global.kind = FaultKind::smmuv2_global;
  global.fault_class = FaultClass::stream_unknown;
  global.access = Access::read;
  global.stream_id = 0x14;
  global.iommu = "/iommu@5000000";
  global.registers.add("gfsr", 0x80000002, 8);
  global.registers.add("gfsynr0", 0, 8);
  global.registers.add("gfsynr1", 0x14, 8);
  global.registers.add("gfsynr2", 0, 8);
  global.count = 3;
  FaultFinding config;
  config.cause = {"XIC-2007", Confidence::medium, ""};
  s.add(global, config);

  FaultGroup event;
  event.kind = FaultKind::smmuv3_event;
  event.fault_class = FaultClass::translation;
  event.access = Access::write;
  event.iova = Iova{0xfee00040};
  event.stream_id = 0x100;
  event.iommu = "/iommu@9050000";
  event.complete = false;
  event.registers.add("evt0", 0x10000000010, 16);
  event.count = 1;
  event.first = event.last = {Clock::xen_cycles, 0x1b1ffedeb8};
  s.add(event, plain);

  FaultGroup gerror;
  gerror.kind = FaultKind::smmuv3_gerror;
  gerror.fault_class = FaultClass::other;
  gerror.iommu = "/iommu@9050000";
  gerror.registers.add("gerror", 0x1, 8);
  gerror.count = 1;
  s.add(gerror, config);

  FaultGroup ipmmu;
  ipmmu.kind = FaultKind::ipmmu;
  ipmmu.fault_class = FaultClass::translation;
  ipmmu.iova = Iova{0x77c00000};
  ipmmu.domain = kDom0;
  ipmmu.iommu = "/soc/iommu@e67b0000";
  ipmmu.registers.add("status", 0x1101, 8);
  ipmmu.count = 2;
  s.add(ipmmu, plain);

  FaultGroup vtd;
  vtd.kind = FaultKind::vtd;
  vtd.fault_class = FaultClass::permission;
  vtd.access = Access::write;
  vtd.iova = Iova{0xbdf4d000};
  vtd.device = "0000:00:1a.0";
  vtd.reason = "05 - PTE Write access is not set";
  vtd.count = 1;
  s.add(vtd, config);

  FaultGroup amd;
  amd.kind = FaultKind::amdvi;
  amd.fault_class = FaultClass::translation;
  amd.domain = kDom0;
  amd.device = "0000:0a:00.0";
  amd.registers.add("flags", 0x8);
  amd.count = 1;
  s.add(amd, plain);

  FaultGroup linux_fault = context_fault("9050000.smmuv3", 0x1000, Access::read);
  linux_fault.origin = FaultOrigin::linux_kernel;
  linux_fault.stream_id = 0x8;
  linux_fault.count = 7;
  s.facts.foreign_faults = {linux_fault};
  s.diagnosis.foreign = {{"XIC-2007", Confidence::high, "not Xen's"}};

  HypervisorEvent timeout;
  timeout.kind = HypervisorEvent::Kind::cmd_sync_timeout;
  timeout.iommu = "/iommu@9050000";
  timeout.message = "SMMUv3: /iommu@9050000: CMD_SYNC timeout";
  HypervisorEvent suppressed;
  suppressed.kind = HypervisorEvent::Kind::suppressed;
  suppressed.message = "printk: 17 messages suppressed.";
  suppressed.number = 17;
  s.facts.events = {timeout, suppressed};
  s.diagnosis.events = {{"XIC-2007", Confidence::medium, ""}, {}};

  Dom0Error loose;
  loose.driver = "xhci_hcd";
  loose.device = "0000:00:14.0";
  loose.message = "swiotlb buffer is full";
  loose.count = 4;
  s.facts.dom0_errors.push_back(loose);
  for (int i = 0; i < 9; ++i) {
    s.diagnosis.limits.push_back({"ring_wrapped", "limit number " + std::to_string(i),
                                  "a long explanation of what it means for the verdict, so long "
                                  "that it takes a second line on the screen"});
  }
  s.facts.lost_console_bytes = 4096;
  s.facts.damaged_fault_lines = 2;
  s.diagnosis.exit_code = 3;
  return s;
}

/// Text that attacks whoever prints it: terminal commands, line ends, quotes, a bidi override,
/// invalid UTF-8, a C1 control, NUL.
inline constexpr char kHostileBytes[] =
    "a\x1b]0;owned\x07\x1b[2J|b\n\"c\\d\r\xe2\x80\xae\xff\xc2\x9b"
    "31m\0z";
inline constexpr std::string_view kHostile{kHostileBytes, sizeof kHostileBytes - 1};

/// Hostile bytes in every field that comes from outside.
inline Sample hostile_sample(const std::string& bad = std::string(kHostile)) {
  Sample s = affected_sample();
  s.facts.sources[0].name = bad;
  s.facts.hypervisor.version->value.extra = bad;
  s.facts.hypervisor.changeset_text->value = bad;
  s.facts.hypervisor.build_id = Sourced<std::string>{bad, bad};
  s.facts.hypervisor.distribution = Sourced<std::string>{bad, bad};
  s.facts.hypervisor.iommu[1].source = bad;
  s.facts.backends.domain_names[DomId{1}] = bad;
  s.facts.backends.devices[0].bridge = bad;
  s.facts.backends.devices[0].mac = bad;
  s.facts.backends.devices[0].type = bad;
  s.facts.faults[0].iommu = bad;
  s.facts.faults[0].device = bad;
  s.facts.faults[0].reason = bad;
  s.facts.faults[0].raw = {bad, std::string(100000, '\xff')};
  s.diagnosis.faults[0].attribution.granter_name = bad;
  s.diagnosis.faults[0].attribution.backend = bad;
  s.diagnosis.faults[0].attribution.role = bad;
  s.diagnosis.faults[0].attribution.dom0_device = bad;
  s.diagnosis.faults[0].attribution.source = bad;
  s.diagnosis.faults[0].attribution.seen_at = bad;
  s.diagnosis.faults[0].address.detail = bad;
  s.diagnosis.faults[0].cause.summary = bad;
  s.diagnosis.faults[0].why_not = bad;
  s.facts.foreign_faults = {s.facts.faults[0]};
  s.facts.foreign_faults[0].origin = FaultOrigin::linux_kernel;
  s.diagnosis.foreign = {{"XIC-2007", Confidence::low, bad}};
  Dom0Error error;
  error.driver = error.device = error.netdev = error.message = error.raw = bad;
  s.facts.dom0_errors = {error, error};
  s.facts.dom0_errors[1].message += "!";
  s.facts.faults[0].dom0_error = 0;
  HypervisorEvent event;
  event.message = event.iommu = event.device = bad;
  s.facts.events = {event};
  s.diagnosis.events = {{"XIC-2007", Confidence::low, bad}};
  s.facts.probe = ProbeResult{ProbeResult::Answer::mixed, true, 2, bad, bad};
  s.diagnosis.verdict.summary = bad;
  s.diagnosis.evidence[0].value = s.diagnosis.evidence[0].source = bad;
  s.diagnosis.limits[0].what = s.diagnosis.limits[0].detail = bad;
  s.diagnosis.actions[0].text = bad + std::string(5000, 'x');
  s.diagnosis.actions[0].reference = bad;
  return s;
}

}  // namespace xic::testing
