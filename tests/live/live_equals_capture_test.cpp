// A host judged live and the same host judged from its own capture: the same verdict, causes and
// evidence.
#include <gtest/gtest.h>

#include <filesystem>

#include "host/capture/mask.h"
#include "host/capture/observations.h"
#include "host/capture/write_capture.h"
#include "host/sources.h"
#include "tests/live/sample_hosts.h"
#include "tests/probe/trace_text.h"
#include "tests/scratch.h"

namespace xic {
namespace {

using testing::ask;
using testing::FakeHost;
using testing::fill;
using testing::judge;
using testing::recorded_host;
using testing::root_options;

class LiveEqualsCapture : public ::testing::Test {
 protected:
  Diagnosis from_capture(const HostRecord& record, const std::string& name) {
    const std::string path = folder_ + "/" + name;
    const auto written = write_capture(capture_files(record, "test", false), path);
    EXPECT_TRUE(written) << written.error().message;
    Observer observer;
    const auto read = read_capture(path, &observer);
    EXPECT_TRUE(read) << read.error().message;
    return diagnose(observer.snapshot(), built_in_knowledge());
  }

  static void expect_equal(const Diagnosis& live, const Diagnosis& captured,
                           const std::string& of) {
    EXPECT_EQ(live.verdict.state, captured.verdict.state) << of;
    EXPECT_EQ(live.verdict.observed, captured.verdict.observed) << of;
    EXPECT_EQ(live.verdict.suspected, captured.verdict.suspected) << of;
    EXPECT_EQ(live.verdict.confidence, captured.verdict.confidence) << of;
    EXPECT_EQ(live.verdict.rule, captured.verdict.rule) << of;
    EXPECT_EQ(live.verdict.summary, captured.verdict.summary) << of;
    EXPECT_EQ(live.exit_code, captured.exit_code) << of;
    ASSERT_EQ(live.evidence.size(), captured.evidence.size()) << of;
    for (std::size_t i = 0; i < live.evidence.size(); ++i) {
      EXPECT_EQ(live.evidence[i].kind, captured.evidence[i].kind) << of;
      EXPECT_EQ(live.evidence[i].source, captured.evidence[i].source) << of;
      EXPECT_EQ(live.evidence[i].value, captured.evidence[i].value) << of;
    }
    ASSERT_EQ(live.faults.size(), captured.faults.size()) << of;
    for (std::size_t i = 0; i < live.faults.size(); ++i) {
      EXPECT_EQ(live.faults[i].cause.id, captured.faults[i].cause.id) << of;
      EXPECT_EQ(live.faults[i].attribution.state, captured.faults[i].attribution.state) << of;
      EXPECT_EQ(live.faults[i].attribution.source, captured.faults[i].attribution.source) << of;
      EXPECT_EQ(live.faults[i].attribution.backend, captured.faults[i].attribution.backend) << of;
      EXPECT_EQ(live.faults[i].address.detail, captured.faults[i].address.detail) << of;
      EXPECT_EQ(live.faults[i].authentic, captured.faults[i].authentic) << of;
    }
    ASSERT_EQ(live.actions.size(), captured.actions.size()) << of;
    for (std::size_t i = 0; i < live.actions.size(); ++i) {
      EXPECT_EQ(live.actions[i].id, captured.actions[i].id) << of;
    }
  }

