#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "report/names.h"
#include "report_samples.h"

namespace xic::testing {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

json parsed(const std::string& text) {
  return json::parse(text);
}

TEST(JsonReport, IsAsciiAndEndsWithANewline) {
  for (const Sample& s : {affected_sample(), hostile_sample(), crowded_sample()}) {
    for (const std::string& text : {render_json(s.report()), render_grants_json(s.report()),
                                    render_explained_json(s.report())}) {
      EXPECT_TRUE(text.ends_with("}\n"));
      EXPECT_TRUE(std::all_of(text.begin(), text.end(),
                              [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7f); }));
      EXPECT_TRUE(json::accept(text));
    }
  }
}

TEST(JsonReport, WritesAddressesFramesAndRefsInHex) {
  const Sample s = affected_sample();
  const json fault = parsed(render_json(s.report()))["faults"][0];
  EXPECT_EQ(fault["iova"], "0x97f75148");
  EXPECT_EQ(fault["frame"], "0x97f75");
  EXPECT_EQ(fault["attribution"]["ref"], "0x208");
  EXPECT_EQ(fault["registers"], (json{{"fsr", "0x402"}, {"fsynr", "0xb0001"}}));
  EXPECT_EQ(fault["first"], (json{{"clock", "xen"}, {"value", "20.521487"}}));
  EXPECT_EQ(fault["attribution"]["granter"], (json{{"domid", 1}, {"name", "rigdomu"}}));
}

TEST(JsonReport, ParsesAnAddressAbove53Bits) {
  Sample s = healthy_sample();
  s.add(context_fault("/smmu", 0xffffffffffffffff, Access::read), {});
  const json fault = parsed(render_json(s.report()))["faults"][0];
  EXPECT_EQ(fault["iova"], "0xffffffffffffffff");
  EXPECT_EQ(fault["frame"], "0xfffffffffffff");
}

TEST(JsonReport, KeepsThePrintedWidthOfRegisters) {
  const Sample s = crowded_sample();
  const json faults = parsed(render_json(s.report()))["faults"];
  EXPECT_EQ(faults[2]["registers"]["gfsynr1"], "0x00000014");
  EXPECT_EQ(faults[2]["registers"]["gfsr"], "0x80000002");
  EXPECT_EQ(faults[3]["registers"]["evt0"], "0x0000010000000010");
}

// Absent: does not apply. Null: applies, and is not known.
TEST(JsonReport, TellsAbsentFromUnknown) {
  const Sample s = crowded_sample();
  const json faults = parsed(render_json(s.report()))["faults"];
  const json& context = faults[0];
  EXPECT_TRUE(context["first"].is_null());
  EXPECT_FALSE(context.contains("stream_id"));
  EXPECT_FALSE(context.contains("domain"));
  EXPECT_TRUE(context["attribution"]["ref"].is_null());
  const json& global = faults[2];
  EXPECT_FALSE(global.contains("iova"));
  EXPECT_FALSE(global.contains("cb"));
  EXPECT_EQ(global["stream_id"], "0x14");
  EXPECT_TRUE(global["privileged"].is_null());
  const json& gerror = faults[4];
  EXPECT_FALSE(gerror.contains("access"));
  const json& ipmmu = faults[5];
  EXPECT_EQ(ipmmu["domain"], 0);
  EXPECT_FALSE(ipmmu.contains("access"));
  const json& amd = faults[7];
  EXPECT_TRUE(amd["iova"].is_null());
  EXPECT_TRUE(amd["frame"].is_null());
  EXPECT_FALSE(amd.contains("iommu"));
}

TEST(JsonReport, KeepsLinuxFaultsApart) {
  const Sample s = crowded_sample();
  const json report = parsed(render_json(s.report()));
  ASSERT_EQ(report["foreign_faults"].size(), 1U);
  EXPECT_EQ(report["foreign_faults"][0]["origin"], "linux");
  EXPECT_FALSE(report["foreign_faults"][0].contains("attribution"));
  for (const json& fault : report["faults"]) EXPECT_EQ(fault["origin"], "xen");
}

