// Whole outputs, compared with the files in tests/golden. To accept a change:
//     XIC_UPDATE_GOLDEN=1 ctest --test-dir build/debug -R Golden
// and read the diff before it is committed.
#include <gtest/gtest.h>

#include <string>

#include "golden.h"
#include "report_samples.h"

namespace xic::testing {
namespace {

TEST(Golden, AffectedText) {
  const Sample s = affected_sample();
  expect_golden("affected.txt", render_text(s.report(), {}));
}
TEST(Golden, AffectedTextInColour) {
  const Sample s = affected_sample();
  expect_golden("affected.colour.txt", render_text(s.report(), {.color = true}));
}
TEST(Golden, AffectedTextOnANarrowAsciiTerminal) {
  const Sample s = affected_sample();
  expect_golden("affected.narrow.txt", render_text(s.report(), {.ascii = true, .width = 60}));
}
TEST(Golden, AffectedJson) {
  const Sample s = affected_sample();
  expect_golden("affected.json", render_json(s.report()));
}
TEST(Golden, AffectedPrometheus) {
  const Sample s = affected_sample();
  expect_golden("affected.prom", render_prometheus(s.report()));
}
TEST(Golden, AffectedNagios) {
  const Sample s = affected_sample();
  expect_golden("affected.nagios", render_nagios(s.report()));
}
TEST(Golden, AffectedGrantsText) {
  const Sample s = affected_sample();
  expect_golden("grants.txt", render_grants_text(s.report(), {}));
}
TEST(Golden, AffectedGrantsJson) {
  const Sample s = affected_sample();
  expect_golden("grants.json", render_grants_json(s.report()));
}
TEST(Golden, TwoLinesText) {
  const Sample s = two_lines_sample();
  expect_golden("two_lines.txt", render_text(s.report(), {}));
}
TEST(Golden, TwoLinesJson) {
  const Sample s = two_lines_sample();
  expect_golden("two_lines.json", render_json(s.report()));
}
TEST(Golden, TwoLinesExplained) {
  const Sample s = two_lines_sample();
  expect_golden("two_lines.explain.txt", render_explained_faults(s.report(), {}));
}
TEST(Golden, TwoLinesExplainedJson) {
  const Sample s = two_lines_sample();
  expect_golden("two_lines.explain.json", render_explained_json(s.report()));
}
TEST(Golden, HealthyText) {
  const Sample s = healthy_sample();
  expect_golden("healthy.txt", render_text(s.report(), {}));
}
TEST(Golden, HealthyJson) {
  const Sample s = healthy_sample();
  expect_golden("healthy.json", render_json(s.report()));
}
TEST(Golden, HealthyPrometheus) {
  const Sample s = healthy_sample();
  expect_golden("healthy.prom", render_prometheus(s.report()));
}
TEST(Golden, HealthyGrantsWithoutDump) {
  const Sample s = healthy_sample();
  expect_golden("no_dump.grants.txt", render_grants_text(s.report(), {}));
  expect_golden("no_dump.grants.json", render_grants_json(s.report()));
}
TEST(Golden, CrowdedText) {
  const Sample s = crowded_sample();
  expect_golden("crowded.txt", render_text(s.report(), {}));
}
TEST(Golden, CrowdedJson) {
  const Sample s = crowded_sample();
  expect_golden("crowded.json", render_json(s.report()));
}
TEST(Golden, CrowdedPrometheus) {
  const Sample s = crowded_sample();
  expect_golden("crowded.prom", render_prometheus(s.report()));
}
TEST(Golden, CrowdedNagios) {
  const Sample s = crowded_sample();
  expect_golden("crowded.nagios", render_nagios(s.report()));
}
TEST(Golden, CrowdedExplained) {
  const Sample s = crowded_sample();
  expect_golden("crowded.explain.txt", render_explained_faults(s.report(), {}));
}
TEST(Golden, HostileText) {
  const Sample s = hostile_sample();
  expect_golden("hostile.txt", render_text(s.report(), {}));
}
TEST(Golden, HostileJson) {
  const Sample s = hostile_sample();
  expect_golden("hostile.json", render_json(s.report()));
}
TEST(Golden, HostilePrometheus) {
  const Sample s = hostile_sample();
  expect_golden("hostile.prom", render_prometheus(s.report()));
}
TEST(Golden, HostileNagios) {
  const Sample s = hostile_sample();
  expect_golden("hostile.nagios", render_nagios(s.report()));
}
TEST(Golden, HostileGrantsText) {
  const Sample s = hostile_sample();
  expect_golden("hostile.grants.txt", render_grants_text(s.report(), {}));
}
TEST(Golden, CauseText) {
  expect_golden("cause.txt", render_cause(kSampleCauses[0], {.width = 72}));
}
TEST(Golden, CauseJson) {
  const Sample s = healthy_sample();
  expect_golden("cause.json", render_cause_json(s.report(), kSampleCauses[0]));
}

}  // namespace
}  // namespace xic::testing
