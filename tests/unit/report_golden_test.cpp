// Whole outputs, compared with the files in tests/golden. To accept a change:
//     XIC_UPDATE_GOLDEN=1 ctest --test-dir build/debug -R Golden
// and read the diff before it is committed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "report_samples.h"

namespace xic::testing {
namespace {

std::string path_of(const std::string& name) {
  return "tests/golden/" + name;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// Lines that differ, as a unified diff of one hunk would show them.
std::string diff(const std::string& expected, const std::string& actual) {
  const std::vector<std::string> a = lines_of(expected);
  const std::vector<std::string> b = lines_of(actual);
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail + head < a.size() && tail + head < b.size() &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  std::string out = "@@ line " + std::to_string(head + 1) + " @@\n";
  for (std::size_t i = head; i + tail < a.size(); ++i) out += "-" + a[i] + "\n";
  for (std::size_t i = head; i + tail < b.size(); ++i) out += "+" + b[i] + "\n";
  if (head == a.size() && head == b.size()) out += "(they differ in line ends only)\n";
  return out;
}

void expect_golden(const std::string& name, const std::string& actual) {
  if (std::getenv("XIC_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path_of(name), std::ios::binary) << actual;
    return;
  }
  std::ifstream file(path_of(name), std::ios::binary);
  ASSERT_TRUE(file) << name << " is missing; XIC_UPDATE_GOLDEN=1 writes it";
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(expected == actual) << name << " differs:\n" << diff(expected, actual);
}

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
