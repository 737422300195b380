// The probe over fakes: what it asks, in which order, what it must never do, and what it concludes.
#include "host/probe/probe.h"

#include <gtest/gtest.h>

#include "core/probe/probe_rules.h"
#include "host/probe/spawned_loader.h"
#include "tests/fakes/fake_ports.h"
#include "tests/probe/trace_text.h"

namespace xic {
namespace {

using namespace testing;
using Answer = ProbeResult::Answer;
using Kind = ProbeStep::Kind;
using Outcome = ProbeStep::Outcome;

constexpr Frame kConsole1{0xbdf33}, kStore1{0xbdf32}, kConsole2{0xbce11}, kStore2{0xbce10};

/// A protected, direct-mapped arm64 dom0 with two guests whose consoles and xenstore pages are
/// mapped.
class ProbeHostFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    facts_.hypervisor.seen = true;
    facts_.hypervisor.arch = Sourced<Arch>{Arch::arm64, "test"};
    facts_.hypervisor.iommu.push_back({true, IommuClaim::Strength::proof, "test"});
    facts_.hypervisor.direct_map.push_back({true, false, "test"});
    facts_.backends.listing_seen = true;
    host_.system.memory = std::vector<AddressRange>{{0x40000000, 0x60000000, "memory", "test"}};
    host_.system.iomem_text = "40000000-5fffffff : System RAM\n";
    recorder_.text = TraceText().started(1'000'000).text;
    recorder_.clock_ns = 60'000'000'000;
    host_.grants.on_touch = [this](const ReservedPage& page) {
      TraceText text;
      const std::uint64_t us = recorder_.clock_ns / 1000 + 10 * ++touches_;
      text.map(us, page.domain().value(), page.ref().value(),
               frames_.at({page.domain(), page.ref()}).value(), touches_);
      recorder_.text += text.unmap_begins(us + 5).unmap_ended(us + 6, touches_).text;
      recorder_.clock_ns += 1'000'000;
    };
    guest(1, kConsole1, kStore1);
    guest(2, kConsole2, kStore2);
  }

  void guest(std::uint16_t domain, Frame console, Frame store) {
    facts_.backends.domain_names[DomId{domain}] = "guest";
    for (const auto& [ref, frame] : {std::pair{0U, console}, std::pair{1U, store}}) {
      frames_[{DomId{domain}, GrantRef{ref}}] = frame;
      host_.grants.reserved.insert({DomId{domain}, GrantRef{ref}});
      host_.grants.answers[frame] = GrantedNow::Answer::granted_or_own;
    }
  }
  void no_guest() {
    facts_.backends.domain_names.clear();
    facts_.backends.domain_names[kDom0] = "Domain-0";
    host_.grants.reserved.clear();
  }
  void absent(std::initializer_list<Frame> frames) {
    for (const Frame frame : frames) loader_.results[frame] = FrameLoad::Result::absent;
  }
  void all_absent() { absent({kConsole1, kStore1, kConsole2, kStore2}); }

  ProbeResult run() {
    const ProbeTools tools{&host_.hypervisor, &host_.grants, &host_.system,
                           &recorder_,        &loader_,      take_dump_};
    return run_probe(tools, facts_);
  }
  ProbeResult refused_for(const std::string& id) {
    const ProbeResult result = run();
    EXPECT_EQ(result.answer, Answer::not_possible);
    bool found = false;
    for (const ProbeRefusal& refusal : result.refusals) found = found || refusal.id == id;
    EXPECT_TRUE(found) << id;
    EXPECT_FALSE(result.detail.empty());
    EXPECT_EQ(loader_.log.count("load"), 0U);
    return result;
  }

  Facts facts_;
  FakeHost host_;
  FakeGrantRecorder recorder_;
  FakeFrameLoader loader_;
  TakeDump take_dump_;
  std::map<std::pair<DomId, GrantRef>, Frame> frames_;
  unsigned touches_ = 0;
};

