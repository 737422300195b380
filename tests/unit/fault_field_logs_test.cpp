// The faults of real logs, where $XIC_FIELD_DIR names them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "fault_test_support.h"

namespace xic {
namespace {

using Json = nlohmann::json;
using test::Harness;
using test::OwnedFault;

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Numbers are decimal, or hex texts.
std::uint64_t number(const Json& value) {
  return value.is_string() ? std::stoull(value.get<std::string>(), nullptr, 0)
                           : value.get<std::uint64_t>();
}

FaultKind kind_of(const std::string& name) {
  if (name == "smmuv2_context_fault") return FaultKind::smmuv2_context;
  if (name == "smmuv2_global_fault") return FaultKind::smmuv2_global;
  if (name == "smmuv3_event") return FaultKind::smmuv3_event;
  if (name == "ipmmu_fault") return FaultKind::ipmmu;
  if (name == "vtd_dma_fault") return FaultKind::vtd;
  return FaultKind::amdvi;
}

std::string_view name_of(Access access) {
  switch (access) {
    case Access::read:
      return "read";
    case Access::write:
      return "write";
    case Access::instruction:
      return "instruction";
    case Access::unknown:
      break;
  }
  return "unknown";
}

/// Every statement that `want` makes about one fault.
void compare(const Json& want, const OwnedFault& got) {
  EXPECT_EQ(got.fault.kind, kind_of(want["kind"]));
  const auto text = [&](const char* key, const std::string& value) {
    if (want.contains(key) && want[key].is_string()) {
      EXPECT_EQ(want[key], value) << key;
    }
  };
  text("node", got.iommu);
  if (got.iommu.empty()) {
    text("device", got.device);
  } else {
    text("device", got.iommu);
  }
  text("reason", got.reason);
  text("access", std::string(name_of(got.fault.access)));
  if (want.contains("iova") && !want["iova"].is_null()) {
    EXPECT_EQ(got.fault.iova, Iova{number(want["iova"])});
  } else if (want.contains("iova")) {
    EXPECT_FALSE(got.fault.iova);
  }
  for (const char* name :
       {"fsr", "fsynr", "gfsr", "gfsynr0", "gfsynr1", "gfsynr2", "cbfrsynra", "status"}) {
    if (want.contains(name)) {
      EXPECT_EQ(got.fault.registers.get(name), number(want[name])) << name;
    }
  }
  if (want.contains("event_id")) {
    EXPECT_EQ(got.fault.registers.get("event"), number(want["event_id"]));
  }
  if (want.contains("cb")) {
    EXPECT_EQ(got.fault.cb, number(want["cb"]));
  }
  if (want.contains("stream_id") && !want["stream_id"].is_null()) {
    EXPECT_EQ(got.fault.stream_id, number(want["stream_id"]));
  }
  if (want.contains("domain") && want["domain"].is_number()) {
    EXPECT_EQ(got.fault.domain, DomId{want["domain"].get<std::uint16_t>()});
  }
}

void check_faults(const Json& expected, const std::vector<OwnedFault>& found) {
  std::vector<Json> wanted;
  for (const Json& fault : expected.value("faults", Json::array())) {
    if (!fault.contains("iova_list")) wanted.push_back(fault);
    for (const Json& iova : fault.value("iova_list", Json::array())) {
      wanted.push_back(fault);
      wanted.back()["iova"] = iova;
    }
  }
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) compare(wanted[i], found[i]);
}

void check_foreign(const Json& expected, const std::vector<OwnedFault>& found) {
  if (!expected.contains("foreign_faults")) {
    EXPECT_TRUE(found.empty());
    return;
  }
  const Json& want = expected["foreign_faults"];
  ASSERT_EQ(found.size(), want["count"].get<std::size_t>());
  compare(want, found[0]);
  std::set<std::uint64_t> streams;
  std::vector<std::uint64_t> addresses;
  for (const OwnedFault& fault : found) {
    EXPECT_EQ(fault.fault.kind, kind_of(want["kind"]));
    if (fault.fault.stream_id) streams.insert(*fault.fault.stream_id);
    if (fault.fault.iova) addresses.push_back(fault.fault.iova->value());
  }
  for (const Json& id : want.value("stream_ids", Json::array())) {
    EXPECT_TRUE(streams.contains(number(id))) << id;
  }
  std::vector<std::uint64_t> wanted;
  for (const Json& iova : want.value("iovas", Json::array())) wanted.push_back(number(iova));
  if (!wanted.empty()) {
    EXPECT_EQ(addresses, wanted);
  }
}

void check_dom0_errors(const Json& expected, const std::vector<Dom0Error>& found) {
  const Json wanted = expected.value("dom0_dma_errors", Json::array());
  ASSERT_EQ(found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].driver, wanted[i]["driver"]);
    EXPECT_EQ(found[i].message, wanted[i]["message"]);
    if (wanted[i].contains("device")) {
      EXPECT_EQ(found[i].device, wanted[i]["device"]);
    }
    if (wanted[i].contains("netdev")) {
      EXPECT_EQ(found[i].netdev, wanted[i]["netdev"]);
    }
    if (wanted[i].contains("uptime_s")) {
      EXPECT_NEAR(static_cast<double>(found[i].uptime.value) / 1e9,
                  wanted[i]["uptime_s"].get<double>(), 1e-6);
    }
  }
}

