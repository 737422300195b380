#include <gtest/gtest.h>

#include <string>

#include "core/observer.h"
#include "host/capture/manifest.h"
#include "host/capture/observations.h"
#include "host/capture/record.h"

namespace xic {
namespace {

Facts facts_of(std::string_view text) {
  Observer observer;
  observer.set_mode(InputMode::capture, false);
  const Observations read = read_observations(text, "observations.ndjson");
  for (const Observation& observation : read.found) tell(observation, &observer);
  for (const Limit& limit : read.limits) observer.add_limit(limit);
  return observer.snapshot();
}

Facts facts_of_manifest(std::string_view text) {
  Observer observer;
  std::vector<Limit> limits;
  const Manifest manifest = read_manifest(text, "manifest.json", &limits);
  for (const Limit& limit : limits) observer.add_limit(limit);
  HostRecord record;
  record.tried = manifest.tried;
  record.root = manifest.root;
  (void)observe(record, InputMode::capture, &observer);
  return observer.snapshot();
}

bool has_limit(const Facts& facts, std::string_view id) {
  for (const Limit& limit : facts.limits) {
    if (limit.id == id) return true;
  }
  return false;
}

TEST(Observations, EveryKind) {
  const Facts facts = facts_of(
      R"({"kind":"sysctl_abi","number":"0x13","source":"libxencall"})"
      "\n"
      R"({"kind":"features","words":"0x20805"})"
      "\r\n\n"
      R"({"kind":"granted_now","frame":"0x97f75","answer":"granted","at_fault":true})"
      "\n"
      R"({"kind":"granted_now","frame":"0x97f76","answer":"not_granted"})"
      "\n"
      R"({"kind":"granted_now","frame":"0x97f77","answer":"free_or_xen"})"
      "\n"
      R"({"kind":"probe","answer":"absent","valid_host":true,"frames":2,"detail":"both"})");
  EXPECT_TRUE(facts.limits.empty());
  ASSERT_TRUE(facts.hypervisor.sysctl_abi);
  EXPECT_EQ(facts.hypervisor.sysctl_abi->value, 0x13U);
  EXPECT_EQ(facts.hypervisor.sysctl_abi->source, "libxencall");
  ASSERT_TRUE(facts.hypervisor.features);
  EXPECT_EQ(facts.hypervisor.features->value, 0x20805U);
  EXPECT_EQ(facts.hypervisor.features->source, "observations.ndjson");
  ASSERT_EQ(facts.granted_now.size(), 3U);
  EXPECT_EQ(facts.granted_now[0].frame, Frame{0x97f75});
  EXPECT_TRUE(facts.granted_now[0].at_fault);
  EXPECT_EQ(facts.granted_now[0].answer, GrantedNow::Answer::granted_or_own);
  EXPECT_EQ(facts.granted_now[1].answer, GrantedNow::Answer::not_granted);
  EXPECT_EQ(facts.granted_now[2].answer, GrantedNow::Answer::free_or_xen);
  ASSERT_TRUE(facts.probe);
  EXPECT_EQ(facts.probe->answer, ProbeResult::Answer::absent);
  EXPECT_TRUE(facts.probe->valid_host);
  EXPECT_EQ(facts.probe->frames, 2U);
  EXPECT_EQ(facts.probe->detail, "both");
}

TEST(Observations, EveryAnswerOfTheProbe) {
  for (const auto& [text, answer] : {std::pair{"present", ProbeResult::Answer::present},
                                     {"absent", ProbeResult::Answer::absent},
                                     {"mixed", ProbeResult::Answer::mixed},
                                     {"not_possible", ProbeResult::Answer::not_possible}}) {
    const Facts facts = facts_of(R"({"kind":"probe","answer":")" + std::string(text) + R"("})");
    ASSERT_TRUE(facts.probe) << text;
    EXPECT_EQ(facts.probe->answer, answer) << text;
    EXPECT_FALSE(facts.probe->valid_host) << text;
  }
}

TEST(Observations, GrantRecordsAreWholeOrNotThere) {
  const auto read = [](const std::string& rest) {
    return read_observations(R"({"kind":"grant_records","text":"t","read_at_ns":"0x9",)"
                             R"("missed":"0x1","drift_ppm":"0x2")" +
                                 rest + "}",
                             "test");
  };
  const Observations whole = read(
      R"(,"dump":{"first_line_ns":"0x1","last_line_ns":"0x2","begin_ns":"0x3","end_ns":"0x4"})");
  ASSERT_EQ(whole.found.size(), 1U);
  const auto& records = std::get<GrantRecords>(whole.found[0]);
  EXPECT_EQ(records.text, "t");
  EXPECT_EQ(records.read_at_ns, 9U);
  EXPECT_EQ(records.missed, 1U);
  EXPECT_EQ(records.drift_ppm, 2U);
  ASSERT_TRUE(records.dump);
  EXPECT_EQ(records.dump->last_line_ns, 2U);
  EXPECT_EQ(records.dump->printed.end, 4U);
  EXPECT_EQ(read("").found.size(), 1U);
  for (
      const char* const bad :
      {R"(,"dump":7)", R"(,"dump":{})",
       R"(,"dump":{"first_line_ns":"0x3","last_line_ns":"0x2","begin_ns":"0x3","end_ns":"0x4"})",
       R"(,"dump":{"first_line_ns":"0x1","last_line_ns":"0x2","begin_ns":"0x5","end_ns":"0x4"})"}) {
    EXPECT_TRUE(read(bad).found.empty()) << bad;
    EXPECT_EQ(read(bad).limits.size(), 1U) << bad;
  }
}

TEST(Observations, StepsOfAProbeThatCannotBeReadAreLeftOut) {
  const Facts facts = facts_of(
      R"({"kind":"probe","answer":"absent","steps":[7,{"step":"loaded"},{"step":"loaded",)"
      R"("outcome":"absent","frame":"0x97f75","domain":"0x1","ref":"0x0"},{"step":"loaded",)"
      R"("outcome":"absent","frame":"0x97f75","domain":"0x7ff0","ref":"0x0"}],)"
      R"("refusals":{"id":"x"},"weaker_signs":[1,"two"]})");
  ASSERT_TRUE(facts.probe);
  ASSERT_EQ(facts.probe->steps.size(), 1U);
  EXPECT_EQ(facts.probe->steps[0].frame, Frame{0x97f75});
  EXPECT_TRUE(facts.probe->refusals.empty());
  EXPECT_EQ(facts.probe->weaker_signs, std::vector<std::string>{"two"});
}

TEST(Observations, KindsOfALaterVersionAreIgnored) {
  EXPECT_TRUE(facts_of(R"({"kind":"weather","answer":"rain"})").limits.empty());
}

TEST(Observations, LinesThatCannotBeReadAreALimitAndSpoilNothing) {
  const std::string good = R"({"kind":"features","words":"0x1"})";
  for (const std::string& bad :
       {std::string("{"),
        std::string("[]"),
        std::string("null"),
        std::string("\"kind\""),
        std::string(R"({"number":"0x13"})"),
        std::string(R"({"kind":7})"),
        std::string(R"({"kind":"sysctl_abi"})"),
        std::string(R"({"kind":"sysctl_abi","number":"13"})"),
        std::string(R"({"kind":"sysctl_abi","number":-1})"),
        std::string(R"({"kind":"sysctl_abi","number":1.5})"),
        std::string(R"({"kind":"sysctl_abi","number":"0x100000000"})"),
        std::string(R"({"kind":"sysctl_abi","number":"0x"})"),
        std::string(R"({"kind":"sysctl_abi","number":"0x12 "})"),
        std::string(R"({"kind":"features","words":{}})"),
        std::string(R"({"kind":"granted_now","frame":"0x97f75"})"),
        std::string(R"({"kind":"granted_now","frame":"0x97f75","answer":"perhaps"})"),
        std::string(R"({"kind":"granted_now","frame":"0xffffffffffffffff","answer":"granted"})"),
        std::string(R"({"kind":"probe"})"),
        std::string(R"({"kind":"probe","answer":"maybe"})"),
        "{\"kind\":\"x\",\"a\":" + std::string(100, '[') + std::string(100, ']') + "}",
        "{\"kind\":\"x\",\"a\":\"" + std::string(70000, 'a') + "\"}",
        std::string("{\"kind\":\"\xff\xfe\"}"),
        std::string("\0\0\0", 3)}) {
    const Facts facts = facts_of(bad + '\n' + good + '\n');
    EXPECT_TRUE(has_limit(facts, "capture_record_damaged")) << bad.substr(0, 80);
    EXPECT_TRUE(facts.hypervisor.features) << bad.substr(0, 80);
    EXPECT_TRUE(facts.granted_now.empty()) << bad.substr(0, 80);
    EXPECT_FALSE(facts.probe) << bad.substr(0, 80);
  }
}

TEST(Observations, BracketsWithinStringsAreNoNesting) {
  EXPECT_TRUE(facts_of(R"({"kind":"probe","answer":"present","detail":"\"[[[[[[[[[[[[[[[[[[[[[["})")
                  .limits.empty());
}

TEST(Observations, AMillionAnswersAreBounded) {
  std::string text;
  for (int i = 0; i < 70000; ++i) {
    text += R"({"kind":"granted_now","frame":"0x1","answer":"granted"})"
            "\n";
  }
  const Facts facts = facts_of(text);
  EXPECT_EQ(facts.granted_now.size(), 65536U);
  EXPECT_TRUE(has_limit(facts, "capture_record_damaged"));
}

TEST(Manifest, TellsRightsAndWhatFailed) {
  const Facts facts = facts_of_manifest(
      R"({"schema":"xen-iommu-check-capture/1","root":true,"tried":[
          {"what":"console ring","ok":true},
          {"what":"xenstore","ok":false,"error":"connection refused"},
          {"what":"no ok at all"}, 7, {"ok":false}]})");
  EXPECT_TRUE(facts.root);
  EXPECT_EQ(facts.mode, InputMode::capture);
  ASSERT_EQ(facts.limits.size(), 2U);
  EXPECT_EQ(facts.limits[0].id, "capture_source_failed");
  EXPECT_EQ(facts.limits[0].detail, "xenstore: connection refused");
  EXPECT_EQ(facts.limits[1].detail, "unnamed: failed");
}

TEST(Manifest, DamagedIsALimit) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string(200, '[')}) {
    EXPECT_TRUE(has_limit(facts_of_manifest(text), "capture_record_damaged")) << text;
  }
  EXPECT_TRUE(facts_of_manifest(R"({"tried":{}})").limits.empty());
}

TEST(Manifest, ManyFailuresAreBounded) {
  std::string text = R"({"tried":[)";
  for (int i = 0; i < 1000; ++i) text += R"({"ok":false},)";
  text += R"({"ok":false}]})";
  EXPECT_EQ(facts_of_manifest(text).limits.size(), 64U);
}

}  // namespace
}  // namespace xic
