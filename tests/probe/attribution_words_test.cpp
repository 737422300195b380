// How an owner was found out, in words.
#include "report/attribution_words.h"

#include <gtest/gtest.h>

#include "core/grant/recorded_grant.h"
#include "tests/probe/recorded_sighting.h"
#include "tests/unit/diagnosis_test_support.h"

namespace xic {
namespace {

using namespace testing;
using State = TraceSighting::State;

std::string lines_of(const Host& host) {
  const Diagnosis diagnosis = host.judge();
  std::string text;
  for (const std::string& line :
       render::attribution_lines(host.facts, host.facts.faults.at(0), diagnosis.faults.at(0))) {
    text += line + '\n';
  }
  return text;
}
std::string lines_with(const TraceSighting& seen) {
  FaultGroup fault = translation_fault();
  join_sighting(seen, &fault.recorded);
  return lines_of(protected_host().fault(fault));
}
bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(AttributionWords, MappedThroughout) {
  const std::string text = lines_with(recorded(State::mapped));
  EXPECT_TRUE(has(text, "Address: RAM that is not dom0's")) << text;
  EXPECT_TRUE(has(text,
                  "grant 0x31 of d1, mapped 1.000 ms before and not yet unmapped after the "
                  "0.700 ms in which the fault lies\n"))
      << text;
  EXPECT_TRUE(
      text.ends_with("So it is exact: mapped over the whole time in which the fault can lie\n"))
      << text;
}

TEST(AttributionWords, ThroughSeveralGrants) {
  TraceSighting seen = recorded(State::mapped);
  seen.others = 2;
  const std::string text = lines_with(seen);
  EXPECT_TRUE(has(text, "mapped through 2 other grants at that time\n")) << text;
  EXPECT_TRUE(
      has(text, "So it is exact: mapped over the whole time in which the fault can lie; through"))
      << text;
}

TEST(AttributionWords, TheOtherStatesOfTheRecords) {
  EXPECT_TRUE(has(lines_with(recorded(State::ended)), "unmapped 11.000 ms before the 0.700 ms"));
  EXPECT_TRUE(has(lines_with(recorded(State::ended)), "So it is likely: whose page it was before"));
  EXPECT_TRUE(has(lines_with(recorded(State::unclear)), "So it is likely: the grant may have"));
  EXPECT_TRUE(has(lines_with(recorded(State::never)), "neither then nor before"));
  EXPECT_TRUE(has(lines_with(recorded(State::never)), "So it is none"));
  EXPECT_TRUE(has(lines_with(recorded(State::not_covered)), "do not cover"));
}

TEST(AttributionWords, DumpsAnswersAndRequests) {
  FaultGroup fault = translation_fault();
  fault.before = shown(1, 0x208);
  fault.after = not_shown();
  Host host = protected_host().fault(fault);
  host.facts.granted_now.push_back({Frame{0x97f75}, GrantedNow::Answer::not_granted, true, ""});
  host.facts.in_flight.push_back({*fault.iova, DomId{1}, GrantRef{0x209}, "vif1.0\x1b", true});
  const std::string text = lines_of(host);
  EXPECT_TRUE(has(text, "Flight recorder: it has no record of this fault's time\n")) << text;
  EXPECT_TRUE(has(text, "'g' dump before the fault: grant 0x208 of d1\n")) << text;
  EXPECT_TRUE(has(text, "'g' dump after the fault: does not show the page\n")) << text;
  EXPECT_TRUE(has(text, "asked when the fault was read (GNTTABOP_cache_flush): not granted"))
      << text;
  EXPECT_TRUE(has(text, "the guest's own word: grant 0x209 of d1 was in flight\n")) << text;
  EXPECT_FALSE(has(text, "\x1b")) << text;
  EXPECT_TRUE(has(text, "So it is likely: one dump of a data grant")) << text;
}

TEST(AttributionWords, SeveralFaultsAreCounted) {
  FaultGroup fault = translation_fault();
  for (const State state : {State::mapped, State::ended, State::unclear}) {
    join_sighting(recorded(state), &fault.recorded);
  }
  EXPECT_TRUE(has(lines_of(protected_host().fault(fault)),
                  "of 3 faults, 1 found the page mapped, 1 after it was unmapped, 1 undecided"));
}

TEST(AttributionWords, NothingToSayOfALineAlone) {
  const Host host = protected_host().fault(translation_fault());
  EXPECT_EQ(lines_of(host), "");
}

TEST(AttributionWords, NothingToSayOfLinuxsOwn) {
  FaultGroup fault = translation_fault();
  fault.origin = FaultOrigin::linux_kernel;
  EXPECT_TRUE(render::attribution_lines(Facts{}, fault, FaultFinding{}).empty());
}

}  // namespace
}  // namespace xic