std::size_t count(const std::vector<HypervisorEvent>& events, HypervisorEvent::Kind kind) {
  std::size_t n = 0;
  for (const HypervisorEvent& event : events) n += event.kind == kind ? 1 : 0;
  return n;
}

void check_events(const Json& expected, const std::vector<HypervisorEvent>& events) {
  using Kind = HypervisorEvent::Kind;
  for (const Json& error : expected.value("iommu_errors", Json::array())) {
    const Kind kind =
        error["kind"] == "deassign_failed" ? Kind::deassign_failed : Kind::cmd_sync_timeout;
    EXPECT_EQ(count(events, kind), error.value("count", 1U));
    for (const HypervisorEvent& event : events) {
      if (event.kind != kind) continue;
      if (error.contains("node")) {
        EXPECT_EQ(event.iommu, error["node"]);
      }
      if (error.contains("device")) {
        EXPECT_EQ(event.device, error["device"]);
      }
      if (error.contains("domain")) {
        EXPECT_EQ(event.domain, DomId{error["domain"].get<std::uint16_t>()});
      }
      if (error.contains("xen_time_s")) {
        EXPECT_NEAR(static_cast<double>(event.time.value) / 1e9, error["xen_time_s"].get<double>(),
                    1e-6);
      }
    }
  }
  for (const Json& assignment : expected.value("assignments", Json::array())) {
    ASSERT_EQ(count(events, Kind::assigned), 1U);
    for (const HypervisorEvent& event : events) {
      if (event.kind != Kind::assigned) continue;
      EXPECT_EQ(event.iommu, assignment["smmu_node"]);
      EXPECT_EQ(event.domain, DomId{assignment["domain"].get<std::uint16_t>()});
    }
  }
  const bool crash = expected.contains("crash") || expected.contains("panic");
  EXPECT_EQ(count(events, Kind::hypervisor_crash) != 0, crash);
  if (!expected.contains("crash")) return;
  for (const char* part : {"pc_symbol", "where", "function"}) {
    if (!expected["crash"].contains(part)) continue;
    const std::string wanted = expected["crash"][part];
    bool said = false;
    for (const HypervisorEvent& event : events) {
      said = said || event.message.find(wanted) != std::string::npos;
    }
    EXPECT_TRUE(said) << wanted;
  }
}

std::string with_crlf(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' && !out.ends_with('\r')) out += '\r';
    out += c;
  }
  return out;
}

std::string quoted(const std::string& text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start) out += "> ";
    at_start = c == '\n';
    out += c;
  }
  return out;
}

TEST(FaultFieldLogs, EveryLogGivesWhatItHolds) {
  const char* const folder = std::getenv("XIC_FIELD_DIR");
  if (folder == nullptr) GTEST_SKIP() << "XIC_FIELD_DIR names no folder of real logs";
  std::size_t logs = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(folder) / "logs")) {
    if (entry.path().extension() != ".log") continue;
    auto record = entry.path();
    const Json expected = Json::parse(contents(record.replace_extension(".json")))["expected"];
    const std::string text = contents(entry.path());
    ++logs;
    for (const std::string& form : {text, with_crlf(text), quoted(text)}) {
      SCOPED_TRACE(entry.path().stem().string());
      Harness h;
      h.read(form);
      std::vector<OwnedFault> xen;
      std::vector<OwnedFault> foreign;
      for (const OwnedFault& fault : h.sink.faults) {
        (fault.fault.origin == FaultOrigin::xen ? xen : foreign).push_back(fault);
      }
      check_faults(expected, xen);
      check_foreign(expected, foreign);
      check_dom0_errors(expected, h.sink.dom0_errors);
      check_events(expected, h.sink.events);
      EXPECT_EQ(h.parser.damaged_lines(), 0U);
    }
  }
  EXPECT_GT(logs, 0U);
}

TEST(FaultFieldLogs, RecordingsOfRealHypervisors) {
  const char* const folder = std::getenv("XIC_CAPTURES_DIR");
  if (folder == nullptr) GTEST_SKIP() << "XIC_CAPTURES_DIR names no folder of recordings";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_directory()) continue;
    std::size_t faults = 0;
    for (const auto& file : std::filesystem::directory_iterator(entry.path())) {
      if (!file.path().filename().string().starts_with("xl-dmesg")) continue;
      Harness h;
      h.read(contents(file.path()));
      faults += h.sink.count(FaultOrigin::xen);
      EXPECT_EQ(h.sink.count(FaultOrigin::linux_kernel), 0U);
      EXPECT_EQ(h.parser.damaged_lines(), 0U);
    }
    const std::string name = entry.path().filename().string();
    std::size_t wanted = 0;
    if (name == "xen-4.14.1-smmu") wanted = 1;
    if (name == "xen-4.17-smmu-injected-faults") wanted = 4;
    if (name == "xen-4.17-entry-missing-faults") wanted = 5;
    if (name == "xen-4.14.6-entry-missing-faults") wanted = 8;
    EXPECT_EQ(faults, wanted) << name;
  }
}

}  // namespace
}  // namespace xic