TEST_F(ProbeHostFixture, PresentWhereTheLoadsReturn) {
  const ProbeResult result = run();
  EXPECT_EQ(result.answer, Answer::present);
  EXPECT_TRUE(result.valid_host);
  EXPECT_EQ(result.frames, 4U);
  EXPECT_TRUE(result.refusals.empty());
  EXPECT_EQ(recorder_.log.calls.back(), "stop");
}

TEST_F(ProbeHostFixture, AbsentWhereNoneReturnsAndNoneAtTheSecondLook) {
  all_absent();
  const ProbeResult result = run();
  EXPECT_EQ(result.answer, Answer::absent);
  EXPECT_EQ(result.frames, 4U);
  EXPECT_EQ(loader_.log.count("load"), 8U);
}

TEST_F(ProbeHostFixture, EachPageIsConfirmedBeforeAndAfterItsLoads) {
  all_absent();
  std::map<Frame, std::vector<Kind>> seen;
  for (const ProbeStep& step : run().steps) seen[step.frame].push_back(step.kind);
  EXPECT_EQ(seen.size(), 4U);
  for (const auto& [frame, kinds] : seen) {
    EXPECT_EQ(kinds, (std::vector<Kind>{Kind::learnt, Kind::asked, Kind::loaded, Kind::loaded,
                                        Kind::asked}));
  }
}

TEST_F(ProbeHostFixture, TheFirstPageComesAgainBehindTheOthers) {
  run();
  const auto& calls = loader_.log.calls;
  ASSERT_EQ(calls.size(), 5U);
  EXPECT_EQ(calls.front(), calls.back());
  // One page of each domain before a second one of any.
  EXPECT_EQ(calls[0], "load " + std::to_string(kConsole1.value()));
  EXPECT_EQ(calls[1], "load " + std::to_string(kConsole2.value()));
}

TEST_F(ProbeHostFixture, AfterASuccessThereIsNoSecondLookAtTheOthers) {
  absent({kConsole2, kStore2});
  const ProbeResult result = run();
  EXPECT_EQ(result.answer, Answer::present);
  EXPECT_EQ(loader_.log.count("load"), 5U);
  EXPECT_NE(result.detail.find("not counted"), std::string::npos) << result.detail;
}

TEST_F(ProbeHostFixture, APageThatIsGivenBackMeanwhileDoesNotCount) {
  all_absent();
  guest(3, Frame{0xb0001}, Frame{0xb0002});
  absent({Frame{0xb0001}, Frame{0xb0002}});
  host_.grants.answers[kConsole1] = GrantedNow::Answer::not_granted;
  const ProbeResult result = run();
  EXPECT_EQ(result.answer, Answer::absent) << result.detail;
  for (const ProbeStep& step : result.steps) {
    EXPECT_FALSE(step.kind == Kind::loaded && step.frame == kConsole1);
  }
}

TEST_F(ProbeHostFixture, OnePageAbsentProvesNothing) {
  no_guest();
  guest(1, kConsole1, kStore1);
  host_.grants.reserved.erase({DomId{1}, GrantRef{1}});  // oxenstored
  absent({kConsole1});
  const ProbeResult result = run();
  EXPECT_EQ(result.answer, Answer::not_possible);
  EXPECT_NE(result.detail.find("one page"), std::string::npos) << result.detail;
  loader_.results.clear();
}

TEST_F(ProbeHostFixture, OnePagePresentIsConclusive) {
  no_guest();
  guest(1, kConsole1, kStore1);
  host_.grants.reserved.erase({DomId{1}, GrantRef{1}});
  EXPECT_EQ(run().answer, Answer::present);
}