  test::Scratch files_;
  std::string folder_ = files_.path();
};

TEST_F(LiveEqualsCapture, OverEveryRecordedHostAsFolderAndArchive) {
  for (const std::string& name : testing::recordings()) {
    const auto host = recorded_host(name);
    const HostRecord record = ask(host.get(), root_options());
    ASSERT_FALSE(record.texts.empty()) << name;
    const Diagnosis live = judge(record);
    EXPECT_TRUE(live.verdict.state != VerdictState::unknown || live.verdict.suspected) << name;
    expect_equal(live, from_capture(record, name), name);
    expect_equal(live, from_capture(record, name + ".tar.gz"), name + ".tar.gz");
  }
}

TEST_F(LiveEqualsCapture, WithFaultsADumpAndAnswers) {
  FakeHost host;
  fill(&host);
  ASSERT_TRUE(host.grants.print_all());
  host.console.print(testing::kFault);
  host.console.print(testing::kFault);
  const HostRecord record = ask(&host, root_options());
  const Diagnosis live = judge(record);
  EXPECT_TRUE(live.verdict.observed);
  expect_equal(live, from_capture(record, "faults"), "faults");
}

/// Two guests' pages, and the flight recorder of somebody who started it. Recorder time 0 is Xen's
/// time 10 s; the faulting page is mapped from 20.000 s to 20.004 s.
void record_grants(FakeHost* host, testing::TraceText* trace) {
  std::string dump(testing::kDump);
  for (std::size_t at = 0; (at = dump.find("(XEN) ", at)) != std::string::npos;) {
    at += 6;
    dump.insert(at, "[   40.000000] ");
  }
  host->grants.dump = dump;
  trace->started(1'000'000)
      .map(20'000'000, 1, 0x31, testing::kFaultFrame.value(), 5)
      .unmap_begins(20'004'000)
      .unmap_ended(20'004'100, 5);
  host->grants.reserved = {{DomId{1}, GrantRef{0}}};
  host->grants.on_touch = [host, trace](const ReservedPage& page) {
    trace->map(30'000'000, page.domain().value(), page.ref().value(), 0x97000, 9)
        .unmap_begins(30'000'010)
        .unmap_ended(30'000'020, 9);
    host->recorder.text = trace->text;
  };
  host->recorder.text = trace->text;
  host->recorder.clock_ns = 30'000'000'000;
  host->recorder.now_state.recording = true;
  host->recorder.now_state.drift_ppm = 1;
}

std::string stamped_fault(const std::string& stamp) {
  std::string line(testing::kFault);
  return line.insert(6, stamp);
}

TEST_F(LiveEqualsCapture, WithTheFlightRecordersRecords) {
  FakeHost host;
  testing::TraceText trace;
  fill(&host);
  record_grants(&host, &trace);
  host.console.print(stamped_fault("[   30.002000] "));
  const HostRecord record = ask(&host, root_options());
  const Diagnosis live = judge(record);
  ASSERT_EQ(live.faults.size(), 1U);
  EXPECT_EQ(live.faults[0].attribution.state, Attribution::State::exact);
  EXPECT_EQ(live.faults[0].attribution.basis, Attribution::Basis::recorder);
  EXPECT_EQ(live.faults[0].attribution.ref, GrantRef{0x31});
  EXPECT_EQ(live.faults[0].attribution.backend, "vif1.0");
  expect_equal(live, from_capture(record, "recorder"), "recorder");
  expect_equal(live, from_capture(record, "recorder.tar.gz"), "recorder.tar.gz");
}

TEST_F(LiveEqualsCapture, WithAFaultBehindTheUnmap) {
  FakeHost host;
  testing::TraceText trace;
  fill(&host);
  record_grants(&host, &trace);
  host.hypervisor.self.changeset.reset();
  host.hypervisor.self.extra = ".6";
  host.grants.answers.clear();
  host.console.print(stamped_fault("[   30.009000] "));
  const HostRecord record = ask(&host, root_options());
  ASSERT_EQ(testing::facts_of(record).faults.size(), 1U);
  ASSERT_TRUE(testing::facts_of(record).faults[0].recorded);
  EXPECT_EQ(testing::facts_of(record).faults[0].recorded->ended, 1U);
  expect_equal(judge(record), from_capture(record, "ended"), "ended");
}

TEST_F(LiveEqualsCapture, WithoutStampsTheRecordsSayNothingOfAFault) {
  FakeHost host;
  testing::TraceText trace;
  fill(&host);
  record_grants(&host, &trace);
  host.console.print(testing::kFault);
  const HostRecord record = ask(&host, root_options());
  const Facts facts = testing::facts_of(record);
  ASSERT_EQ(facts.faults.size(), 1U);
  EXPECT_FALSE(facts.faults[0].recorded);
  expect_equal(judge(record), from_capture(record, "unstamped"), "unstamped");
}

TEST_F(LiveEqualsCapture, WithTheProbesAnswerAndItsSteps) {
  FakeHost host;
  fill(&host);
  HostRecord record = ask(&host, root_options());
  ProbeResult probe{ProbeResult::Answer::absent, true, 2, "", "xen-iommu-probe"};
  for (const std::uint64_t frame : {0x97000, 0x97001}) {
    for (const auto outcome : {ProbeStep::Outcome::known, ProbeStep::Outcome::granted,
                               ProbeStep::Outcome::absent, ProbeStep::Outcome::no_answer}) {
      const auto kind = outcome == ProbeStep::Outcome::known     ? ProbeStep::Kind::learnt
                        : outcome == ProbeStep::Outcome::granted ? ProbeStep::Kind::asked
                                                                 : ProbeStep::Kind::loaded;
      probe.steps.push_back({kind, outcome, Frame{frame}, DomId{1}, GrantRef{1}, "why"});
    }
  }
  probe.refusals.push_back({"no_guest", "no other domain runs", "start one"});
  probe.weaker_signs.emplace_back("dom0's highest guest frame ever was 0x1");
  record.observations.emplace_back(probe);
  const Diagnosis live = judge(record);
  EXPECT_EQ(live.verdict.rule, 1);
  expect_equal(live, from_capture(record, "probe"), "probe");
  Observer observer;
  ASSERT_TRUE(read_capture(folder_ + "/probe", &observer));
  const Facts facts = observer.snapshot();
  ASSERT_TRUE(facts.probe);
  ASSERT_EQ(facts.probe->steps.size(), probe.steps.size());
  for (std::size_t i = 0; i < probe.steps.size(); ++i) {
    EXPECT_EQ(facts.probe->steps[i].kind, probe.steps[i].kind) << i;
    EXPECT_EQ(facts.probe->steps[i].outcome, probe.steps[i].outcome) << i;
    EXPECT_EQ(facts.probe->steps[i].frame, probe.steps[i].frame) << i;
    EXPECT_EQ(facts.probe->steps[i].ref, probe.steps[i].ref) << i;
    EXPECT_EQ(facts.probe->steps[i].detail, "why") << i;
  }
  ASSERT_EQ(facts.probe->refusals.size(), 1U);
  EXPECT_EQ(facts.probe->refusals[0].remedy, "start one");
  EXPECT_EQ(facts.probe->weaker_signs, probe.weaker_signs);
}

TEST_F(LiveEqualsCapture, WithBytesLostBetweenTwoReads) {
  FakeHost host;
  fill(&host);
  HostRecord record = ask(&host, root_options());
  // What a storm during the reading leaves: a text, a gap, and a text of equal lines.
  record.texts.push_back({"xen-console.2.txt",
                          std::string(testing::kFault) + std::string(testing::kFault),
                          TextKind::console, true});
  record.texts.front().bytes += std::string(testing::kFault) + std::string(testing::kFault);
  record.observations.emplace_back(ConsoleGap{"xen-console.2.txt", 4096});
  const Facts facts = testing::facts_of(record);
  EXPECT_EQ(facts.lost_console_bytes, 4096U);
  ASSERT_EQ(facts.faults.size(), 1U);
  EXPECT_EQ(facts.faults[0].count, 4U) << "texts behind a gap are not laid over each other";
  expect_equal(judge(record), from_capture(record, "gap"), "gap");
  expect_equal(judge(record), from_capture(record, "gap.tar.gz"), "gap.tar.gz");
}

TEST_F(LiveEqualsCapture, AsAnOrdinaryUser) {
  FakeHost host;
  fill(&host);
  const Error denied = testing::failure(EACCES, Error::Code::denied);
  host.console.log.fail("oldest", denied);
  host.hypervisor.log.fail("sysctl_interface", denied);
  host.store.log.fail("list", denied);
  InquiryOptions options = root_options();
  options.root = false;
  const HostRecord record = ask(&host, options);
  const Diagnosis live = judge(record);
  const Diagnosis captured = from_capture(record, "user");
  expect_equal(live, captured, "user");
  const auto ids = [](const Diagnosis& diagnosis) {
    std::vector<std::string> all;
    for (const Limit& limit : diagnosis.limits) all.push_back(limit.id);
    return all;
  };
  EXPECT_EQ(ids(live), ids(captured));
}

// ---- x86 dom0 ----------------------------------------------------------------------------------
void make_x86(FakeHost* host) {
  host->hypervisor.self = {};
  host->hypervisor.self.major = 4;
  host->hypervisor.self.minor = 14;
  host->hypervisor.self.extra = ".1";
  host->hypervisor.self.capabilities = "xen-3.0-x86_64 hvm-3.0-x86_64";
  host->hypervisor.self.source = "XENVER hypercall";
  host->hypervisor.interface = {0x13, true};
  host->kernel.records = {"[    0.000000] Linux version 6.1.0-amd64 (gcc)"};
  host->system.iomem_text = "00100000-7fffffff : System RAM\n";
  host->console.print(
      "(XEN) Xen version 4.14.1 (Debian) (x86_64-linux-gnu-gcc) debug=n Thu Dec 17\n"
      "(XEN) I/O virtualisation enabled\n");
}

TEST_F(LiveEqualsCapture, OnX86) {
  FakeHost vtd;
  make_x86(&vtd);
  vtd.console.print(
      "(XEN) [VT-D]DMAR:[DMA Write] Request device [0000:00:02.0] fault addr 8ae01000\n"
      "(XEN) [VT-D]DMAR: reason 05 - PTE Write access is not set\n");
  const HostRecord of_vtd = ask(&vtd, root_options());
  EXPECT_EQ(judge(of_vtd).verdict.state, VerdictState::not_affected);
  EXPECT_EQ(judge(of_vtd).verdict.confidence, Confidence::high);
  EXPECT_EQ(judge(of_vtd).faults.at(0).cause.id, "XIC-5001");
  EXPECT_EQ(judge(of_vtd).exit_code, 1);
  EXPECT_TRUE(vtd.grants.log.calls.empty()) << "nothing to ask where dom0's banks are not known";
  expect_equal(judge(of_vtd), from_capture(of_vtd, "vtd"), "VT-d");

  FakeHost amd;
  make_x86(&amd);
  amd.console.print(
      "(XEN) AMD-Vi: IO_PAGE_FAULT: 0000:05:00.0 d0 addr 00000000fdf8a000 flags 0x20 RW\n");
  const HostRecord of_amd = ask(&amd, root_options());
  EXPECT_EQ(judge(of_amd).verdict.state, VerdictState::not_affected);
  EXPECT_EQ(judge(of_amd).faults.at(0).cause.id, "XIC-5002");
  expect_equal(judge(of_amd), from_capture(of_amd, "amd"), "AMD-Vi");
}

// ---- writing -----------------------------------------------------------------------------------
TEST_F(LiveEqualsCapture, NothingThatExistsIsReplacedAndNothingIsLeftBehind) {
  FakeHost host;
  fill(&host);
  const auto files = capture_files(ask(&host, root_options()), "test", false);
  for (const std::string name : {"there", "there.tar.gz"}) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << "mine";
    const auto written = write_capture(files, path);
    ASSERT_FALSE(written) << name;
    EXPECT_EQ(written.error().sys_errno, EEXIST);
    EXPECT_EQ(testing::read_file(path), "mine");
  }
  EXPECT_FALSE(write_capture(files, folder_ + "/no/such/folder"));
  EXPECT_FALSE(write_capture(files, folder_ + "/no/such.tar.gz"));
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++entries;
  EXPECT_EQ(entries, 2U);
}

TEST_F(LiveEqualsCapture, IsForItsOwnerOnly) {
  FakeHost host;
  fill(&host);
  const auto files = capture_files(ask(&host, root_options()), "test", false);
  ASSERT_TRUE(write_capture(files, folder_ + "/f"));
  ASSERT_TRUE(write_capture(files, folder_ + "/f.tgz"));
  using std::filesystem::perms;
  const auto others = perms::group_all | perms::others_all;
  for (const char* path : {"/f", "/f/manifest.json", "/f.tgz"}) {
    EXPECT_EQ(std::filesystem::status(folder_ + path).permissions() & others, perms::none) << path;
  }
}

// ---- observations ------------------------------------------------------------------------------
TEST(Observations, WhatIsWrittenIsRead) {
  XenIdentity identity;
  identity.major = 4;
  identity.minor = 20;
  identity.extra = ".5-pre";
  identity.compiler = "gcc \xff\x01";
  identity.compile_by = "me";
  identity.compile_domain = "example.org";
  identity.compile_date = "today";
  identity.capabilities = "xen-3.0-aarch64";
  identity.changeset = "";
  identity.command_line = "a=\"b\" c";
  identity.build_id = "00ff";
  identity.features = 0xffff'ffff'ffff'ffff;
  identity.source = "XENVER hypercall";
  const std::vector<Observation> all = {
      identity,
      SysctlAnswer{0x16, true, "sysctl through libxencall"},
      FeatureAnswer{0x20805, "s"},
      PhysicalAnswer{{8, 0x2d}, "p"},
      KernelAnswer{"6.1.0", "uname"},
      BootMemory{{{0x40000000, 0x60000000, "", ""}, {0x800000000, 0x880000000, "", ""}}},
      XenRegions{{{0x38000000, 0x39000000, "", ""}}},
      ConsoleGap{"xen-console.2.txt", std::uint64_t{1} << 40},
      GrantedNow{Frame{0x97f75}, GrantedNow::Answer::free_or_xen, true, "GNTTABOP_cache_flush"},
      InFlight{Iova{0x97f75148}, DomId{3}, GrantRef{0x1a}, "vif3.0", true},
      ProbeResult{ProbeResult::Answer::absent, true, 4, "detail", "probe"},
  };
  const std::string text = write_observations(all);
  const Observations read = read_observations(text, "name");
  EXPECT_TRUE(read.limits.empty());
  ASSERT_EQ(read.found.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(read.found[i].index(), all[i].index()) << i;
  EXPECT_EQ(write_observations(read.found), text);
  EXPECT_EQ(std::get<XenIdentity>(read.found[0]).features, identity.features);
  EXPECT_EQ(std::get<XenIdentity>(read.found[0]).changeset, "");
  EXPECT_EQ(std::get<BootMemory>(read.found[5]).nodes[1].end, 0x880000000U);
  EXPECT_EQ(std::get<GrantedNow>(read.found[8]).answer, GrantedNow::Answer::free_or_xen);
  EXPECT_EQ(std::get<InFlight>(read.found[9]).ref, GrantRef{0x1a});
}

// ---- mask --------------------------------------------------------------------------------------
HostRecord private_host() {
  FakeHost host;
  fill(&host);
  host.kernel.records.push_back("[    1.0] systemd[1]: Hostname set to <bigiron.example.org>.");
  host.kernel.records.push_back(
      "[    2.0] eth0: web01 has 192.168.7.33 and fe80::216:3eff:feaa:bb01, mac 00:16:3E:AA:BB:01");
  host.kernel.records.push_back("[    3.0] root=UUID=6f9619ff-8b86-d011-b42d-00cf4fc964ff");
  host.kernel.records.push_back("[    4.0] eth1: mac 00:16:3e:aa:bb:02, not 192.168.7.34");
  host.store.values["/local/domain/1/device/vif/0/mac"] = "00:16:3e:aa:bb:01";
  host.console.print(testing::kFault);
  return ask(&host, root_options());
}

std::string all_of(const HostRecord& record) {
  std::string text;
  for (const Document& file : capture_files(record, "test", true)) text += file.bytes;
  return text;
}

TEST(Mask, NothingPrivateIsLeft) {
  HostRecord record = private_host();
  const std::vector<std::string> secrets = {"web01",    "bigiron",  "192.168.7.33", "fe80::216",
                                            "aa:bb:01", "AA:BB:01", "6f9619ff"};
  for (const std::string& secret : secrets) {
    ASSERT_NE(all_of(record).find(secret), std::string::npos) << secret;
  }
  mask(&record, {"bigiron.example.org", "bigiron"});
  for (const std::string& secret : secrets) {
    EXPECT_EQ(all_of(record).find(secret), std::string::npos) << secret;
  }
}

TEST(Mask, TheSameStaysTheSameAndTheRestStays) {
  HostRecord record = private_host();
  const std::string before = testing::text_named(record, "dom0-kernel.log")->bytes;
  mask(&record, {});
  const std::string kernel = testing::text_named(record, "dom0-kernel.log")->bytes;
  const std::string store = testing::text_named(record, "xenstore.txt")->bytes;
  EXPECT_NE(store.find("/local/domain/1/name = \"guest-1\""), std::string::npos);
  EXPECT_NE(kernel.find("eth0: guest-1 has 10."), std::string::npos);
  // One address in two texts and two spellings, another one, its own.
  const std::size_t at = kernel.find("mac 02:00:00:");
  ASSERT_NE(at, std::string::npos);
  const std::string token = kernel.substr(at + 4, 17);
  EXPECT_NE(store.find("/device/vif/0/mac = \"" + token + "\""), std::string::npos);
  EXPECT_NE(kernel.find("eth1: mac 02:00:00:"), std::string::npos);
  EXPECT_EQ(kernel.find("eth1: mac " + token), std::string::npos);
  EXPECT_EQ(std::count(before.begin(), before.end(), '\n'),
            std::count(kernel.begin(), kernel.end(), '\n'));
}

TEST(Mask, TheVerdictStaysWhatItWas) {
  for (const std::string& name : testing::recordings()) {
    const auto host = recorded_host(name);
    HostRecord record = ask(host.get(), root_options());
    const Diagnosis before = judge(record);
    mask(&record, {"rig"});
    const Diagnosis after = judge(record);
    EXPECT_EQ(before.verdict.state, after.verdict.state) << name;
    EXPECT_EQ(before.verdict.rule, after.verdict.rule) << name;
    EXPECT_EQ(before.exit_code, after.exit_code) << name;
    ASSERT_EQ(before.faults.size(), after.faults.size()) << name;
    for (std::size_t i = 0; i < before.faults.size(); ++i) {
      EXPECT_EQ(before.faults[i].cause.id, after.faults[i].cause.id) << name;
      EXPECT_EQ(before.faults[i].attribution.state, after.faults[i].attribution.state) << name;
      EXPECT_EQ(before.faults[i].attribution.backend, after.faults[i].attribution.backend) << name;
    }
  }
}

TEST(Mask, MaskedTwiceIsMaskedOnce) {
  HostRecord once = private_host();
  mask(&once, {"bigiron.example.org"});
  const std::string text = all_of(once);
  mask(&once, {"bigiron.example.org"});
  EXPECT_EQ(all_of(once), text);
}

TEST(Mask, WhatOnlyLooksLikeAnAddressStays) {
  HostRecord record;
  const std::string text =
      "(XEN) [2026-11-23 09:15:02.114] device 0000:01:00.0 at 12:34:56, version 4.17.7, 127.0.0.1, "
      "ff:ff:ff:ff:ff:ff, iova=0x97f75148, 0x00ff:0x11, std::string\n";
  record.texts.push_back({"xen-console.txt", text, TextKind::console, true});
  mask(&record, {});
  EXPECT_EQ(record.texts.front().bytes, text);
}

TEST(Mask, ADomainOfACommonNameDoesNotDestroyTheText) {
  FakeHost host;
  fill(&host);
  host.store.values["/local/domain/1/name"] = "smmu";
  host.console.print(testing::kFault);
  HostRecord record = ask(&host, root_options());
  mask(&record, {"xen"});
  EXPECT_EQ(testing::facts_of(record).faults.size(), 1U);
}

}  // namespace
}  // namespace xic
