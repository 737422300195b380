// Real logs with what they are known to say: $XIC_FIELD_DIR/logs/*.log and *.json.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "core/observer.h"

namespace xic {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Facts facts_of(const fs::path& log) {
  Observer observer;
  observer.begin_input({.name = log.filename().string()});
  observer.feed(contents(log));
  observer.end_input();
  return observer.snapshot();
}

std::uint64_t number(const Json& text) {
  return std::stoull(text.get<std::string>(), nullptr, 0);
}

bool holds(const std::vector<AddressRange>& ranges, const Json& expected) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const AddressRange& range) {
    return range.begin == number(expected.at(0)) && range.end == number(expected.at(1));
  });
}

void check_dom0(const Facts& facts, const Json& dom0) {
  if (dom0.contains("direct_mapped")) {
    EXPECT_EQ(facts.hypervisor.direct_mapped(), dom0["direct_mapped"].get<bool>());
  }
  if (dom0.contains("banks")) {
    EXPECT_EQ(facts.memory.dom0_banks.size(), dom0["banks"].size());
    for (const Json& bank : dom0["banks"])
      EXPECT_TRUE(holds(facts.memory.dom0_banks, bank)) << bank;
  }
  if (dom0.contains("grant_table_range")) {
    EXPECT_TRUE(holds(facts.memory.reserved, dom0["grant_table_range"]));
  }
}

void check_xl_info(const Facts& facts, const Json& info) {
  const Hypervisor& h = facts.hypervisor;
  ASSERT_TRUE(h.version.has_value());
  EXPECT_EQ(h.version->value.text(), info.at("xen_version"));
  if (info.contains("iommu")) {
    EXPECT_EQ(h.iommu_enabled(), info["iommu"].get<bool>());
  }
  if (info.contains("changeset")) {
    ASSERT_EQ(h.commits.size(), 1U);
    const Commit& commit = h.commits[0].value;
    EXPECT_EQ("git:" + commit.hash + (commit.dirty ? "-dirty" : ""), info["changeset"]);
  }
}

TEST(FieldLogs, SayWhatTheyAreKnownToSay) {
  const char* folder = std::getenv("XIC_FIELD_DIR");
  if (folder == nullptr) GTEST_SKIP() << "XIC_FIELD_DIR names no folder of logs";
  std::size_t checked = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(folder) / "logs")) {
    if (entry.path().extension() != ".json") continue;
    const Json expected = Json::parse(contents(entry.path())).at("expected");
    SCOPED_TRACE(entry.path().stem().string());
    const Facts facts = facts_of(fs::path(entry.path()).replace_extension(".log"));
    const Hypervisor& h = facts.hypervisor;
    if (expected.contains("banner")) {
      ++checked;
      ASSERT_TRUE(h.version.has_value());
      EXPECT_EQ(h.version->value.text(), expected["banner"].at("version"));
    }
    if (expected.contains("iommu") && expected["iommu"].contains("enabled")) {
      ++checked;
      EXPECT_EQ(h.iommu_enabled(), expected["iommu"]["enabled"].get<bool>());
    }
    if (expected.contains("dom0")) {
      ++checked;
      check_dom0(facts, expected["dom0"]);
    }
    if (expected.contains("xl_info")) {
      ++checked;
      check_xl_info(facts, expected["xl_info"]);
    }
    if (expected.contains("xen_command_line")) {
      ++checked;
      ASSERT_TRUE(h.command_line.has_value());
      for (const auto& [name, value] : expected["xen_command_line"].items()) {
        EXPECT_NE(h.command_line->value.find(name + "=" + value.get<std::string>()),
                  std::string::npos)
            << name;
      }
    }
  }
  EXPECT_GT(checked, 15U);
}

}  // namespace
}  // namespace xic