TEST(JsonReport, ProbeAndRootAreAbsentWhereTheyDoNotApply) {
  const json log = parsed(render_json(two_lines_sample().report()));
  EXPECT_FALSE(log.contains("probe"));
  EXPECT_FALSE(log["input"].contains("root"));
  EXPECT_FALSE(log["hypervisor"].contains("sysctl_abi"));
  EXPECT_TRUE(log["hypervisor"]["version"].is_null());
  const json live = parsed(render_json(crowded_sample().report()));
  EXPECT_EQ(live["probe"]["answer"], "not_possible");
  EXPECT_EQ(live["input"]["root"], false);
  EXPECT_TRUE(live["hypervisor"]["sysctl_abi"].is_null());
}

TEST(JsonReport, NamesTheStrongestSourceOfTheIommuState) {
  const json report = parsed(render_json(affected_sample().report()));
  EXPECT_EQ(report["hypervisor"]["iommu"]["source"], "boot log: I/O virtualisation enabled");
}

TEST(JsonReport, ChangesetIsTheHashTheHypervisorNames) {
  Sample s = healthy_sample();
  const auto changeset = [&] { return parsed(render_json(s.report()))["hypervisor"]["changeset"]; };
  EXPECT_TRUE(changeset().is_null());
  s.facts.hypervisor.changeset_text = Sourced<std::string>{"unavailable", "xl info"};
  EXPECT_TRUE(changeset().is_null());
  s.facts.hypervisor.changeset_text->value = "local build";
  EXPECT_EQ(changeset(), "local build");
  Commit package{"1d1d1f5391", false, Commit::Origin::distribution};
  Commit own{"ad844aa352", true, Commit::Origin::changeset};
  s.facts.hypervisor.commits = {{package, "banner"}, {own, "banner"}};
  EXPECT_EQ(changeset(), "ad844aa352-dirty");
}

TEST(JsonReport, CutsEndlessRawLines) {
  const Sample s = hostile_sample();
  const json fault = parsed(render_json(s.report()))["faults"][0];
  const std::string cut = fault["raw"][1];
  EXPECT_TRUE(cut.ends_with("... (97952 bytes cut)")) << cut.substr(cut.size() - 40);
}

TEST(JsonReport, FieldsAreInTheOrderOfTheSchema) {
  const ordered_json report = ordered_json::parse(render_json(crowded_sample().report()));
  const std::vector<std::string> expected{
      "schema",   "tool",    "generated_at",   "input",       "verdict",           "hypervisor",
      "evidence", "faults",  "foreign_faults", "dom0_errors", "hypervisor_events", "probe",
      "limits",   "actions", "exit_code"};
  std::vector<std::string> found;
  for (const auto& [key, value] : report.items()) found.push_back(key);
  EXPECT_EQ(found, expected);
}

TEST(GrantsJson, NamesRolesAndAnswers) {
  Sample s = affected_sample();
  s.facts.granted_now = {{Frame{0x97f75}, GrantedNow::Answer::granted_or_own, true, "cache_flush"},
                         {Frame{0x97f66}, GrantedNow::Answer::not_granted, false, "cache_flush"}};
  const json report = parsed(render_grants_json(s.report()));
  ASSERT_EQ(report["grants"].size(), 5U);
  EXPECT_EQ(report["grants"][0]["role"], "console");
  EXPECT_EQ(report["grants"][1]["role"], "xenstore");
  const json& tx = report["grants"][2];
  EXPECT_EQ(tx["ref"], "0x208");
  EXPECT_EQ(tx["frame"], "0x97f75");
  EXPECT_EQ(tx["granter"]["name"], "rigdomu");
  EXPECT_EQ(tx["backend"], "vif1.0");
  EXPECT_EQ(tx["role"], "vif_tx");
  EXPECT_EQ(tx["state"], "mapped_now");
  EXPECT_EQ(tx["pin"], "0x00000001");
  EXPECT_EQ(tx["writable"], true);
  EXPECT_EQ(report["grants"][3]["state"], "not_mapped_now");
  const json& data = report["grants"][4];
  EXPECT_TRUE(data["role"].is_null());
  EXPECT_EQ(data["writable"], false);
  EXPECT_EQ(data["state"], "not_asked");
  EXPECT_EQ(report["backends"][0]["name"], "vif1.0");
  EXPECT_EQ(report["dump"]["complete"], true);
}

