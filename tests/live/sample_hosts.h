// Hosts of fakes: made by hand, and from the rig's recordings.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/diagnosis/diagnosis.h"
#include "host/capture/record.h"
#include "host/inquiry/inquiry.h"
#include "tests/fakes/fake_ports.h"

namespace xic::testing {

/// Time passes while one waits; the console may print then.
class FakePause final : public Pause {
 public:
  explicit FakePause(ManualClock* clock) : clock_(clock) {}
  std::vector<std::string> prints;  ///< One per wait, in order.
  FakeConsoleRing* console = nullptr;
  std::size_t waits = 0;
  std::size_t until = SIZE_MAX;  ///< Says "end" at this wait.

  bool wait(std::uint64_t ns) override {
    clock_->advance(ns);
    if (console != nullptr && waits < prints.size()) console->print(prints[waits]);
    return ++waits < until;
  }

 private:
  ManualClock* clock_;
};

inline constexpr std::string_view kBootLog =
    "(XEN) RAM: 0000000040000000 - 00000000bfffffff\n"
    "(XEN) Xen version 4.14.1 (@) (aarch64-linux-gnu-gcc (GCC) 10.2.0) debug=n  Thu Dec 17\n"
    "(XEN) Latest ChangeSet: Thu Dec 17 17:47:25 2020 +0100 git:ad844aa352\n"
    "(XEN) I/O virtualisation enabled\n"
    "(XEN) Allocating 1:1 mappings totalling 512MB for dom0:\n"
    "(XEN) BANK[0] 0x00000040000000-0x00000060000000 (512MB)\n";

inline constexpr std::string_view kFault =
    "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x97f75148, "
    "fsynr=0xb0001, cb=0\n";

inline constexpr Frame kFaultFrame{0x97f75};

inline constexpr std::string_view kDump =
    "(XEN) gnttab_usage_print_all [ key 'g' pressed\n"
    "(XEN)       -------- active --------       -------- shared --------\n"
    "(XEN) [ref] localdom mfn      pin          localdom gmfn     flags\n"
    "(XEN) grant-table for remote d1 (v1)\n"
    "(XEN)   1 frames (64 max), 0 maptrack frames (1024 max)\n"
    "(XEN) [0x208]      0 0x97f75 0x00000001          0 0x097f75 0x19\n"
    "(XEN) gnttab_usage_print_all ] done\n";

/// An arm64 dom0 of Xen 4.14.1 with one guest, as root sees it.
inline void fill(FakeHost* host) {
  host->hypervisor.self.major = 4;
  host->hypervisor.self.minor = 14;
  host->hypervisor.self.extra = ".1";
  host->hypervisor.self.capabilities = "xen-3.0-aarch64 xen-3.0-armv7l";
  host->hypervisor.self.changeset = "Thu Dec 17 17:47:25 2020 +0100 git:ad844aa352";
  host->hypervisor.self.command_line = "console=dtuart";
  host->hypervisor.self.source = "XENVER hypercall";
  host->hypervisor.interface = {0x13, true};
  host->console.print(kBootLog);
  host->grants.dump = kDump;
  host->grants.sizes[DomId{1}] = {1, 64};
  host->grants.answers[kFaultFrame] = GrantedNow::Answer::granted_or_own;
  host->grants.rings[{DomId{1}, GrantRef{520}}] = RingPage(4096);  // idle
  host->system.memory = {{0x40000000, 0x60000000, "", ""}};
  host->system.iomem_text =
      "09000000-09000fff : pl011@9000000\n"
      "40000000-5fffffff : System RAM\n"
      "80000000-bfffffff : System RAM\n";
  host->kernel.records = {"[    0.000000] Linux version 6.1.0-rig (gcc)",
                          "[    0.000000] Xen 4.14 support found"};
  host->store.values = {
      {"/local/domain", ""},
      {"/local/domain/0/name", "Domain-0"},
      {"/local/domain/0/backend/vif/1/0/frontend", "/local/domain/1/device/vif/0"},
      {"/local/domain/0/backend/vif/1/0/frontend-id", "1"},
      {"/local/domain/0/backend/vif/1/0/mac", "00:16:3e:aa:bb:01"},
      {"/local/domain/0/backend/vif/1/0/bridge", "xenbr0"},
      {"/local/domain/0/backend/vif/1/0/state", "4"},
      {"/local/domain/1/name", "web01"},
      {"/local/domain/1/device/vif/0/backend", "/local/domain/0/backend/vif/1/0"},
      {"/local/domain/1/device/vif/0/backend-id", "0"},
      {"/local/domain/1/device/vif/0/tx-ring-ref", "520"},
      {"/local/domain/1/device/vif/0/state", "4"},
      {"/local/domain/1/data/secret", "nobody's business"},
  };
  // xenstored answers an empty value for each node on the way.
  std::set<std::string> nodes;
  for (const auto& [path, value] : host->store.values) {
    for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
      nodes.insert(path.substr(0, at));
    }
  }
  for (const std::string& node : nodes) host->store.values.emplace(node, "");
}