TEST_F(ProbeHostFixture, LoadsWithoutAnAnswerAreNone) {
  for (const Frame frame : {kConsole1, kStore1, kConsole2, kStore2}) {
    loader_.results[frame] = FrameLoad::Result::no_answer;
  }
  const ProbeResult result = run();
  EXPECT_EQ(result.answer, Answer::not_possible);
  EXPECT_EQ(result.refusals.back().id, "no_load");
  EXPECT_EQ(loader_.log.count("load"), 4U) << "each once";
}

TEST_F(ProbeHostFixture, AProgramThatCannotRunIsNoAnswer) {
  loader_.log.fail("load", failure(ENOENT));
  const ProbeResult result = run();
  EXPECT_EQ(result.answer, Answer::not_possible);
  EXPECT_NE(result.detail.find("scripted failure"), std::string::npos);
}

TEST_F(ProbeHostFixture, ARecorderThatRunsIsLeftRunning) {
  recorder_.now_state.recording = true;
  EXPECT_EQ(run().answer, Answer::present);
  EXPECT_EQ(recorder_.log.count("start") + recorder_.log.count("stop"), 0U);
}

TEST_F(ProbeHostFixture, WithoutARecorderTheDumpNamesThePages) {
  recorder_.log.fail("start", failure(ENODEV));
  bool asked = false;
  take_dump_ = [&] {
    asked = true;
    GrantDump dump;
    dump.begin_seen = dump.end_seen = true;
    for (const auto& [page, frame] : frames_) {
      dump.grants.push_back({frame, page.second, page.first, kDom0, 1, 0});
    }
    dump.grants.push_back({Frame{0xb7777}, GrantRef{0x31}, DomId{1}, kDom0, 1, 0});  // data
    dump.grants.push_back({Frame{0xb7778}, GrantRef{0}, DomId{1}, DomId{2}, 1, 0});  // not dom0's
    return std::optional<GrantDump>(dump);
  };
  const ProbeResult result = run();
  EXPECT_TRUE(asked);
  EXPECT_EQ(result.answer, Answer::present);
  EXPECT_EQ(result.frames, 4U);
  for (const std::string& call : loader_.log.calls) {
    EXPECT_EQ(call.find(std::to_string(0xb7777)), std::string::npos);
    EXPECT_EQ(call.find(std::to_string(0xb7778)), std::string::npos);
  }
}

