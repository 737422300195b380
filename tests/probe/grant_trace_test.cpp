// Was the frame mapped at the fault's time? With everything that makes the answer unsure.
#include "core/grant/grant_trace.h"

#include <gtest/gtest.h>

#include "tests/probe/trace_text.h"

namespace xic {
namespace {

using testing::TraceText;
using State = TraceSighting::State;

constexpr Frame kFrame{0x62cb1};
constexpr std::uint64_t kUs = 1000;
constexpr std::uint64_t kNow = 100'000'000 * kUs;

TimeSpan at(std::uint64_t begin_us, std::uint64_t end_us) {
  return {begin_us * kUs, end_us * kUs};
}
/// Recording since 1 s; mapped from 10 s to 10.004 s, then gone for good.
TraceText transient() {
  TraceText text;
  text.started(1'000'000)
      .map(10'000'000, 1, 8, kFrame.value(), 5)
      .unmap_begins(10'004'000)
      .unmap_ended(10'004'200, 5);
  return text;
}
TraceSighting look(const TraceText& text, TimeSpan when, std::uint64_t missed = 0) {
  return GrantTrace(text.text, kNow, missed).look_up(kFrame, when);
}

TEST(GrantTrace, MappedOverTheWholeUncertainty) {
  const TraceSighting seen = look(transient(), at(10'001'000, 10'003'900));
  EXPECT_EQ(seen.state, State::mapped);
  EXPECT_EQ(seen.granter, DomId{1});
  EXPECT_EQ(seen.ref, GrantRef{8});
  EXPECT_EQ(seen.mapped, 10'000'000 * kUs);
  EXPECT_EQ(seen.unmapped, 10'004'200 * kUs);
  EXPECT_EQ(seen.unmapper, "vif1.0-q0-deall");
  EXPECT_FALSE(seen.remapped);
}

TEST(GrantTrace, AnEdgeInsideTheUncertaintyIsUnclear) {
  EXPECT_EQ(look(transient(), at(9'999'999, 10'001'000)).state, State::unclear);
  EXPECT_EQ(look(transient(), at(10'003'000, 10'004'000)).state, State::unclear);
  EXPECT_EQ(look(transient(), at(10'004'100, 10'004'300)).state, State::unclear);
  EXPECT_EQ(look(transient(), at(9'000'000, 11'000'000)).state, State::unclear);
}

TEST(GrantTrace, UnmappedBeforeTheFault) {
  const TraceSighting seen = look(transient(), at(10'005'000, 10'006'000));
  EXPECT_EQ(seen.state, State::ended);
  EXPECT_EQ(seen.granter, DomId{1});
  EXPECT_EQ(seen.ref, GrantRef{8});
}

TEST(GrantTrace, OfSeveralThatMayBeMeantTheLongestIsNamed) {
  TraceText text = transient();
  text.map(10'006'500, 1, 9, kFrame.value(), 6).unmap_begins(10'007'000).unmap_ended(10'007'100, 6);
  const TraceSighting seen = look(text, at(9'999'000, 10'009'000));
  EXPECT_EQ(seen.state, State::unclear);
  EXPECT_EQ(seen.ref, GrantRef{8});
}

TEST(GrantTrace, OfSeveralMappedThroughoutTheFirstIsNamedAndTheOthersAreCounted) {
  TraceText text;
  text.started(1).map(10'000'000, 1, 8, kFrame.value(), 5);
  text.map(10'000'500, 1, 9, kFrame.value(), 6).map(10'000'600, 1, 9, kFrame.value(), 7);
  TraceSighting seen = look(text, at(10'001'000, 10'002'000));
  EXPECT_EQ(seen.state, State::mapped);
  EXPECT_EQ(seen.ref, GrantRef{8});
  EXPECT_EQ(seen.others, 2U);
  // Mapped surely after the fault, or twice through one grant: no other.
  EXPECT_EQ(look(text, at(9'990'000, 9'995'000)).others, 0U);
  text = TraceText();
  text.started(1).map(10'000'000, 1, 8, kFrame.value(), 5).map(10'000'500, 1, 8, kFrame.value(), 6);
  EXPECT_EQ(look(text, at(10'001'000, 10'002'000)).others, 0U);
}

TEST(GrantTrace, APageThatMayBelongToTwoIsNobodysForSure) {
  TraceText text;
  text.started(1).map(10'000'000, 1, 8, kFrame.value(), 5).map(10'000'500, 2, 9, kFrame.value(), 6);
  const TraceSighting seen = look(text, at(10'001'000, 10'002'000));
  EXPECT_EQ(seen.state, State::unclear);
  EXPECT_EQ(seen.others, 1U);
}

TEST(GrantTrace, AGrantThatCameOrWentWithinTheUncertaintyIsCounted) {
  TraceText text = transient();
  text.map(10'003'000, 1, 9, kFrame.value(), 6);
  EXPECT_EQ(look(text, at(10'001'000, 10'001'500)).others, 0U);
  // Dom0 may record a mapping a while after Xen has made it.
  EXPECT_EQ(look(text, at(10'001'000, 10'002'500)).others, 1U);
  EXPECT_EQ(look(text, at(10'001'000, 10'003'500)).others, 1U);
}

TEST(GrantTrace, MappedAgainSoonAfterIsUnclear) {
  TraceText text = transient();
  text.map(10'006'500, 1, 9, kFrame.value(), 6);
  EXPECT_EQ(look(text, at(10'005'000, 10'006'000)).state, State::unclear);
  EXPECT_EQ(look(text, at(10'005'000, 10'005'200)).state, State::ended);
}

TEST(GrantTrace, AnUnmapThatHasNotComeBackIsNoEnd) {
  TraceText text;
  text.started(1).map(10'000'000, 1, 8, kFrame.value(), 5).unmap_begins(10'004'000);
  EXPECT_EQ(look(text, at(10'001'000, 10'002'000)).state, State::mapped);
  EXPECT_EQ(look(text, at(10'005'000, 10'006'000)).state, State::unclear);
}

TEST(GrantTrace, AnUnmapOfAnotherPageEndsNothing) {
  TraceText text;
  text.started(1).map(10'000'000, 1, 8, kFrame.value(), 5).unmap_begins(10'004'000);
  text.page(10'004'100, 6, ~std::uint64_t{0}, "other", 999);
  EXPECT_EQ(look(text, at(10'005'000, 10'006'000)).state, State::unclear);
}

TEST(GrantTrace, ASecondMappingAroundTheFaultIsTold) {
  TraceText text;
  text.started(1).map(10'000'000, 1, 8, kFrame.value(), 5, true);
  EXPECT_FALSE(look(text, at(10'001'000, 10'002'000)).remapped);
  text.map(10'001'500, 1, 8, kFrame.value(), 6, false);
  const TraceSighting seen = look(text, at(10'001'000, 10'002'000));
  EXPECT_EQ(seen.state, State::mapped);
  EXPECT_TRUE(seen.remapped);
}

TEST(GrantTrace, AUsedPfnUsedAgainMeansThatAnEndWasMissed) {
  TraceText text;
  text.started(1).map(10'000'000, 1, 8, kFrame.value(), 5).map(20'000'000, 1, 8, 0x1234, 5);
  EXPECT_EQ(look(text, at(10'001'000, 10'002'000)).state, State::unclear);
  EXPECT_EQ(look(text, at(21'000'000, 21'001'000)).state, State::unclear);
}

TEST(GrantTrace, WhatWasMissedMakesNothingCertain) {
  EXPECT_EQ(look(transient(), at(10'001'000, 10'003'000), 1).state, State::unclear);
  EXPECT_EQ(look(transient(), at(10'005'000, 10'006'000), 1).state, State::unclear);
}

TEST(GrantTrace, BeforeRecordingBeganNothingIsCovered) {
  EXPECT_EQ(look(transient(), at(500'000, 600'000)).state, State::not_covered);
  EXPECT_EQ(look(transient(), at(2'000'000, 3'000'000)).state, State::never);
  EXPECT_EQ(look(TraceText(), at(2'000'000, 3'000'000)).state, State::not_covered);
  const GrantTrace trace(transient().text, kNow, 0);
  EXPECT_EQ(trace.look_up(Frame{1}, at(2'000'000, 3'000'000)).state, State::never);
  EXPECT_EQ(trace.look_up(Frame{1}, {kNow, kNow + 1}).state, State::not_covered);
}

TEST(GrantTrace, AMappingBeforeTheShallowestRingIsNotCertain) {
  TraceText text;
  text.text = "# entries-in-buffer/entries-written: 4/9   #P:2\n";
  text.map(10'000'000, 1, 8, kFrame.value(), 5);
  text.cpu = 1;
  text.map(10'002'000, 1, 9, 0x1111, 6);  // this CPU's ring begins here
  EXPECT_EQ(look(text, at(10'003'000, 10'004'000)).state, State::unclear);
  const GrantTrace trace(text.text, kNow, 0);
  EXPECT_EQ(trace.look_up(Frame{0x1111}, at(10'003'000, 10'004'000)).state, State::mapped);
}

TEST(GrantTrace, ReadTooEarlyForTheFault) {
  const GrantTrace trace(transient().text, 10'002'000 * kUs, 0);
  EXPECT_EQ(trace.look_up(kFrame, at(10'001'000, 10'003'000)).state, State::unclear);
}

TEST(GrantTrace, ABatchNamesItsFirstRefAndEveryFrame) {
  TraceText text;
  text.started(1).batch(10'000'000, 3, 1, 8, 0x62cb1, 5);
  text.page(10'000'001, 5, 0x62cb1).page(10'000'002, 6, 0x62cb2).page(10'000'003, 7, 0x62cb3);
  text.page(10'000'004, 8, 0x62cb4);  // a page of no batch
  const GrantTrace trace(text.text, kNow, 0);
  ASSERT_EQ(trace.mappings().size(), 3U);
  EXPECT_EQ(trace.mappings()[0].ref, GrantRef{8});
  EXPECT_FALSE(trace.mappings()[1].ref);
  const TraceSighting seen = trace.look_up(Frame{0x62cb3}, at(10'001'000, 10'002'000));
  EXPECT_EQ(seen.state, State::mapped);
  EXPECT_EQ(seen.granter, DomId{1});
}

TEST(GrantTrace, WhereEachReferenceIsRecordedEveryPageHasItsOwn) {
  TraceText text;
  text.started(1).operation(10'000'000, 1, 8, 0x62cb0, 4, "qemu");
  text.operation(10'000'001, 2, 9, 0x62cb1, 5, "qemu");
  text.unmap_begins(10'004'000, "qemu", 2).unmap_ended(10'004'100, 5, "qemu");
  const TraceSighting seen = look(text, at(10'001'000, 10'002'000));
  EXPECT_EQ(seen.state, State::mapped);
  EXPECT_EQ(seen.granter, DomId{2});
  EXPECT_EQ(seen.ref, GrantRef{9});
  EXPECT_TRUE(seen.read_only);
  EXPECT_EQ(look(text, at(10'005'000, 10'006'000)).state, State::ended);
}

TEST(GrantTrace, AProgramsBatchMayBeOfSeveralGuests) {
  TraceText text;
  text.started(1).batch(10'000'000, 2, 1, 8, 0x62cb0, 4, true, "qemu");
  text.page(10'000'001, 4, 0x62cb0, "qemu").page(10'000'002, 5, 0x62cb1, "qemu");
  const GrantTrace trace(text.text, kNow, 0);
  EXPECT_EQ(trace.look_up(Frame{0x62cb0}, at(10'001'000, 10'002'000)).state, State::mapped);
  EXPECT_EQ(trace.look_up(Frame{0x62cb1}, at(10'001'000, 10'002'000)).state, State::unclear);
  TraceText disk;
  disk.started(1).batch(10'000'000, 2, 1, 8, 0x62cb0, 4, true, "1.xvda-0");
  disk.page(10'000'001, 4, 0x62cb0, "1.xvda-0").page(10'000'002, 5, 0x62cb1, "1.xvda-0");
  EXPECT_EQ(look(disk, at(10'001'000, 10'002'000)).state, State::mapped);
}

TEST(GrantTrace, AnInterruptMapsBetweenThePagesOfATask) {
  TraceText text;
  text.started(1).batch(10'000'000, 2, 2, 3, 0x70000, 20, true, "1.xvda-0");
  text.page(10'000'001, 20, 0x70000, "1.xvda-0");
  text.map(10'000'002, 1, 8, kFrame.value(), 5);
  text.page(10'000'003, 21, 0x70001, "1.xvda-0");
  const GrantTrace trace(text.text, kNow, 0);
  EXPECT_EQ(trace.look_up(kFrame, at(10'001'000, 10'002'000)).granter, DomId{1});
  EXPECT_EQ(trace.look_up(Frame{0x70001}, at(10'001'000, 10'002'000)).granter, DomId{2});
}

TEST(GrantTrace, APageThatDoesNotFitItsBatchMakesNothingCertain) {
  TraceText text = transient();
  text.batch(11'000'000, 1, 1, 8, 0x1111, 9).page(11'000'001, 9, 0x2222);
  EXPECT_EQ(look(text, at(10'001'000, 10'003'000)).state, State::unclear);
}

TEST(GrantTrace, WhileABatchIsBeingUnmappedAnyPageMayBeGoing) {
  TraceText text;
  text.started(1).map(10'000'000, 1, 8, kFrame.value(), 5).unmap_begins(10'004'000, "x", 3);
  EXPECT_EQ(look(text, at(10'001'000, 10'002'000)).state, State::mapped);
  EXPECT_EQ(look(text, at(10'003'000, 10'005'000)).state, State::unclear);
}

TEST(GrantTrace, NamesOfTasksArePrintable) {
  TraceText text;
  text.started(1).map(10'000'000, 1, 8, kFrame.value(), 5, true, "a\x1b[31mb");
  EXPECT_EQ(GrantTrace(text.text, kNow, 0).mappings().front().mapper, "a?[31mb");
}

}  // namespace
}  // namespace xic
