// Prometheus, Nagios, short, explain.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "report_samples.h"

namespace xic::testing {
namespace {

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Prometheus, ExactlyOneStateIsOne) {
  Sample s = healthy_sample();
  for (int i = 0; i <= static_cast<int>(VerdictState::unknown); ++i) {
    s.diagnosis.verdict.state = static_cast<VerdictState>(i);
    std::istringstream lines(render_prometheus(s.report()));
    int series = 0;
    int ones = 0;
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("xen_iommu_regression_state{")) continue;
      ++series;
      if (!line.ends_with("} 1")) continue;
      ++ones;
      EXPECT_TRUE(has(line, "state=\"" + std::string(to_string(s.diagnosis.verdict.state)) + "\""));
    }
    EXPECT_EQ(series, 5);
    EXPECT_EQ(ones, 1);
  }
}

TEST(Prometheus, EscapesLabelValues) {
  Sample s = healthy_sample();
  s.facts.hypervisor.version->value.extra = "\"} 1\nevil 1 \\";
  const std::string text = render_prometheus(s.report());
  EXPECT_TRUE(has(text, R"(xen_version="4.17\"} 1\\nevil 1 \\")")) << text;
  EXPECT_FALSE(has(text, "\nevil"));
}

TEST(Prometheus, AddsUpGroupsWithTheSameLabels) {
  Sample s = healthy_sample();
  for (std::uint64_t i = 0; i < 500; ++i) {
    s.add(context_fault("/smmu", i << 12, Access::write), {});
  }
  EXPECT_TRUE(has(render_prometheus(s.report()),
                  "xen_iommu_check_faults{iommu=\"/smmu\",kind=\"smmuv2_context\",access=\"write\","
                  "attribution=\"none\"} 500\n"));
}

TEST(Prometheus, BoundsTheNumberOfSeries) {
  Sample s = healthy_sample();
  for (std::uint64_t i = 0; i < 1000; ++i) {
    s.add(context_fault("/smmu@" + std::to_string(i), i << 12, Access::read), {});
  }
  const std::string text = render_prometheus(s.report());
  std::size_t series = 0;
  for (std::size_t at = 0; (at = text.find("\nxen_iommu_check_faults{", at)) != std::string::npos;
       ++at) {
    ++series;
  }
  EXPECT_EQ(series, 17U);
  EXPECT_TRUE(has(text,
                  "iommu=\"other\",kind=\"smmuv2_context\",access=\"read\","
                  "attribution=\"none\"} 984\n"));
}

TEST(Prometheus, NamesNoAddressFrameRefOrDomain) {
  const std::string text = render_prometheus(affected_sample().report());
  for (const std::string_view part : {"97f75", "208", "rigdomu", "domid"}) {
    EXPECT_FALSE(has(text, part)) << part;
  }
}

TEST(Nagios, StatusWordFollowsTheExitCode) {
  Sample s = healthy_sample();
  const auto text = [&](int exit_code) {
    s.diagnosis.exit_code = exit_code;
    return render_nagios(s.report());
  };
  EXPECT_TRUE(text(0).starts_with("IOMMU OK - not_affected: "));
  EXPECT_TRUE(text(1).starts_with("IOMMU WARNING - "));
  EXPECT_TRUE(text(2).starts_with("IOMMU CRITICAL - "));
  EXPECT_TRUE(text(3).starts_with("IOMMU UNKNOWN - "));
}

TEST(Nagios, OnlyOurOwnBarStartsPerformanceData) {
  for (const Sample& s : {hostile_sample(), affected_sample(), crowded_sample()}) {
    const std::string text = render_nagios(s.report());
    EXPECT_EQ(std::count(text.begin(), text.end(), '|'), 1);
    EXPECT_LT(text.find('|'), text.find('\n'));
    EXPECT_LE(text.size(), 4096U);
  }
}

TEST(Nagios, CountsInPerformanceData) {
  const std::string text = render_nagios(crowded_sample().report());
  EXPECT_TRUE(has(text,
                  "| faults=22;0;;0 lost_bytes=4096B;0;;0 damaged_fault_lines=2;0;;0 "
                  "affected=0;;0;0;1\n"))
      << text;
}

TEST(Short, HasThreeWordsWhateverTheVersion) {
  EXPECT_EQ(render_short(affected_sample().report()), "affected XIC-1001 4.14.1\n");
  EXPECT_EQ(render_short(two_lines_sample().report()), "unknown XIC-1001 -\n");
  Sample s = healthy_sample();
  s.facts.hypervisor.version->value.extra = " a\nb c";
  EXPECT_EQ(render_short(s.report()), "not_affected XIC-1001 4.17_a\\nb_c\n");
}

TEST(Explain, SaysSoWhenThereIsNothing) {
  EXPECT_EQ(render_explained_faults(healthy_sample().report(), {}),
            "No IOMMU fault, hypervisor event or DMA error in the text.\n");
}

TEST(Explain, ShowsEachCauseOnce) {
  const std::string text = render_explained_faults(crowded_sample().report(), {});
  std::size_t pages = 0;
  for (std::size_t at = 0; (at = text.find("\nXIC-2007  ", at)) != std::string::npos; ++at) ++pages;
  EXPECT_EQ(pages, 1U);
  EXPECT_TRUE(has(text, "printed by Linux's own IOMMU driver, not Xen")) << text;
}

TEST(Explain, BoundsItsLength) {
  Sample s = healthy_sample();
  for (std::uint64_t i = 0; i < 1000; ++i) s.add(context_fault("/smmu", i << 12, Access::read), {});
  const std::string text = render_explained_faults(s.report(), {});
  EXPECT_TRUE(has(text, "and 980 more groups; `check` sums them up"));
  EXPECT_LT(text.size(), 20000U);
}

TEST(GrantsText, SaysWhatAnIncompleteDumpMeans) {
  Sample s = affected_sample();
  s.facts.latest_dump->end_seen = false;
  EXPECT_TRUE(has(render_grants_text(s.report(), {}),
                  "in a damaged dump, Xen time 20.138600 s; grants that are not in it may exist"));
}

TEST(GrantsText, ShowsAnswersOnlyWhereAsked) {
  Sample s = affected_sample();
  EXPECT_FALSE(has(render_grants_text(s.report(), {}), "not asked"));
  s.facts.granted_now = {{Frame{0x97f75}, GrantedNow::Answer::granted_or_own, true, "cache_flush"}};
  const std::string text = render_grants_text(s.report(), {});
  EXPECT_TRUE(has(text, "mapped now"));
  EXPECT_TRUE(has(text, "not asked"));
}

}  // namespace
}  // namespace xic::testing