// ---- where it refuses
TEST_F(ProbeHostFixture, RefusesWithTheIommuOff) {
  facts_.hypervisor.iommu.clear();
  refused_for("iommu_unknown");
  facts_.hypervisor.iommu.push_back({false, IommuClaim::Strength::proof, "test"});
  EXPECT_FALSE(refused_for("iommu_off").valid_host);
}
TEST_F(ProbeHostFixture, RefusesWhereDom0IsNotShownDirectMapped) {
  facts_.hypervisor.direct_map.clear();
  refused_for("direct_map_unknown");
  facts_.hypervisor.direct_map.push_back({false, true, "test"});
  refused_for("not_direct_mapped");
}
TEST_F(ProbeHostFixture, RefusesUnderAcpi) {
  host_.system.memory.reset();
  refused_for("acpi");
}
TEST_F(ProbeHostFixture, RefusesOffArm64) {
  facts_.hypervisor.arch->value = Arch::arm32;
  refused_for("not_arm64");
  facts_.hypervisor.arch->value = Arch::x86;
  refused_for("not_arm64");
  facts_.hypervisor.arch.reset();
  refused_for("not_arm64");
}
TEST_F(ProbeHostFixture, RefusesInAGuestAndOnBareMetal) {
  for (const DomainRole role : {DomainRole::guest, DomainRole::bare_metal}) {
    host_.system.domain_role = role;
    refused_for("not_dom0");
  }
}
TEST_F(ProbeHostFixture, RefusesWhereTheIommuHasItsOwnTables) {
  facts_.hypervisor.ipmmu_sharing_disabled = true;
  refused_for("tables_not_shared");
}
TEST_F(ProbeHostFixture, RefusesWithoutRoot) {
  host_.system.log.fail("iomem", failure(EACCES, Error::Code::denied));
  refused_for("no_iomem");
}
TEST_F(ProbeHostFixture, SaysWhatToStartWhereNoGuestRuns) {
  no_guest();
  const ProbeResult result = refused_for("no_guest");
  EXPECT_NE(result.refusals.back().remedy.find("start any guest"), std::string::npos);
}
TEST_F(ProbeHostFixture, LeavesOutWhatTheKernelCallsItsOwn) {
  // Linux 5.10 hot-plugs RAM right over guests' frames.
  host_.system.iomem_text += "80000000-bfffffff : System RAM\n";
  const ProbeResult result = refused_for("pages_claimed");
  EXPECT_TRUE(result.detail.starts_with("4 pages of guests")) << result.detail;
  EXPECT_NE(result.detail.find("System RAM"), std::string::npos) << result.detail;
}
TEST_F(ProbeHostFixture, AbsenceAtTheOnePageThatIsNotClaimedProvesNothing) {
  host_.system.iomem_text += "80000000-bdf32fff : System RAM\n";  // all but kConsole1
  all_absent();
  const ProbeResult result = run();
  EXPECT_EQ(result.answer, Answer::not_possible);
  EXPECT_EQ(result.refusals.back().id, "one_page");
  EXPECT_EQ(loader_.log.count("load"), 2U);
}
TEST_F(ProbeHostFixture, SaysThatNoPageWasLearnt) {
  host_.grants.reserved.clear();
  refused_for("no_page");
}
TEST_F(ProbeHostFixture, LeavesOutWhatXenHasSetAside) {
  host_.system.regions = std::vector<AddressRange>{{0xbdf33000, 0xbdf34000, "", "test"}};
  const ProbeResult result = run();
  EXPECT_EQ(result.answer, Answer::present);
  for (const std::string& call : loader_.log.calls) {
    EXPECT_EQ(call.find(std::to_string(kConsole1.value())), std::string::npos);
  }
}
TEST_F(ProbeHostFixture, NeverTouchesAPageOfDom0) {
  facts_.backends.domain_names[kDom0] = "Domain-0";
  run();
  for (const std::string& call : host_.grants.log.calls) {
    EXPECT_FALSE(call.starts_with("touch 0 ")) << call;
  }
}
TEST_F(ProbeHostFixture, TheWeakerSignIsTold) {
  host_.hypervisor.highest = Frame{0x60200};
  all_absent();
  const ProbeResult result = run();
  ASSERT_EQ(result.weaker_signs.size(), 1U);
  EXPECT_NE(result.weaker_signs[0].find("cannot be there"), std::string::npos);
}

