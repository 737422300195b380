#include <gtest/gtest.h>

#include <random>
#include <string>

#include "report/layout.h"
#include "report/report.h"
#include "report/utf8.h"
#include "report_samples.h"

namespace xic::testing {
namespace {

TEST(Sanitise, LeavesPlainAndForeignScriptsAlone) {
  EXPECT_EQ(sanitise("web01 /smmu@fd800000 \"x\" \\ ~"), "web01 /smmu@fd800000 \"x\" \\ ~");
  EXPECT_EQ(sanitise("b\xc3\xbc"
                     "cher \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x90\xa7"),
            "b\xc3\xbc"
            "cher \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x90\xa7");
  EXPECT_EQ(sanitise("\xef\xbf\xbd"), "\xef\xbf\xbd");
  EXPECT_EQ(sanitise(""), "");
}

TEST(Sanitise, EscapesControlBytes) {
  EXPECT_EQ(sanitise(std::string_view("\0\x01\x1b[31m\x7f", 8)), "\\x00\\x01\\x1b[31m\\x7f");
  EXPECT_EQ(sanitise("a\tb\nc\rd"), "a\\tb\\nc\\rd");
  EXPECT_EQ(sanitise("\xc2\x9b"
                     "31m"),
            "\\u009b31m");
}

TEST(Sanitise, EscapesWhatReordersOrHidesText) {
  EXPECT_EQ(sanitise("\xe2\x80\xae"), "\\u202e");          // right-to-left override
  EXPECT_EQ(sanitise("\xe2\x81\xa6"), "\\u2066");          // left-to-right isolate
  EXPECT_EQ(sanitise("\xd8\x9c"), "\\u061c");              // Arabic letter mark
  EXPECT_EQ(sanitise("\xe2\x80\x8b"), "\\u200b");          // zero width space
  EXPECT_EQ(sanitise("\xe2\x80\xa8"), "\\u2028");          // line separator
  EXPECT_EQ(sanitise("\xef\xbb\xbf"), "\\ufeff");          // byte order mark
  EXPECT_EQ(sanitise("\xf3\xa0\x81\x81"), "\\U000e0041");  // tag
}

TEST(Sanitise, EscapesInvalidUtf8ByteByByte) {
  EXPECT_EQ(sanitise("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(sanitise("\xc0\xaf"), "\\xc0\\xaf");                    // overlong '/'
  EXPECT_EQ(sanitise("\xe0\x80\x9b"), "\\xe0\\x80\\x9b");           // overlong control
  EXPECT_EQ(sanitise("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(sanitise("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // over U+10FFFF
  EXPECT_EQ(sanitise("a\xe2\x80"), "a\\xe2\\x80");                  // cut off
  EXPECT_EQ(sanitise("\x9b"
                     "31m"),
            "\\x9b31m");  // a C1 control of Latin-1
}

TEST(Sanitise, AnyBytesBecomeSafeAndStayTheSame) {
  std::mt19937 random(4711);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    const std::string safe = sanitise(bytes);
    for (std::string_view rest = safe; !rest.empty();) {
      const render::Utf8Char c = render::first_char(rest);
      ASSERT_TRUE(c.valid);
      ASSERT_TRUE(c.code >= 0x20 && (c.code < 0x7f || c.code > 0x9f));
      rest.remove_prefix(c.length);
    }
    EXPECT_EQ(sanitise(safe), safe);
  }
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(render::display_width("abc"), 3U);
  EXPECT_EQ(render::display_width("\xe2\x9c\x97 x"), 3U);
  EXPECT_EQ(render::display_width("\xe6\x97\xa5\xe6\x9c\xac"), 4U);
  EXPECT_EQ(render::display_width("e\xcc\x81"), 1U);
  EXPECT_EQ(render::display_width("\x1b[1;31mred\x1b[0m"), 3U);
  EXPECT_EQ(render::display_width("\x1b[1;31"), 0U);
}

TEST(Wrap, BreaksAtBlanksAndKeepsThemInside) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(render::wrap("one two three", 7), (Lines{"one two", "three"}));
  EXPECT_EQ(render::wrap("a  b", 10), (Lines{"a  b"}));
  EXPECT_EQ(render::wrap("", 10), (Lines{""}));
  EXPECT_EQ(render::wrap("abcdefgh", 3), (Lines{"abc", "def", "gh"}));
  EXPECT_EQ(render::wrap("x abcdefgh y", 4), (Lines{"x", "abcd", "efgh", "y"}));
  EXPECT_EQ(render::wrap("ab", 0), (Lines{"a", "b"}));
  EXPECT_EQ(render::wrap("\xe6\x97\xa5\xe6\x9c\xac", 3), (Lines{"\xe6\x97\xa5", "\xe6\x9c\xac"}));
}

TEST(Wrap, NeverExceedsTheWidth) {
  std::mt19937 random(12);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (auto i = random() % 60; i > 0; --i) {
      text += random() % 4 == 0 ? ' ' : "abcdefgh"[random() % 8];
    }
    const std::size_t width = 1 + random() % 12;
    std::string joined;
    for (const std::string& line : render::wrap(text, width)) {
      EXPECT_LE(render::display_width(line), width);
      joined += line;
    }
    std::erase(joined, ' ');
    std::erase(text, ' ');
    EXPECT_EQ(joined, text);
  }
}

TEST(Clip, SaysThatSomethingWasCut) {
  EXPECT_EQ(render::clip("abcdef", 6), "abcdef");
  EXPECT_EQ(render::clip("abcdefg", 6), "abc...");
  EXPECT_EQ(render::outside(std::string(100000, 'x'), 8), "xxxxx...");
  // Combining marks take no columns, but they do take room.
  std::string stacked = "a";
  for (int i = 0; i < 1000; ++i) stacked += "\xcc\x81";
  const std::string shown = render::outside(stacked, 8);
  EXPECT_LT(shown.size(), 64U);
  EXPECT_TRUE(shown.ends_with("...")) << shown;
}

TEST(PageLayout, HangsContinuationLinesUnderTheirColumn) {
  render::Page page({.width = 40});
  page.field(2, "label", 8, "one two three four five six seven eight");
  EXPECT_EQ(page.text(),
            "  label   one two three four five six\n"
            "          seven eight\n");
}

TEST(PageLayout, KeepsParagraphsAndCommands) {
  render::Page page({.width = 40});
  page.paragraphs(2, "one\ntwo\n\n\n    run this\nthree\n");
  EXPECT_EQ(page.text(), "  one two\n\n      run this\n  three\n");
}

TEST(PageLayout, HasALeastWidth) {
  render::Page page({.width = -5});
  EXPECT_EQ(page.width(), render::Page::kMinWidth);
}

}  // namespace
}  // namespace xic::testing
