// The page as a whole, from facts and diagnoses made by hand.
#include <gtest/gtest.h>

#include "golden.h"
#include "report_samples.h"

namespace xic::testing {
namespace {

// What the data decide; the style sheet is the same for all.
std::string body(const std::string& page) {
  return page.substr(page.find("<body>"));
}

std::size_t count(const std::string& page, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = page.find(what); at != std::string::npos; at = page.find(what, at + 1)) {
    ++found;
  }
  return found;
}

Sample mapped_sample() {
  Sample s = affected_sample();
  s.facts.memory.host_ram = {{0x40000000, 0xc0000000, "RAM", "boot log"}};
  s.facts.memory.dom0_banks = {{0x48000000, 0x68000000, "BANK[0]", "boot log"}};
  s.facts.memory.devices = {{0x9000000, 0x9001000, "pl011", "iomem"}};
  s.facts.memory.its = {{0x8080000, 0x80a0000, "ITS", "iomem"}};
  return s;
}

TEST(Page, Golden) {
  const Sample s = mapped_sample();
  expect_golden("affected.html", body(render_html(s.report())));
}

TEST(Page, NothingRunsAndNothingIsLoaded) {
  const Sample s = mapped_sample();
  const std::string page = render_html(s.report());
  EXPECT_NE(page.find("default-src &#39;none&#39;"), std::string::npos);
  for (const char* forbidden : {"<script", "<img", "<link", "<iframe", "@import", "url(", "src="}) {
    EXPECT_EQ(page.find(forbidden), std::string::npos) << forbidden;
  }
}

TEST(Page, MapShowsBanksGrantsAndFaults) {
  const Sample s = mapped_sample();
  const std::string page = render_html(s.report());
  EXPECT_EQ(count(page, "<rect class=\"dom0\""), 1U);
  EXPECT_EQ(count(page, "<rect class=\"its\""), 1U);
  EXPECT_EQ(count(page, "<g class=\"fault\""), 1U);
  EXPECT_GE(count(page, "<rect class=\"granted\""), 3U);
  EXPECT_NE(page.find("href=\"#fault-1\""), std::string::npos);
}

TEST(Page, WithoutAMemoryMapItSaysSo) {
  const Sample s = two_lines_sample();
  const std::string page = render_html(s.report());
  EXPECT_EQ(count(page, "<svg"), 1U);  // the time line of dom0's clock
  EXPECT_NE(page.find("there is no map"), std::string::npos);
}

TEST(Page, ClocksAreNeverMixed) {
  const Sample s = crowded_sample();
  const std::string page = render_html(s.report());
  EXPECT_EQ(count(page, "Xen&#39;s clock, UTC</h3>"), 1U);
  EXPECT_EQ(count(page, "dom0&#39;s clock, seconds since its kernel started</h3>"), 1U);
  EXPECT_EQ(count(page, "Xen&#39;s raw counter</h3>"), 1U);
}

TEST(Page, EveryKindOfFaultHasACard) {
  const Sample s = crowded_sample();
  EXPECT_EQ(count(render_html(s.report()), "<article"), s.facts.faults.size());
}

TEST(Page, ManyFaultsAreBoundedAndCounted) {
  Sample s = affected_sample();
  FaultFinding other;
  other.cause = {"XIC-1008", Confidence::low, ""};
  for (std::uint64_t i = 0; i < 1000; ++i) {
    s.add(context_fault("/smmu@bff00000", 0x100000000 + (i << 20), Access::read), other);
  }
  const std::string page = render_html(s.report());
  EXPECT_EQ(count(page, "<article"), 40U);
  EXPECT_NE(page.find("961 more groups"), std::string::npos);
  EXPECT_LT(page.size(), 1U << 20);
}

TEST(Page, HostileTextIsShownNotRun) {
  const Sample s = hostile_sample("\"'><script>alert(1)</script><img src=x onerror=alert(1)>&#60;");
  const std::string page = render_html(s.report());
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("<img"), std::string::npos);
  EXPECT_EQ(page.find("&#60;"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;alert(1)"), std::string::npos);
}

TEST(Page, HostileBytesAreShownAsEscapes) {
  const Sample s = hostile_sample();
  const std::string page = render_html(s.report());
  for (const char byte : {'\x1b', '\x07', '\r', '\0', '\xff'}) {
    EXPECT_EQ(page.find(byte), std::string::npos) << static_cast<int>(byte);
  }
  EXPECT_EQ(page.find("\xe2\x80\xae"), std::string::npos);
}

}  // namespace
}  // namespace xic::testing
