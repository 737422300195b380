// What a host tells becomes a record; what it refuses becomes a limit with its reason.
#include "host/inquiry/inquiry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>

#include "host/inquiry/console_reader.h"
#include "host/inquiry/grant_estimate.h"
#include "host/inquiry/grant_questions.h"
#include "host/inquiry/hypervisor_log.h"
#include "host/inquiry/store_listing.h"
#include "tests/live/sample_hosts.h"
#include "tests/scratch.h"

namespace xic {
namespace {

using testing::ask;
using testing::facts_of;
using testing::failure;
using testing::FakeHost;
using testing::fill;
using testing::has_limit;
using testing::judge;
using testing::root_options;
using testing::text_named;

TEST(Inquiry, TellsAllThatRootSees) {
  FakeHost host;
  fill(&host);
  const HostRecord record = ask(&host, root_options());
  for (const Attempt& attempt : record.tried) EXPECT_TRUE(attempt.ok) << attempt.error;
  EXPECT_EQ(text_named(record, "xen-console.txt")->bytes, testing::kBootLog);
  EXPECT_NE(text_named(record, "xenstore.txt")->bytes.find("/local/domain/1/name = \"web01\"\n"),
            std::string::npos);
  EXPECT_EQ(text_named(record, "xenstore.txt")->bytes.find("secret"), std::string::npos);
  const Facts facts = facts_of(record);
  EXPECT_EQ(facts.mode, InputMode::live);
  EXPECT_TRUE(facts.root);
  EXPECT_EQ(facts.hypervisor.version->value.text(), "4.14.1");
  EXPECT_EQ(facts.hypervisor.version->source, "XENVER hypercall");
  EXPECT_EQ(facts.hypervisor.sysctl_abi->value, 0x13U);
  EXPECT_EQ(facts.hypervisor.iommu_enabled(), true);
  EXPECT_EQ(facts.dom0_kernel, "6.1.0-rig");
  ASSERT_EQ(facts.backends.devices.size(), 1U);
  EXPECT_EQ(facts.memory.dom0_banks.front().source, "dom0 device tree /memory");
  EXPECT_EQ(judge(record).verdict.state, VerdictState::affected);
  EXPECT_EQ(judge(record).exit_code, 2);
}

TEST(Inquiry, AsksTheHostNothingThatItNeedNotKnow) {
  FakeHost host;
  fill(&host);
  (void)ask(&host, root_options());
  EXPECT_EQ(host.grants.log.count("print_all"), 0U) << "no fault: no dump";
  EXPECT_EQ(host.grants.log.count("granted_now"), 0U);
  EXPECT_EQ(host.grants.log.count("touch"), 0U);
  EXPECT_EQ(host.store.log.count("watch"), 0U);
}

TEST(Inquiry, AFlightRecorderIsReadOnlyWhereOneRuns) {
  FakeHost host;
  fill(&host);
  HostRecord record = ask(&host, root_options());
  EXPECT_EQ(host.recorder.log.count("start"), 0U);
  EXPECT_EQ(host.recorder.log.count("read"), 0U);
  EXPECT_EQ(text_named(record, "grant-trace.txt"), nullptr);
  host.recorder.now_state.recording = true;
  host.grants.reserved = {{DomId{1}, GrantRef{0}}};
  record = ask(&host, root_options());
  EXPECT_EQ(host.grants.log.count("touch"), 0U) << "no fault: nobody's page to find out";
  // With a fault: it does not see the page that is mapped to try it.
  host.console.print(testing::kFault);
  record = ask(&host, root_options());
  EXPECT_EQ(host.grants.log.count("touch"), 1U);
  EXPECT_EQ(text_named(record, "grant-trace.txt"), nullptr);
  EXPECT_TRUE(has_limit(facts_of(record), "recorder_not_read"));
  host.recorder.log.fail("read", failure(EIO));
  record = ask(&host, root_options());
  EXPECT_TRUE(has_limit(facts_of(record), "recorder_not_read"));
  // No guest, no grant: nothing to read.
  host.grants.reserved.clear();
  record = ask(&host, root_options());
  EXPECT_FALSE(has_limit(facts_of(record), "recorder_not_read"));
  EXPECT_EQ(host.recorder.log.count("stop"), 0U);
}

TEST(Inquiry, AFaultIsAskedAboutAndDumped) {
  FakeHost host;
  fill(&host);
  host.console.print(testing::kFault);
  const HostRecord record = ask(&host, root_options());
  EXPECT_EQ(host.grants.log.count("print_all"), 1U);
  EXPECT_EQ(host.grants.log.count("granted_now"), 1U);
  const Facts facts = facts_of(record);
  EXPECT_EQ(facts.complete_dumps, 1U);
  ASSERT_EQ(facts.granted_now.size(), 1U);
  EXPECT_FALSE(facts.granted_now[0].at_fault);
  const Diagnosis diagnosis = judge(record);
  ASSERT_EQ(diagnosis.faults.size(), 1U);
  EXPECT_EQ(diagnosis.faults[0].attribution.backend, "vif1.0");
  EXPECT_EQ(diagnosis.faults[0].attribution.granter_name, "web01");
}

TEST(Inquiry, FramesOfDom0AreNeverAskedAbout) {
  FakeHost host;
  fill(&host);
  host.console.print(
      "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x40001000, "
      "fsynr=0xb0001, cb=0\n");
  (void)ask(&host, root_options());
  EXPECT_EQ(host.grants.log.count("granted_now"), 0U);
  EXPECT_EQ(host.grants.log.count("print_all"), 0U);
}

// Linux hot-plugs "System RAM" over guests' frames: that does not make them dom0's own.
TEST(Inquiry, HotPluggedRamIsNotDom0s) {
  FakeHost host;
  fill(&host);
  ASSERT_NE(host.system.iomem_text.find("80000000-bfffffff : System RAM"), std::string::npos);
  host.console.print(testing::kFault);
  (void)ask(&host, root_options());
  EXPECT_EQ(host.grants.log.count("granted_now"), 1U);
}

TEST(Inquiry, WithoutKnowledgeOfDom0sMemoryNothingIsAsked) {
  FakeHost host;
  fill(&host);
  host.console = testing::FakeConsoleRing();
  host.grants.console = &host.console;
  host.system.memory.reset();
  host.console.print(testing::kFault);
  (void)ask(&host, root_options());
  EXPECT_EQ(host.grants.log.count("granted_now"), 0U);
}

TEST(Inquiry, EachFrameIsAskedOnceWhateverItAnswers) {
  for (const auto answer : {GrantedNow::Answer::granted_or_own, GrantedNow::Answer::not_granted,
                            GrantedNow::Answer::free_or_xen}) {
    FakeHost host;
    fill(&host);
    host.grants.answers[testing::kFaultFrame] = answer;
    for (int i = 0; i < 5; ++i) host.console.print(testing::kFault);
    host.console.print(
        "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x97f75200, "
        "fsynr=0xb0011, cb=0\n");
    InquiryOptions options = root_options();
    options.ask_granted_frames = true;
    (void)ask(&host, options);
    EXPECT_EQ(host.grants.log.count("granted_now"), 1U);
  }
}

TEST(Inquiry, ALongDumpIsTakenOnRequestOnly) {
  FakeHost host;
  fill(&host);
  host.store.values["/local/domain/0/backend/vbd/1/51712/frontend-id"] = "1";
  host.store.values["/local/domain/0/backend/vbd/1/51712/state"] = "4";
  for (const char* node : {"/local/domain/0/backend/vbd", "/local/domain/0/backend/vbd/1",
                           "/local/domain/0/backend/vbd/1/51712"}) {
    host.store.values[node] = "";
  }
  InquiryOptions options = root_options();
  options.dump = InquiryOptions::Dump::if_small;
  const HostRecord record = ask(&host, options);
  EXPECT_EQ(host.grants.log.count("print_all"), 0U);
  EXPECT_TRUE(has_limit(facts_of(record), "dump_not_taken"));
  options.dump = InquiryOptions::Dump::always;
  (void)ask(&host, options);
  EXPECT_EQ(host.grants.log.count("print_all"), 1U);
}

TEST(Inquiry, WithoutXenstoreADumpIsOfUnknownLength) {
  FakeHost host;
  fill(&host);
  host.store.log.fail("list", failure(ECONNREFUSED));
  InquiryOptions options = root_options();
  options.dump = InquiryOptions::Dump::if_small;
  const Facts facts = facts_of(ask(&host, options));
  EXPECT_EQ(host.grants.log.count("print_all"), 0U);
  EXPECT_TRUE(has_limit(facts, "dump_not_taken"));
  EXPECT_TRUE(has_limit(facts, "store_not_read"));
}

TEST(Inquiry, NeverDumpsOrAsksWithoutRoot) {
  FakeHost host;
  fill(&host);
  host.console.print(testing::kFault);
  InquiryOptions options = root_options();
  options.root = false;
  options.dump = InquiryOptions::Dump::always;
  (void)ask(&host, options);
  EXPECT_TRUE(host.grants.log.calls.empty());
}

TEST(Inquiry, AnOrdinaryUserSeesLessAndIsToldSo) {
  FakeHost host;
  fill(&host);
  const Error denied = failure(EACCES, Error::Code::denied);
  host.console.log.fail("read", denied);
  host.console.log.fail("oldest", denied);
  host.hypervisor.log.fail("sysctl_interface", denied);
  host.store.log.fail("list", denied);
  host.kernel.log.fail("next", denied);
  host.system.log.fail("iomem", denied);
  InquiryOptions options = root_options();
  options.root = false;
  const HostRecord record = ask(&host, options);
  const Facts facts = facts_of(record);
  EXPECT_TRUE(has_limit(facts, "not_root"));
  const auto of_root = std::count_if(facts.limits.begin(), facts.limits.end(),
                                     [](const Limit& limit) { return limit.id == "not_root"; });
  EXPECT_EQ(of_root, 1);
  EXPECT_FALSE(has_limit(facts, "console_not_read")) << "one limit for one reason";
  // The commit still proves it.
  EXPECT_EQ(judge(record).verdict.state, VerdictState::affected);
  EXPECT_EQ(judge(record).exit_code, 2);
}

TEST(Inquiry, BareMetalAndGuestsAreNamed) {
  FakeHost bare;
  fill(&bare);
  bare.system.domain_role = DomainRole::bare_metal;
  bare.kernel.records = {"[    0.000000] Linux version 6.1.0-rig (gcc)"};
  const HostRecord nothing = ask(&bare, root_options());
  EXPECT_TRUE(has_limit(facts_of(nothing), "not_on_xen"));
  EXPECT_EQ(judge(nothing).verdict.state, VerdictState::unknown);
  EXPECT_EQ(judge(nothing).exit_code, 3);
  EXPECT_TRUE(bare.hypervisor.log.calls.empty());
  EXPECT_TRUE(bare.console.log.calls.empty());

  FakeHost guest;
  fill(&guest);
  guest.system.domain_role = DomainRole::guest;
  const HostRecord seen = ask(&guest, root_options());
  EXPECT_TRUE(has_limit(facts_of(seen), "not_dom0"));
  EXPECT_EQ(guest.console.log.count("read"), 0U);
  EXPECT_TRUE(guest.grants.log.calls.empty());
  EXPECT_EQ(judge(seen).verdict.state, VerdictState::affected)
      << "the commit is known to guests, too";
}

TEST(Inquiry, AnotherReleasesLibrariesAreNamed) {
  FakeHost host;
  fill(&host);
  host.hypervisor.interface = {0x13, false};
  const Facts facts = facts_of(ask(&host, root_options()));
  EXPECT_TRUE(has_limit(facts, "abi_bridged"));
  EXPECT_EQ(facts.hypervisor.sysctl_abi->source, "sysctl through libxencall");
}

// Every method of every port, failing with every errno that is plausible: a limit with the reason,
// a verdict from what is left, and never a crash.
struct Port {
  const char* limit;
  std::function<void(FakeHost*, const Error&)> fail;
};

TEST(Inquiry, EveryFailureIsALimitWithItsReason) {
  const std::vector<std::pair<std::string, Port>> ports = {
      {"role", {"role_not_known", [](auto* h, auto& e) { h->system.log.fail("role", e); }}},
      {"kernel_release",
       {"kernel_not_known", [](auto* h, auto& e) { h->system.log.fail("kernel_release", e); }}},
      {"iomem", {"iomem_not_read", [](auto* h, auto& e) { h->system.log.fail("iomem", e); }}},
      {"boot_memory",
       {"device_tree_not_read", [](auto* h, auto& e) { h->system.log.fail("boot_memory", e); }}},
      {"xen_regions",
       {"device_tree_not_read", [](auto* h, auto& e) { h->system.log.fail("xen_regions", e); }}},
      {"identity",
       {"hypervisor_not_asked", [](auto* h, auto& e) { h->hypervisor.log.fail("identity", e); }}},
      {"sysctl_interface",
       {"sysctl_not_answered",
        [](auto* h, auto& e) { h->hypervisor.log.fail("sysctl_interface", e); }}},
      {"physical_info",
       {"sysctl_not_answered",
        [](auto* h, auto& e) { h->hypervisor.log.fail("physical_info", e); }}},
      {"console read",
       {"console_not_read", [](auto* h, auto& e) { h->console.log.fail("read", e); }}},
      {"console oldest",
       {"console_not_read", [](auto* h, auto& e) { h->console.log.fail("oldest", e); }}},
      {"second oldest",
       {"console_not_read", [](auto* h, auto& e) { h->console.log.fail("oldest", e, 2); }}},
      {"store list", {"store_not_read", [](auto* h, auto& e) { h->store.log.fail("list", e); }}},
      {"second list", {"store_cut", [](auto* h, auto& e) { h->store.log.fail("list", e, 2); }}},
      {"store read", {"store_cut", [](auto* h, auto& e) { h->store.log.fail("read", e, 3); }}},
      {"kernel log",
       {"kernel_log_not_read", [](auto* h, auto& e) { h->kernel.log.fail("next", e); }}},
      {"second record",
       {"kernel_log_not_read", [](auto* h, auto& e) { h->kernel.log.fail("next", e, 2); }}},
      {"print_all",
       {"dump_not_taken", [](auto* h, auto& e) { h->grants.log.fail("print_all", e); }}},
      {"granted_now",
       {"grants_not_asked", [](auto* h, auto& e) { h->grants.log.fail("granted_now", e); }}},
  };
  for (const auto& [name, port] : ports) {
    for (const int sys_errno :
         {EACCES, EPERM, ENOENT, ENODEV, EIO, EAGAIN, ENOSYS, ENOMEM, ECONNREFUSED}) {
      const auto code = sys_errno == EACCES || sys_errno == EPERM ? Error::Code::denied
                        : sys_errno == ENOENT                     ? Error::Code::not_found
                                                                  : Error::Code::io;
      FakeHost host;
      fill(&host);
      host.console.print(testing::kFault);
      port.fail(&host, failure(sys_errno, code));
      const HostRecord record = ask(&host, root_options());
      const Facts facts = facts_of(record);
      bool reasoned = false;
      for (const Limit& limit : facts.limits) {
        reasoned = reasoned || (limit.id == port.limit &&
                                limit.detail.find("scripted failure") != std::string::npos);
      }
      EXPECT_TRUE(reasoned) << name << " errno " << sys_errno;
      const Diagnosis diagnosis = judge(record);
      // The banner and the commit are each enough; a host that tells neither is tested below.
      EXPECT_EQ(diagnosis.verdict.state, VerdictState::affected) << name;
      EXPECT_EQ(diagnosis.exit_code, 2) << name;
    }
  }
}

// Fault lines are in the console alone: without it, a healthy number is no clean bill.
TEST(Inquiry, AnUnreadConsoleIsNoSilence) {
  FakeHost host;
  fill(&host);
  host.hypervisor.self.minor = 17;
  host.hypervisor.self.extra = ".7";
  host.hypervisor.self.changeset = "";
  host.hypervisor.interface.number = 0x13;
  host.console.log.fail("oldest", failure(ENOSYS));
  const HostRecord record = ask(&host, root_options());
  EXPECT_TRUE(has_limit(facts_of(record), "console_not_read"));
  EXPECT_EQ(judge(record).verdict.state, VerdictState::not_affected);
  EXPECT_EQ(judge(record).verdict.confidence, Confidence::low);
}

TEST(Inquiry, NothingAnswersAtAll) {
  FakeHost host;
  const Error error = failure(EIO);
  for (const char* operation : {"role", "kernel_release", "iomem", "boot_memory", "xen_regions"}) {
    host.system.log.fail(operation, error);
  }
  host.hypervisor.log.fail("identity", error);
  host.hypervisor.log.fail("sysctl_interface", error);
  host.console.log.fail("oldest", error);
  host.store.log.fail("list", error);
  host.kernel.log.fail("next", error);
  const HostRecord record = ask(&host, root_options());
  EXPECT_TRUE(record.texts.empty());
  EXPECT_TRUE(record.observations.empty());
  for (const Attempt& attempt : record.tried) EXPECT_FALSE(attempt.ok) << attempt.what;
  EXPECT_EQ(judge(record).verdict.state, VerdictState::unknown);
  EXPECT_EQ(judge(record).exit_code, 3);
}

TEST(Inquiry, ADumpThatOutgrowsTheRingIsDamaged) {
  FakeHost host;
  host.console = testing::FakeConsoleRing(1024);
  host.grants.console = &host.console;
  fill(&host);
  std::string dump(testing::kDump.substr(0, testing::kDump.find("(XEN) gnttab_usage_print_all ]")));
  for (int i = 0; i < 30; ++i) {
    dump += "(XEN) [0x30" + std::to_string(i % 10) +
            "]      0 0x97f80 0x00000001          0 0x097f80 0x19\n";
  }
  host.grants.dump = dump + "(XEN) gnttab_usage_print_all ] done\n";
  InquiryOptions options = root_options();
  options.dump = InquiryOptions::Dump::always;
  const HostRecord record = ask(&host, options);
  const Facts facts = facts_of(record);
  EXPECT_EQ(facts.complete_dumps, 0U);
  EXPECT_GT(facts.lost_console_bytes, 0U);
  EXPECT_TRUE(has_limit(facts, "dump_truncated"));
}

TEST(Inquiry, StopsWhenItsTimeIsOver) {
  FakeHost host;
  fill(&host);
  InquiryOptions options = root_options();
  options.budget_ns = 0;
  const HostRecord record = ask(&host, options);
  EXPECT_TRUE(has_limit(facts_of(record), "out_of_time"));
  EXPECT_TRUE(host.store.log.calls.empty());
  EXPECT_TRUE(host.console.log.calls.empty());
}

TEST(Inquiry, ReadsXenconsoledsLogWhereTheRingCannotBe) {
  FakeHost host;
  fill(&host);
  host.console.log.fail("oldest", failure(ENOSYS));
  const test::Scratch files;
  const std::string path =
      files.write("hypervisor.log", std::string(testing::kBootLog) + std::string(testing::kFault));
  InquiryOptions options = root_options();
  options.hypervisor_log = path;
  const HostRecord record = ask(&host, options);
  ASSERT_NE(text_named(record, "hypervisor.log"), nullptr);
  EXPECT_EQ(facts_of(record).faults.size(), 1U);
}

TEST(HypervisorLog, IsFollowedOverRotationAndTruncation) {
  const test::Scratch files;
  const std::string path = files.path("followed.log");
  const auto write = [&](std::string_view text, std::ios::openmode mode) {
    std::ofstream(path, mode) << text;
  };
  write("one\n", std::ios::trunc);
  HypervisorLog log(path);
  ConsoleReader reader(&log);
  const auto rest = [&] {
    std::string text;
    for (;;) {
      const auto chunk = reader.next();
      EXPECT_TRUE(chunk);
      if (!chunk || !*chunk) return text;
      EXPECT_EQ((*chunk)->lost, 0U);
      EXPECT_FALSE((*chunk)->restarted);
      text += (*chunk)->bytes;
    }
  };
  EXPECT_EQ(rest(), "one\n");
  write("two\n", std::ios::app);
  EXPECT_EQ(rest(), "two\n");
  // logrotate: what was appended to the old file last is not lost.
  write("three\n", std::ios::app);
  std::filesystem::rename(path, path + ".1");
  write("four\n", std::ios::trunc);
  EXPECT_EQ(rest(),
            "three\n"
            "four\n");
  // copytruncate
  write("5\n", std::ios::trunc);
  EXPECT_EQ(rest(), "5\n");
  // Gone, and not back yet: nothing new, no error.
  std::filesystem::remove(path);
  EXPECT_EQ(rest(), "");
  write("six\n", std::ios::trunc);
  EXPECT_EQ(rest(), "six\n");
}

TEST(HypervisorLog, GivesAgainWhatIsAskedForAgain) {
  const test::Scratch files;
  const std::string path = files.write("again.log", "one\ntwo\n");
  HypervisorLog log(path);
  const auto oldest = log.oldest();
  ASSERT_TRUE(oldest);
  std::array<char, 16> buffer{};
  const auto first = log.read(*oldest, buffer);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->count, 8U);
  const auto again = log.read(RingIndex{first->end.value() - 4}, buffer);
  ASSERT_TRUE(again);
  EXPECT_EQ(std::string_view(buffer.data(), again->count), "two\n");
  EXPECT_EQ(again->end, first->end);
}

TEST(HypervisorLog, BeginsWithItsLastMebibyteAtALine) {
  const test::Scratch files;
  const std::string path =
      files.write("long.log", std::string(3 << 19, 'x') + '\n' + std::string(1 << 19, 'y') + '\n');
  HypervisorLog log(path);
  ConsoleReader reader(&log);
  std::string text;
  for (auto chunk = reader.next(); chunk && *chunk; chunk = reader.next()) text += (*chunk)->bytes;
  EXPECT_LE(text.size(), std::size_t{1} << 20);
  EXPECT_TRUE(text.ends_with("y\n"));
  std::filesystem::remove(path);
  EXPECT_FALSE(HypervisorLog(path).oldest());
}

// ---- parts -------------------------------------------------------------------------------------
TEST(Inquiry, WhatItJudgedOnTheWayIsTheRecord) {
  testing::FakeHost host;
  fill(&host);
  testing::FakePause pause(&host.clock);
  std::optional<Observer> judged;
  const HostRecord record = inquire(host.ports(), root_options(), &pause, &judged);
  ASSERT_TRUE(judged);
  const Facts known = judged->snapshot();
  const Facts anew = facts_of(record);
  const Knowledge& knowledge = built_in_knowledge();
  EXPECT_EQ(known.backends.devices.size(), anew.backends.devices.size());
  EXPECT_EQ(known.sources.size(), anew.sources.size());
  EXPECT_EQ(diagnose(known, knowledge).limits.size(), diagnose(anew, knowledge).limits.size());
  EXPECT_EQ(diagnose(known, knowledge).evidence.size(), diagnose(anew, knowledge).evidence.size());
  EXPECT_EQ(diagnose(known, knowledge).exit_code, diagnose(anew, knowledge).exit_code);
}

TEST(Inquiry, WhatIsAskedAfterJudgingIsJudgedAnew) {
  testing::FakeHost host;
  fill(&host);
  host.console.print(testing::kFault);
  testing::FakePause pause(&host.clock);
  std::optional<Observer> judged;
  const HostRecord record = inquire(host.ports(), root_options(), &pause, &judged);
  EXPECT_FALSE(judged) << "the answer whether the frame is granted came after it";
  EXPECT_EQ(facts_of(record).granted_now.size(), 1U);
}

TEST(StoreListing, EscapesAndBoundsWhatGuestsWrite) {
  testing::FakeStore store;
  testing::ManualClock clock;
  store.values = {
      {"/local/domain", ""},
      {"/local/domain/1", ""},
      {"/local/domain/1/device", std::string("a\"b\n/local/domain/0/name = \"x\"\0", 28)},
      {"/local/domain/1/device/vfb/0/vncpassword", "hunter2"},
      {"/local/domain/1/device/evil\nname", "1"},
      {"/local/domain/1/name", std::string(5000, 'n')}};
  const auto listing = list_store(&store, Deadline(&clock, kSecond));
  ASSERT_TRUE(listing);
  EXPECT_EQ(listing->text.find("hunter2"), std::string::npos);
  EXPECT_EQ(listing->text.find("evil"), std::string::npos);
  EXPECT_NE(listing->text.find("a\\042b\\012/local"), std::string::npos);
  EXPECT_LT(listing->text.size(), 2000U);
  EXPECT_EQ(std::count(listing->text.begin(), listing->text.end(), '\n'), 2);
}

TEST(StoreListing, WhatNoRuleLooksAtIsForARecord) {
  testing::FakeHost host;
  fill(&host);
  host.store.values["/local/domain/0/backend/vif/1/0/feature-sg"] = "1";
  host.store.values["/local/domain/1/device/vif/0/event-channel-tx"] = "7";
  host.store.values["/local/domain/1/console"] = "";
  host.store.values["/local/domain/1/console/limit"] = "1048576";
  const Deadline deadline(&host.clock, kSecond);
  const auto judged = list_store(&host.store, deadline);
  const auto whole = list_store(&host.store, deadline, StoreScope::whole);
  ASSERT_TRUE(judged && whole);
  for (const char* key : {"feature-sg", "event-channel-tx", "console/limit"}) {
    EXPECT_EQ(judged->text.find(key), std::string::npos) << key;
    EXPECT_NE(whole->text.find(key), std::string::npos) << key;
  }
  for (const char* key : {"vif/1/0/state", "vif/1/0/mac", "vif/0/tx-ring-ref", "1/name"}) {
    EXPECT_NE(judged->text.find(key), std::string::npos) << key;
  }
}

TEST(StoreListing, WhatVanishesMeanwhileIsNoFailure) {
  testing::FakeHost host;
  fill(&host);
  host.store.values.erase("/local/domain/1/device/vif/0/tx-ring-ref");
  host.store.values.erase("/local/domain/1/name");
  const auto listing = list_store(&host.store, Deadline(&host.clock, kSecond));
  ASSERT_TRUE(listing);
  EXPECT_TRUE(listing->complete) << listing->cut;
}

TEST(GrantEstimate, CountsRingsAndRequestsAndRespectsTheTable) {
  testing::FakeHost host;
  fill(&host);
  const Backends backends = facts_of(ask(&host, root_options())).backends;
  // The ring cannot be copied: a whole queue is assumed.
  host.grants.rings.clear();
  EXPECT_EQ(estimate_grants(backends, &host.store, &host.grants).entries, 2U + 1U + 256U);
  RingPage page(4096);
  page[0] = std::byte{3};
  host.grants.rings[{DomId{1}, GrantRef{520}}] = page;
  const GrantEstimate small = estimate_grants(backends, &host.store, &host.grants);
  EXPECT_EQ(small.entries, 2U + 1U + 3U);
  EXPECT_TRUE(small.small());
  EXPECT_EQ(small.serial_ms(), 36U);
  host.grants.sizes[DomId{1}] = {0, 64};
  EXPECT_EQ(estimate_grants(backends, &host.store, &host.grants).entries, 0U);
  EXPECT_FALSE(estimate_grants(Backends{}, &host.store, &host.grants).small())
      << "not listed: not known";
}

TEST(GrantQuestions, StopsAtTheFirstError) {
  testing::FakeGrantTables grants;
  grants.log.fail("granted_now", failure(ENOSYS));
  MemoryMap memory;
  memory.dom0_banks = {{0x40000000, 0x60000000, "", ""}};
  testing::ManualClock clock;
  GrantQuestions questions(&grants, &clock);
  EXPECT_FALSE(questions.ask(Frame{0x90000}, memory, false));
  ASSERT_TRUE(questions.failed());
  EXPECT_FALSE(questions.ask(Frame{0x90001}, memory, false));
  EXPECT_EQ(grants.log.count("granted_now"), 1U);
  clock.advance(GrantQuestions::kAgainNs);
  EXPECT_FALSE(questions.ask(Frame{0x90001}, memory, false));
  EXPECT_EQ(grants.log.count("granted_now"), 2U);
}

class AskedAgain : public ::testing::Test {
 protected:
  AskedAgain() { memory_.dom0_banks = {{0x40000000, 0x60000000, "", ""}}; }
  bool ask(std::uint64_t frame) { return questions_.ask(Frame{frame}, memory_, true).has_value(); }
  testing::FakeGrantTables grants_;
  testing::ManualClock clock_;
  MemoryMap memory_;
  GrantQuestions questions_{&grants_, &clock_};
};

TEST_F(AskedAgain, AfterAWhile) {
  EXPECT_TRUE(ask(0x90000));
  clock_.advance(GrantQuestions::kAgainNs - 1);
  EXPECT_FALSE(ask(0x90000));
  clock_.advance(1);
  EXPECT_TRUE(ask(0x90000));
}

TEST_F(AskedAgain, NeverWhereTheRefusalLeaksAReference) {
  grants_.answers[Frame{0x90000}] = GrantedNow::Answer::free_or_xen;
  EXPECT_TRUE(ask(0x90000));
  clock_.advance(100 * GrantQuestions::kAgainNs);
  EXPECT_FALSE(ask(0x90000));
}

TEST_F(AskedAgain, IsBoundedInAnyTime) {
  std::size_t answered = 0;
  for (std::uint64_t i = 0; i < 3 * GrantQuestions::kMost; ++i) answered += ask(0x90000 + i);
  EXPECT_EQ(answered, GrantQuestions::kMost);
  clock_.advance(GrantQuestions::kAgainNs);
  EXPECT_TRUE(ask(0x90000 + 2 * GrantQuestions::kMost));
}

}  // namespace
}  // namespace xic
