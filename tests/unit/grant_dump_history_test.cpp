#include <gtest/gtest.h>

#include "core/grant/dump_history.h"

namespace xic {
namespace {

Grant grant(std::uint64_t frame, std::uint16_t granter, std::uint32_t ref,
            std::uint16_t grantee = 0) {
  Grant g;
  g.frame = Frame{frame};
  g.granter = DomId{granter};
  g.grantee = DomId{grantee};
  g.ref = GrantRef{ref};
  g.pin = 1;
  return g;
}

GrantDump dump(std::vector<Grant> grants, bool complete = true) {
  GrantDump d;
  d.begin_seen = true;
  d.end_seen = complete;
  d.grants = std::move(grants);
  return d;
}

TEST(DumpHistory, WithoutADumpNothingWasAsked) {
  const DumpHistory history;
  EXPECT_FALSE(history.look_up(Frame{0x97f75}).asked);
  EXPECT_FALSE(history.latest().has_value());
}

TEST(DumpHistory, TheLatestCompleteDumpAnswers) {
  DumpHistory history;
  EXPECT_TRUE(history.add(dump({grant(0x97f75, 1, 0x208)})));
  EXPECT_TRUE(history.add(dump({grant(0x97f75, 2, 0x300)})));
  const GrantSighting sighting = history.look_up(Frame{0x97f75});
  EXPECT_TRUE(sighting.asked);
  EXPECT_TRUE(sighting.found);
  EXPECT_EQ(sighting.granter, DomId{2});
  EXPECT_EQ(sighting.ref, GrantRef{0x300});
  EXPECT_EQ(history.complete_count(), 2U);
}

TEST(DumpHistory, ADamagedDumpNeitherAnswersNorReplaces) {
  DumpHistory history;
  EXPECT_FALSE(history.add(dump({grant(0x97f75, 1, 0x208)}, false)));
  EXPECT_FALSE(history.look_up(Frame{0x97f75}).asked);
  EXPECT_TRUE(history.latest().has_value());
  EXPECT_TRUE(history.add(dump({})));
  EXPECT_TRUE(history.look_up(Frame{0x97f75}).asked);
  EXPECT_FALSE(history.look_up(Frame{0x97f75}).found);
  EXPECT_FALSE(history.add(dump({grant(1, 1, 8), grant(2, 1, 9)}, false)));
  EXPECT_TRUE(history.latest()->complete());
  EXPECT_EQ(history.damaged_count(), 2U);
}

TEST(DumpHistory, OfDamagedDumpsTheFullestIsShown) {
  DumpHistory history;
  history.add(dump({grant(1, 1, 8), grant(2, 1, 9)}, false));
  history.add(dump({grant(3, 1, 8)}, false));
  EXPECT_EQ(history.latest()->grants.size(), 2U);
}

TEST(DumpHistory, OnlyMappingsOfDom0Count) {
  DumpHistory history;
  history.add(dump({grant(0x10, 2, 8, 3), grant(0x11, 0, 8, 0)}));
  EXPECT_FALSE(history.look_up(Frame{0x10}).found) << "mapped by another domain";
  EXPECT_FALSE(history.look_up(Frame{0x11}).found) << "dom0's own grant";
}

TEST(DumpHistory, ANewBootForgets) {
  DumpHistory history;
  history.add(dump({grant(0x97f75, 1, 0x208)}));
  history.forget();
  EXPECT_FALSE(history.look_up(Frame{0x97f75}).asked);
}

}  // namespace
}  // namespace xic
