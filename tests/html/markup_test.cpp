#include "report/html/markup.h"

#include <gtest/gtest.h>

namespace xic::html {
namespace {

TEST(Markup, TextIsEscaped) {
  Writer page;
  page.element("p", R"(<b a="1">&'</b>)");
  EXPECT_EQ(page.take(), "<!DOCTYPE html>\n<p>&lt;b a=&quot;1&quot;&gt;&amp;&#39;&lt;/b&gt;</p>\n");
}

TEST(Markup, AttributesAreEscaped) {
  Writer page;
  page.leaf("rect", {{"x", "1"}, {"title", "\"><script>"}});
  EXPECT_EQ(page.take(), "<!DOCTYPE html>\n<rect x=\"1\" title=\"&quot;&gt;&lt;script&gt;\"/>\n");
}

TEST(Markup, ControlBytesAndInvalidUtf8AreShownAsEscapes) {
  Writer page;
  page.text(std::string_view("\0\x1b[2J\xff\xe2\x80\xae", 9));
  EXPECT_EQ(page.take(), "<!DOCTYPE html>\n\\x00\\x1b[2J\\xff\\u202e");
}

TEST(Markup, ScopesCloseInReverseOrder) {
  Writer page;
  {
    const auto outer = page.in("div", {{"class", "a"}});
    const auto inner = page.in("span");
    page.text("x");
  }
  EXPECT_EQ(page.take(), "<!DOCTYPE html>\n<div class=\"a\"><span>x</span></div>\n");
}

TEST(Markup, Numbers) {
  EXPECT_EQ(number(12), "12");
  EXPECT_EQ(number(12.54), "12.5");
  EXPECT_EQ(number(-0.25), "-0.2");
}

}  // namespace
}  // namespace xic::html