inline InquiryOptions root_options() {
  InquiryOptions options;
  options.root = true;
  options.hypervisor_log.clear();
  return options;
}

inline HostRecord ask(FakeHost* host, const InquiryOptions& options) {
  FakePause pause(&host->clock);
  const Ports ports = host->ports();
  return inquire(ports, options, &pause);
}

inline Facts facts_of(const HostRecord& record, InputMode mode = InputMode::live) {
  Observer observer;
  (void)observe(record, mode, &observer);
  return observer.snapshot();
}

inline Diagnosis judge(const HostRecord& record, InputMode mode = InputMode::live) {
  return diagnose(facts_of(record, mode), built_in_knowledge());
}

inline bool has_limit(const Facts& facts, std::string_view id) {
  for (const Limit& limit : facts.limits) {
    if (limit.id == id) return true;
  }
  return false;
}

inline const Document* text_named(const HostRecord& record, std::string_view name) {
  for (const Document& text : record.texts) {
    if (text.name == name) return &text;
  }
  return nullptr;
}

// ---- from recordings ---------------------------------------------------------------------------
inline std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline std::string field_of(const std::string& xl_info, std::string_view key) {
  std::istringstream lines(xl_info);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key) || line.size() < 25) continue;
    return line.substr(25);
  }
  return {};
}

/// The live twin of a recording under tests/data/captures.
inline std::unique_ptr<FakeHost> recorded_host(const std::string& name) {
  const std::string folder = "tests/data/captures/" + name + "/";
  auto host = std::make_unique<FakeHost>();
  host->console = FakeConsoleRing(1 << 20);
  host->grants.console = &host->console;
  host->console.print(read_file(folder + "xl-dmesg.txt"));
  const std::string info = read_file(folder + "xl-info.txt");
  XenIdentity& self = host->hypervisor.self;
  self.major = static_cast<unsigned>(std::atoi(field_of(info, "xen_major").c_str()));
  self.minor = static_cast<unsigned>(std::atoi(field_of(info, "xen_minor").c_str()));
  self.extra = field_of(info, "xen_extra");
  self.capabilities = field_of(info, "xen_caps");
  self.changeset = field_of(info, "xen_changeset");
  self.command_line = field_of(info, "xen_commandline");
  self.source = "XENVER hypercall";
  const bool directio = field_of(info, "virt_caps").find("directio") != std::string::npos;
  host->hypervisor.physical.capabilities = directio ? 0x2d : 0x9;
  host->hypervisor.interface.number = self.minor >= 17 ? 0x15 : 0x13;
  std::istringstream store(read_file(folder + "xenstore-ls-f.txt"));
  for (std::string line; std::getline(store, line);) {
    const std::size_t equals = line.find(" = \"");
    if (equals == std::string::npos) continue;
    host->store.values[line.substr(0, equals)] = line.substr(equals + 4, line.size() - equals - 5);
  }
  std::istringstream kernel(read_file(folder + "dom0-dmesg.txt"));
  for (std::string line; std::getline(kernel, line);) host->kernel.records.push_back(line);
  host->system.iomem_text = read_file(folder + "proc-iomem.txt");
  return host;
}

inline const std::vector<std::string>& recordings() {
  static const std::vector<std::string> kNames = {"xen-4.14.6-smmu",
                                                  "xen-4.14.6-entry-missing-faults",
                                                  "xen-4.17-entry-missing-faults",
                                                  "xen-4.17-smmu-healthy",
                                                  "xen-4.17-no-iommu",
                                                  "xen-4.20.5-pre-smmu"};
  return kNames;
}

}  // namespace xic::testing