// ---- rules
ProbeStep step(Kind kind, Outcome outcome, std::uint64_t frame) {
  return {kind, outcome, Frame{frame}, DomId{1}, GrantRef{0}, ""};
}
ProbeResult judged(std::vector<ProbeStep> steps) {
  ProbeResult result;
  result.steps = std::move(steps);
  judge_steps(&result);
  return result;
}
std::vector<ProbeStep> page(std::uint64_t frame, std::vector<Outcome> loads,
                            Outcome after = Outcome::granted) {
  std::vector<ProbeStep> steps{step(Kind::asked, Outcome::granted, frame)};
  for (const Outcome load : loads) steps.push_back(step(Kind::loaded, load, frame));
  steps.push_back(step(Kind::asked, after, frame));
  return steps;
}
std::vector<ProbeStep> operator+(std::vector<ProbeStep> a, const std::vector<ProbeStep>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(ProbeRules, MixedIsNoVerdict) {
  const auto result =
      judged(page(1, {Outcome::present}) + page(2, {Outcome::absent, Outcome::absent}));
  EXPECT_EQ(result.answer, Answer::mixed);
  EXPECT_FALSE(result.detail.empty());
}
TEST(ProbeRules, AbsenceNeedsTwoPagesAndTwoLooks) {
  const std::vector<Outcome> twice{Outcome::absent, Outcome::absent};
  EXPECT_EQ(judged(page(1, twice) + page(2, twice)).answer, Answer::absent);
  EXPECT_EQ(judged(page(1, twice)).answer, Answer::not_possible);
  EXPECT_EQ(judged(page(1, twice) + page(2, {Outcome::absent})).answer, Answer::not_possible);
}
TEST(ProbeRules, APageNotGrantedAfterwardsIsNotCounted) {
  const std::vector<Outcome> twice{Outcome::absent, Outcome::absent};
  EXPECT_EQ(judged(page(1, twice) + page(2, twice, Outcome::not_granted)).answer,
            Answer::not_possible);
  EXPECT_EQ(judged(page(1, {Outcome::present}, Outcome::not_granted)).answer, Answer::not_possible);
}
TEST(ProbeRules, AnEntryThatComesOrGoesIsNotCounted) {
  EXPECT_EQ(judged(page(1, {Outcome::present, Outcome::absent})).answer, Answer::not_possible);
}
TEST(ProbeRules, LongLivedPagesOfADump) {
  GrantDump dump;
  dump.begin_seen = true;
  dump.grants.push_back({Frame{1}, GrantRef{0}, DomId{1}, kDom0, 1, 0});
  EXPECT_TRUE(long_lived(dump, {}).empty());  // cut: it may not be a dump at all
  dump.end_seen = true;
  dump.grants.push_back({Frame{2}, GrantRef{0x208}, DomId{1}, kDom0, 1, 0});
  dump.grants.push_back({Frame{3}, GrantRef{0}, kDom0, kDom0, 1, 0});
  Backends backends;
  Backend vif;
  vif.type = "vif";
  vif.frontend_domain = DomId{1};
  vif.backend_state = 4;
  vif.rings.push_back({RingRole::vif_tx, 0, GrantRef{0x208}});
  backends.devices.push_back(vif);
  const auto pages = long_lived(dump, backends);
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(pages[1].role, "ring of vif1.0");
  backends.devices[0].backend_state = 5;
  EXPECT_EQ(long_lived(dump, backends).size(), 1U);
}

TEST(SpawnedLoader, ReadsItsProgramsLinesAndNothingElse) {
  const std::vector<Frame> frames{Frame{0x97f75}, Frame{0x10}};
  const std::string good =
      "{\"frame\":\"0x97f75\",\"result\":\"absent\",\"why\":\"\"}\n"
      "{\"frame\":\"0x10\",\"result\":\"no_answer\",\"why\":\"because\"}\n";
  const auto loads = read_loads(good, frames);
  ASSERT_TRUE(loads);
  EXPECT_EQ((*loads)[0].result, FrameLoad::Result::absent);
  EXPECT_EQ((*loads)[1].detail, "because");
  EXPECT_FALSE(read_loads("", frames));
  EXPECT_FALSE(read_loads(good + good, frames));
  EXPECT_FALSE(read_loads("{\"frame\":\"0x1\",\"result\":\"absent\"}\n", std::vector{Frame{2}}));
  EXPECT_FALSE(read_loads("{\"frame\":\"0x1\",\"result\":\"maybe\"}\n", std::vector{Frame{1}}));
  EXPECT_FALSE(read_loads("no", std::vector{Frame{1}}));
}

TEST(SpawnedLoader, AProgramThatIsNotThereIsAnError) {
  SpawnedLoader loader("/nonexistent/xen-iommu-probe");
  EXPECT_EQ(loader.load(std::vector{Frame{1}}).error().code, Error::Code::not_found);
  SpawnedLoader silent("/bin/true");
  EXPECT_EQ(silent.load(std::vector{Frame{1}}).error().code, Error::Code::malformed);
}

}  // namespace
}  // namespace xic
