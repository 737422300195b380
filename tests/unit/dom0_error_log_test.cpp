#include "core/fault/dom0_error_log.h"

#include <gtest/gtest.h>

namespace xic {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

Fault fault_at(std::uint64_t offset, std::uint64_t xen_ns = 0) {
  Fault fault;
  fault.iommu = "/smmu@fd800000";
  fault.iova = Iova{0x8424cb148};
  fault.offset = offset;
  if (xen_ns != 0) fault.time = {Clock::xen_boot, xen_ns};
  return fault;
}

Dom0Error error_at(std::uint64_t offset, std::uint64_t uptime_ns, std::uint32_t input = 0,
                   const char* message = "DMA bus error: HRESP not OK") {
  Dom0Error error;
  error.driver = "macb";
  error.device = "ff0e0000.ethernet";
  error.message = message;
  error.uptime = {Clock::dom0_uptime, uptime_ns};
  error.at = {input, offset};
  return error;
}

struct Fixture {
  FaultGroups groups;
  Dom0ErrorLog log;
  void fault(const Fault& f) {
    bool is_new = false;
    const auto index = groups.add(f, 0, &is_new);
    log.on_fault(*index, &groups.at(*index));
  }
  void error(const Dom0Error& e) { log.add(e, 0, &groups); }
  std::vector<FaultGroup> joined_groups;
  std::vector<Dom0Error> joined(std::optional<Timestamp> dom0_started = std::nullopt) {
    joined_groups = groups.groups();
    return log.joined(dom0_started, &joined_groups);
  }
};

TEST(Dom0ErrorLog, JoinsTheErrorThatFollowsTheFault) {
  Fixture f;
  f.fault(fault_at(0));
  f.error(error_at(105, 68 * kSecond));
  const auto errors = f.joined();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_TRUE(errors[0].near_fault);
  EXPECT_EQ(f.joined_groups[0].dom0_error, 0U);
}

TEST(Dom0ErrorLog, JoinsTheErrorThatStandsBeforeTheFault) {
  Fixture f;
  f.error(error_at(0, 68 * kSecond));
  f.fault(fault_at(70));
  EXPECT_TRUE(f.joined()[0].near_fault);
}

TEST(Dom0ErrorLog, LeavesAnErrorFarAwayAlone) {
  Fixture f;
  f.fault(fault_at(0));
  f.error(error_at(5000, 68 * kSecond));
  EXPECT_FALSE(f.joined()[0].near_fault);
  EXPECT_FALSE(f.joined_groups[0].dom0_error.has_value());
}

TEST(Dom0ErrorLog, NeighboursInDifferentInputsAreNoNeighbours) {
  Fixture f;
  f.fault(fault_at(0));
  f.error(error_at(10, 68 * kSecond, 1));
  EXPECT_FALSE(f.joined()[0].near_fault);
}

TEST(Dom0ErrorLog, ClocksThatRelateJoinAcrossInputs) {
  Fixture f;
  f.fault(fault_at(0, 20 * kSecond));
  f.error(error_at(90000, 16 * kSecond + kSecond / 2, 1));
  EXPECT_TRUE(f.joined(Timestamp{Clock::xen_boot, 3 * kSecond})[0].near_fault);
}

TEST(Dom0ErrorLog, ClocksThatRelateOverrulePosition) {
  Fixture f;
  f.fault(fault_at(0, 20 * kSecond));
  f.error(error_at(105, 500 * kSecond));
  EXPECT_FALSE(f.joined(Timestamp{Clock::xen_boot, 3 * kSecond})[0].near_fault);
  EXPECT_FALSE(f.joined_groups[0].dom0_error.has_value());
}

TEST(Dom0ErrorLog, FoldsRepetitionsButNotTheSameLineReadAgain) {
  Fixture f;
  f.error(error_at(0, 10 * kSecond));
  f.error(error_at(100, 11 * kSecond));
  f.error(error_at(0, 10 * kSecond, 1));
  f.error(error_at(100, 11 * kSecond, 1));
  f.error(error_at(200, 12 * kSecond, 1));
  const auto errors = f.joined();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].count, 3U);
}

TEST(Dom0ErrorLog, KeepsABoundedNumberOfDifferentErrors) {
  Fixture f;
  for (std::size_t i = 0; i < Dom0ErrorLog::kMaxErrors + 5; ++i) {
    f.error(error_at(i * 5000, i * kSecond, 0, ("error " + std::to_string(i)).c_str()));
  }
  EXPECT_EQ(f.joined().size(), Dom0ErrorLog::kMaxErrors);
  EXPECT_EQ(f.log.dropped(), 5U);
}

}  // namespace
}  // namespace xic
