#include "report/probe_words.h"

#include <gmock/gmock.h>

namespace xic::render {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = ProbeStep::Kind;
using Outcome = ProbeStep::Outcome;

ProbeStep step(Kind kind, Outcome outcome, std::uint64_t frame, std::string detail = "") {
  return {kind, outcome, Frame{frame}, DomId{1}, GrantRef{0}, std::move(detail)};
}

Facts facts_with(std::vector<ProbeStep> steps) {
  Facts facts;
  facts.probe.emplace();
  facts.probe->steps = std::move(steps);
  return facts;
}

TEST(ProbeWords, EachPageWithItsCourseAndHowToRepeatIt) {
  const auto lines = probe_lines(facts_with({
      step(Kind::learnt, Outcome::known, 0xbdf33, "console page"),
      step(Kind::learnt, Outcome::known, 0xbdf32, "xenstore page"),
      step(Kind::learnt, Outcome::left_out, 0x40000, "it lies in dom0's own memory"),
      step(Kind::asked, Outcome::granted, 0xbdf33),
      step(Kind::loaded, Outcome::absent, 0xbdf33),
      step(Kind::loaded, Outcome::absent, 0xbdf32),
      step(Kind::asked, Outcome::granted, 0xbdf33),
  }));
  EXPECT_THAT(lines, Contains("0xbdf33000 = frame 0xbdf33, grant 0x0 of d1 (console page): granted "
                              "to dom0; load killed (SIGKILL); granted to dom0"));
  EXPECT_THAT(lines, Contains(EndsWith("left out, it lies in dom0's own memory")));
  EXPECT_THAT(lines, Contains("By hand, mapped by dom0: xl debug-keys g; xl dmesg | grep -E "
                              "'remote.d|0xbdf33|0xbdf32'"));
  EXPECT_THAT(lines, Contains(EndsWith("/xen-iommu-probe 0xbdf33 0xbdf32")));
}

TEST(ProbeWords, NothingToRepeatWhereNothingWasLoaded) {
  const auto lines = probe_lines(facts_with({step(Kind::learnt, Outcome::left_out, 0x40000, "")}));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("By hand"))));
}

}  // namespace
}  // namespace xic::render
