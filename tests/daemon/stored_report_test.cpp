// A report read back from JSON is the same report.
#include "report/stored_report.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "report/report.h"

namespace xic {
namespace {

std::string golden(const std::string& name) {
  std::ifstream file("tests/golden/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

Report view_of(const StoredReport& stored) {
  Report report;
  report.tool_version = stored.tool_version;
  report.knowledge_date = stored.knowledge_date;
  report.generated_at = stored.generated_at;
  report.facts = &stored.facts;
  report.diagnosis = &stored.diagnosis;
  report.knowledge = &built_in_knowledge();
  report.daemon = stored.daemon ? &*stored.daemon : nullptr;
  return report;
}

class StoredReportTest : public ::testing::TestWithParam<const char*> {};

TEST_P(StoredReportTest, RendersAsItWasWritten) {
  const std::string text = golden(GetParam());
  ASSERT_FALSE(text.empty());
  const auto stored = read_report(text);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(render_json(view_of(*stored)), text);
}

INSTANTIATE_TEST_SUITE_P(Golden, StoredReportTest,
                         ::testing::Values("affected.json", "crowded.json", "healthy.json",
                                           "two_lines.json"));

TEST(StoredReport, HostileTextsStayWellFormed) {
  // Its overlong raw lines are cut once more; the rest is the same.
  const auto stored = read_report(golden("hostile.json"));
  ASSERT_TRUE(stored);
  const auto again = read_report(render_json(view_of(*stored)));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->diagnosis.verdict.summary, stored->diagnosis.verdict.summary);
  EXPECT_EQ(again->facts.faults.size(), stored->facts.faults.size());
}

TEST(StoredReport, TheDaemonIsReadBackToo) {
  const auto stored = read_report(golden("affected.json"));
  ASSERT_TRUE(stored);
  DaemonStatus daemon;
  daemon.version = "1.0";
  daemon.pid = 12;
  daemon.started_at = 1'700'000'000;
  daemon.console = {"sysctl", "abc", 1, 2, 3, 4, 5, 6, 1'700'000'001};
  daemon.faults = {1, 2, 3, 4, 1'700'000'002, "abc:1"};
  daemon.history = {5, 6};
  daemon.journal = {7, 8, 9};
  daemon.kernel_records_lost = 10;
  daemon.troubles = {{"history", 1'700'000'003, "disk full"}};
  Report report = view_of(*stored);
  report.daemon = &daemon;
  const std::string text = render_json(report);
  const auto again = read_report(text);
  ASSERT_TRUE(again);
  EXPECT_EQ(render_json(view_of(*again)), text);
}

TEST(StoredReport, ForeignDocumentsAreRefusedOrHarmless) {
  for (const char* text :
       {"", "[]", "{}", "null", "{\"schema\":1}", "\xff\xfe", "{\"schema\":\"x\"}"}) {
    EXPECT_FALSE(read_report(text)) << text;
  }
  const auto odd = read_report(
      R"({"schema":"xen-iommu-check/1","faults":[1,{"registers":{"fsr":"0xzz","fsynr":7}},{"iova":-1}],)"
      R"("verdict":[],"limits":{"a":1},"exit_code":"x","daemon":{"pid":"x","troubles":[null]}})");
  ASSERT_TRUE(odd);
  EXPECT_EQ(odd->diagnosis.exit_code, 3);
  EXPECT_EQ(odd->facts.faults.size(), 3U);
}

TEST(StatusText, SaysWhatWasSeenAndMissed) {
  const auto stored = read_report(golden("affected.json"));
  ASSERT_TRUE(stored);
  StoredReport report = *stored;
  report.daemon.emplace();
  report.daemon->version = "1.0";
  report.daemon->pid = 4711;
  report.daemon->console.read_bytes = 900;
  report.daemon->console.lost_bytes = 100;
  report.daemon->faults.seen = 17;
  report.daemon->troubles = {{"history", 0, "disk full \x1b[31m"}};
  const std::string alive = render_status_text({&report, 3, true}, {});
  EXPECT_NE(alive.find("ALIVE"), std::string::npos);
  EXPECT_NE(alive.find("17 faults"), std::string::npos);
  EXPECT_NE(alive.find("100 of 1000 console bytes lost"), std::string::npos);
  EXPECT_NE(alive.find("written 3 s ago"), std::string::npos);
  EXPECT_EQ(alive.find('\x1b'), std::string::npos);
  const std::string dead = render_status_text({&report, 7300, false}, {.ascii = true});
  EXPECT_NE(dead.find("[FAIL] NOT RUNNING"), std::string::npos);
  EXPECT_NE(dead.find("2 h ago"), std::string::npos);
}

}  // namespace
}  // namespace xic