TEST(GrantsJson, OtherDomainsRefsAreNotConfused) {
  Sample s = affected_sample();
  s.facts.latest_dump->grants = {{Frame{1}, GrantRef{0x208}, DomId{2}, kDom0, 1, 0},
                                 {Frame{2}, GrantRef{0x208}, DomId{1}, DomId{3}, 1, 0}};
  const json report = parsed(render_grants_json(s.report()));
  EXPECT_TRUE(report["grants"][1]["backend"].is_null());  // served by d0, mapped by d3
  EXPECT_TRUE(report["grants"][0]["backend"].is_null());
  EXPECT_TRUE(report["grants"][0]["granter"]["name"].is_null());
}

// ---- the schema's enumerations ----------------------------------------------------------------

std::string schema_path() {
  return "docs/schema/report-1.schema.json";
}

ordered_json ids(std::span<const Entry> entries) {
  ordered_json out = ordered_json::array();
  for (const Entry& entry : entries) out.push_back(entry.id);
  return out;
}

TEST(Schema, ListsTheIdsOfTheKnowledge) {
  const Knowledge& knowledge = built_in_knowledge();
  std::ifstream file(schema_path());
  const ordered_json schema = ordered_json::parse(file);
  EXPECT_EQ(schema["$defs"]["cause_id"]["enum"].dump(), ids(knowledge.causes).dump());
  EXPECT_EQ(schema["$defs"]["limit_id"]["enum"].dump(), ids(knowledge.limits).dump());
  EXPECT_EQ(schema["$defs"]["action_id"]["enum"].dump(), ids(knowledge.actions).dump());
  EXPECT_EQ(schema["$defs"]["evidence_kind"]["enum"].dump(), ids(knowledge.evidence_kinds).dump());
}

template <class Enum, class Last>
ordered_json tokens(Last last) {
  std::set<std::string> names;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    names.emplace(render::token(static_cast<Enum>(i)));
  }
  return ordered_json(names);
}

ordered_json sorted(const ordered_json& list) {
  std::set<std::string> names;
  for (const auto& item : list) {
    if (item.is_string()) names.insert(item);
  }
  return ordered_json(names);
}

TEST(Schema, ListsTheTokensOfTheEnumerations) {
  std::ifstream file(schema_path());
  const ordered_json defs = ordered_json::parse(file)["$defs"];
  const ordered_json& fault = defs["fault"]["properties"];
  EXPECT_EQ(sorted(fault["kind"]["enum"]), tokens<FaultKind>(FaultKind::amdvi));
  EXPECT_EQ(sorted(fault["origin"]["enum"]), tokens<FaultOrigin>(FaultOrigin::linux_kernel));
  EXPECT_EQ(sorted(fault["access"]["enum"]), tokens<Access>(Access::instruction));
  EXPECT_EQ(sorted(fault["address"]["properties"]["class"]["enum"]),
            tokens<AddressClass>(AddressClass::unknown));
  EXPECT_EQ(sorted(fault["attribution"]["properties"]["state"]["enum"]),
            tokens<Attribution::State>(Attribution::State::exact));
  EXPECT_EQ(sorted(defs["input"]["properties"]["mode"]["enum"]),
            tokens<InputMode>(InputMode::image));
  EXPECT_EQ(sorted(defs["hypervisor_event"]["properties"]["kind"]["enum"]),
            tokens<HypervisorEvent::Kind>(HypervisorEvent::Kind::self_grant));
  EXPECT_EQ(sorted(defs["probe"]["properties"]["answer"]["enum"]),
            tokens<ProbeResult::Answer>(ProbeResult::Answer::not_possible));
  EXPECT_EQ(sorted(defs["grant"]["properties"]["role"]["enum"]), tokens<RingRole>(RingRole::other));
  EXPECT_EQ(sorted(defs["hypervisor"]["properties"]["arch"]["enum"]), tokens<Arch>(Arch::x86));
}

}  // namespace
}  // namespace xic::testing
