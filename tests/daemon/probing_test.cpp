// Probe=once-per-boot: when it is made, what is remembered of it, and what it is worth.
#include "daemon/probing.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/daemon/watcher_test_support.h"
#include "tests/live/sample_hosts.h"

namespace xic::daemon {
namespace {

using testing::DaemonTest;
using testing::fault_line;
using testing::field;
using testing::kSecond;

using Answer = ProbeResult::Answer;

class ProbingTest : public DaemonTest {
 protected:
  ProbingTest() {
    xic::testing::fill(&host);
    settings.probe = ProbeMode::once_per_boot;
    result.answer = Answer::present;
    result.valid_host = true;
    result.frames = 3;
    result.source = "xen-iommu-probe";
    probe = [this](const Facts& facts) {
      ++made;
      known_domains = facts.backends.domain_names.size();
      if (dies) throw testing::Killed{};
      return result;
    };
  }
  [[nodiscard]] nlohmann::json state() {
    pass(2 * kSecond);
    return nlohmann::json::parse(published.files["state.json"]);
  }

  ProbeResult result;
  bool dies = false;
  unsigned made = 0;
  std::size_t known_domains = 0;
};

TEST_F(ProbingTest, NeverUnlessItIsConfigured) {
  settings = default_settings();
  start();
  pass(3600 * kSecond);
  EXPECT_EQ(made, 0U);
}

TEST_F(ProbingTest, DecidesTheVerdictAndIsTold) {
  start();
  pass(kSecond);
  EXPECT_EQ(made, 1U);
  EXPECT_GT(known_domains, 0U);
  const auto known = state();
  EXPECT_EQ(known["verdict"]["state"], "not_affected");
  EXPECT_EQ(known["probe"]["answer"], "present");
  const auto events = journal.of(EventKind::probed);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(field(*events[0], "ANSWER"), "present");
  EXPECT_EQ(field(*events[0], "FRAMES"), "3");
}

TEST_F(ProbingTest, AnAbsentEntryIsTheRegression) {
  result.answer = Answer::absent;
  start();
  EXPECT_EQ(state()["verdict"]["state"], "affected");
}

TEST_F(ProbingTest, OncePerBootOverRestartsAndKills) {
  result.answer = Answer::absent;
  start();
  pass(kSecond);
  for (int i = 0; i < 3; ++i) {
    if (i == 1) watcher->stop();
    kill();
    start();
    EXPECT_EQ(state()["verdict"]["state"], "affected") << "remembered";
  }
  EXPECT_EQ(made, 1U);
  EXPECT_EQ(told(EventKind::probed), 1U);
  kill();
  epoch[0] = 'f';
  start();
  pass(kSecond);
  EXPECT_EQ(made, 2U) << "another boot";
}

TEST_F(ProbingTest, OneThatWasInterruptedIsNotMadeAgain) {
  dies = true;
  start();
  EXPECT_THROW(pass(kSecond), testing::Killed);
  kill();
  dies = false;
  start();
  pass(3600 * kSecond);
  EXPECT_EQ(made, 1U);
  EXPECT_EQ(troubles("probe", EventKind::trouble), 1U);
}

TEST_F(ProbingTest, NotWithoutAMemoryOfIt) {
  disk.log.fail("replace", xic::testing::failure(EROFS, Error::Code::denied));
  start();
  pass(3600 * kSecond);
  EXPECT_EQ(made, 0U);
  EXPECT_EQ(troubles("probe", EventKind::trouble), 1U);
}

TEST_F(ProbingTest, WaitsForAGuest) {
  const auto values = host.store.values;
  host.store.values.clear();
  start();
  pass(60 * kSecond);
  EXPECT_EQ(made, 0U);
  EXPECT_EQ(troubles("probe", EventKind::trouble), 0U);
  host.store.values = values;
  host.store.events.push_back({"@introduceDomain", "xen-iommud"});
  pass(10 * kSecond);
  EXPECT_EQ(made, 1U);
}

TEST_F(ProbingTest, NotWhileFaultsArrive) {
  const auto values = host.store.values;
  host.store.values.clear();
  start();
  host.store.values = values;
  host.store.events.push_back({"@introduceDomain", "xen-iommud"});
  for (int i = 0; i < 50; ++i) {
    print(fault_line(0x97f75148));
    pass(100'000'000);
  }
  EXPECT_EQ(made, 0U);
  pass(10 * kSecond);
  EXPECT_EQ(made, 1U);
}

TEST_F(ProbingTest, ARefusalIsSaidOnceWithTheDropInAndTriedAgainSeldom) {
  result = {};
  result.detail = "/proc/iomem hides its addresses (all are zero)";
  result.refusals = {{"no_iomem", result.detail, "run as root, with CAP_SYS_ADMIN"}};
  start();
  pass(1800 * kSecond);
  EXPECT_GE(made, 3U);
  EXPECT_LE(made, 4U);
  ASSERT_EQ(troubles("probe", EventKind::trouble), 1U);
  const Event& event = *journal.of(EventKind::trouble).back();
  EXPECT_NE(event.message.find("hides its addresses"), std::string::npos) << event.message;
  EXPECT_NE(event.message.find("probe.conf"), std::string::npos) << event.message;
  EXPECT_EQ(state()["probe"]["answer"], "not_possible");
  kill();
  start();
  pass(kSecond);
  EXPECT_GE(made, 4U) << "what gave no answer is no answer at the next start";
}

TEST_F(ProbingTest, AnotherRefusalHasNothingToDoWithTheSandbox) {
  result = {};
  result.detail = "the IOMMU is off";
  result.refusals = {{"iommu_off", result.detail, ""}};
  start();
  pass(kSecond);
  EXPECT_EQ(journal.of(EventKind::trouble).back()->message.find("sandbox"), std::string::npos);
}

TEST_F(ProbingTest, ADamagedMemoryIsNone) {
  for (const char* text :
       {"", "{", "[]", "{\"boot\":1}", "{\"boot\":\"x\",\"state\":\"answered\"}", "\xff\xfe\x00"}) {
    disk.files["probe.json"] = text;
    start();
    pass(kSecond);
    kill();
    disk.files.clear();
  }
  EXPECT_EQ(made, 6U);
}

}  // namespace
}  // namespace xic::daemon
