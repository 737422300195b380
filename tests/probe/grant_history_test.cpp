// `grants --history`: what is shown of the recorder's records.
#include "core/grant/grant_history.h"

#include <gmock/gmock.h>

#include "report/report.h"
#include "tests/probe/trace_text.h"

namespace xic {
namespace {

using ::testing::HasSubstr;
using testing::TraceText;

TEST(HistorySubject, FramesAndDomainsAreToldApart) {
  EXPECT_EQ(parse_history_subject("0x62cb1"), HistorySubject(Frame{0x62cb1}));
  EXPECT_EQ(parse_history_subject("2"), HistorySubject(DomId{2}));
  EXPECT_EQ(parse_history_subject("d2"), HistorySubject(DomId{2}));
  for (const char* const nothing : {"", "d", "0x", "0x62cb1g", "2x", "70000", "-1", "alpha"}) {
    EXPECT_FALSE(parse_history_subject(nothing)) << nothing;
  }
}

class History : public ::testing::Test {
 protected:
  History() : trace_(records(), 63'000'000'000, 0) {
    facts_.backends.domain_names[DomId{1}] = "al\x1bpha";
    report_.facts = &facts_;
  }
  static std::string records() {
    return TraceText()
        .started(1'000'000)
        .operation(60'000'000, 1, 8, 0x62cb1, 5)
        .operation(60'000'001, 2, 9, 0x62cb2, 6)
        .unmap_begins(60'004'000)
        .unmap_ended(60'004'100, 5)
        .operation(62'000'000, 1, 0x20a, 0x62cb3, 5)
        .text;
  }

  GrantTrace trace_;
  Facts facts_;
  Report report_;
};

TEST_F(History, OfAFrame) {
  const GrantHistory history = history_of(trace_, Frame{0x62cb2}, 10);
  ASSERT_EQ(history.mappings.size(), 1U);
  EXPECT_EQ(history.mappings[0].granter, DomId{2});
}

TEST_F(History, TheLatestOfADomain) {
  const GrantHistory history = history_of(trace_, DomId{1}, 1);
  ASSERT_EQ(history.mappings.size(), 1U);
  EXPECT_EQ(history.mappings[0].frame, Frame{0x62cb3});
  EXPECT_EQ(history.omitted, 1U);
}

TEST_F(History, InWords) {
  const std::string text = render_history_text(report_, history_of(trace_, DomId{1}, 10), {});
  EXPECT_THAT(text, HasSubstr("2 mappings of d1 \"al\\x1bpha\" in the last 62.000 s\n"));
  EXPECT_THAT(text, HasSubstr("3.000 s ago  4.100 ms"));
  EXPECT_THAT(text, HasSubstr("vif1.0-q0-deall\n"));
  EXPECT_THAT(text, HasSubstr("1.000 s ago  still mapped"));
  EXPECT_THAT(render_history_text(report_, history_of(trace_, Frame{1}, 10), {}),
              HasSubstr("0 mappings of frame 0x1"));
}

TEST_F(History, ForPrograms) {
  const std::string text = render_history_json(report_, history_of(trace_, Frame{0x62cb1}, 10));
  EXPECT_THAT(text, HasSubstr("\"frame\": \"0x62cb1\""));
  EXPECT_THAT(text, HasSubstr("\"unmapped_by\": \"vif1.0-q0-deall\""));
  EXPECT_THAT(text, HasSubstr("\"unmapped_ns\": 60004100000"));
}

}  // namespace
}  // namespace xic
