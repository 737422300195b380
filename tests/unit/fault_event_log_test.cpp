#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "core/fault/event_log.h"

namespace xic {
namespace {

SeenEvent event(HypervisorEvent::Kind kind, std::string_view message,
                std::optional<DomId> domain = std::nullopt) {
  SeenEvent e;
  e.kind = kind;
  e.message = message;
  e.domain = domain;
  return e;
}
using Kind = HypervisorEvent::Kind;

TEST(EventLog, FoldsEqualMessagesOfOneBoot) {
  EventLog log;
  log.add(event(Kind::cmd_sync_timeout, "CMD_SYNC timeout"), 0);
  log.add(event(Kind::cmd_sync_timeout, "CMD_SYNC timeout"), 0);
  log.add(event(Kind::cmd_sync_timeout, "CMD_SYNC timeout"), 1);
  ASSERT_EQ(log.events().size(), 2U);
  EXPECT_EQ(log.events()[0].count, 2U);
  EXPECT_EQ(log.events()[1].boot, 1U);
}

TEST(EventLog, AddsUpWhatWasSuppressed) {
  EventLog log;
  SeenEvent suppressed = event(Kind::suppressed, "messages suppressed");
  suppressed.number = 18;
  log.add(suppressed, 0);
  log.add(suppressed, 0);
  EXPECT_EQ(log.events().at(0).number, 36U);
}

TEST(EventLog, KeepsDifferentThingsApart) {
  EventLog log;
  SeenEvent first = event(Kind::deassign_failed, "m");
  SeenEvent second = first;
  second.device = "0000:03:00.0";
  SeenEvent third = first;
  third.iommu = "/smmu@1";
  log.add(first, 0);
  log.add(second, 0);
  log.add(third, 0);
  log.add(event(Kind::deassign_failed, "m", DomId{0}), 0);
  log.add(event(Kind::deassign_failed, "n"), 0);
  EXPECT_EQ(log.events().size(), 5U);
}

TEST(EventLog, FoldsAGuestsAbortsByDomain) {
  EventLog log;
  for (int i = 0; i < 1000; ++i) {
    log.add(event(Kind::guest_abort, "HSR=" + std::to_string(i), DomId{1}), 0);
  }
  log.add(event(Kind::guest_abort, "HSR=1", DomId{2}), 0);
  ASSERT_EQ(log.events().size(), 2U);
  EXPECT_EQ(log.events()[0].count, 1000U);
  EXPECT_EQ(log.dropped(), 0U);
}

TEST(EventLog, IsBounded) {
  EventLog log;
  for (std::size_t i = 0; i < EventLog::kMaxEvents + 3; ++i) {
    log.add(event(Kind::hypervisor_crash, std::to_string(i)), 0);
  }
  EXPECT_EQ(log.events().size(), EventLog::kMaxEvents);
  EXPECT_EQ(log.dropped(), 3U);
}

}  // namespace
}  // namespace xic
