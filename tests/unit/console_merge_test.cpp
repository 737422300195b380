#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/merge.h"

namespace xic {
namespace {

using Texts = std::vector<std::string>;

std::vector<TextSlice> merge(const Texts& texts) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  auto slices = merge_console_texts(views);
  for (const TextSlice& slice : slices) {
    EXPECT_LT(slice.text, texts.size());
    EXPECT_LT(slice.begin, slice.end);
    EXPECT_LE(slice.end, texts[slice.text].size());
  }
  return slices;
}

/// What is read, in order: lines of Xen's out of slices that say so are left out.
std::string read(const Texts& texts) {
  std::string result;
  for (const TextSlice& slice : merge(texts)) {
    std::string_view part =
        std::string_view(texts[slice.text]).substr(slice.begin, slice.end - slice.begin);
    while (!part.empty()) {
      const std::size_t end = std::min(part.find('\n'), part.size() - 1) + 1;
      const std::string_view line = part.substr(0, end);
      if (!slice.xen_lines_known || line.find("(XEN)") == std::string_view::npos) result += line;
      part.remove_prefix(end);
    }
  }
  return result;
}

std::string xen(int number) {
  return "(XEN) [" +
         std::string(number < 10    ? "    "
                     : number < 100 ? "   "
                                    : "  ") +
         std::to_string(number) + ".000000] message " + std::to_string(number) + "\n";
}

std::string xen(int first, int last) {
  std::string text;
  for (int i = first; i <= last; ++i) text += xen(i);
  return text;
}

std::string linux_line(int number) {
  return "[   " + std::to_string(10 + number) + ".000000] macb eth0: message\n";
}

TEST(ConsoleMerge, NothingAndOneText) {
  EXPECT_TRUE(merge({}).empty());
  EXPECT_TRUE(merge({""}).empty());
  EXPECT_TRUE(merge({"", ""}).empty());
  EXPECT_EQ(read({xen(1, 3)}), xen(1, 3));
  EXPECT_EQ(merge({"no newline"}).size(), 1U);
  EXPECT_EQ(read({"", "a"}), "a");
}

TEST(ConsoleMerge, ContainedTextIsDropped) {
  EXPECT_EQ(read({xen(1, 20), xen(5, 9)}), xen(1, 20));
  EXPECT_EQ(read({xen(5, 9), xen(1, 20)}), xen(1, 20));
  EXPECT_EQ(read({xen(1, 20), xen(20)}), xen(1, 20));
  EXPECT_EQ(read({xen(1, 20), xen(1, 20)}), xen(1, 20));
  EXPECT_EQ(read({xen(1, 20), xen(1, 3), xen(18, 20), xen(2, 10)}), xen(1, 20));
}

// `xl dmesg`, and a later `xl dmesg | tail -c`: the tail of the same ring, its first line cut.
TEST(ConsoleMerge, TailOfTheSameRing) {
  const std::string tail = xen(10, 20);
  for (const std::size_t cut : {1U, 4U, 7U, 20U}) {
    EXPECT_EQ(read({xen(1, 20), tail.substr(cut)}), xen(1, 20)) << cut;
    EXPECT_EQ(read({tail.substr(cut), xen(1, 15)}), xen(1, 20)) << cut;
  }
}

TEST(ConsoleMerge, OverlappingReadsOfOneRing) {
  EXPECT_EQ(read({xen(1, 12), xen(8, 20)}), xen(1, 20));
  EXPECT_EQ(read({xen(8, 20), xen(1, 12)}), xen(1, 20));
  EXPECT_EQ(read({xen(15, 30), xen(1, 12), xen(8, 20)}), xen(1, 30));
  EXPECT_EQ(read({xen(1, 12), xen(8, 20), xen(10, 15), xen(15, 30)}), xen(1, 30));
}

TEST(ConsoleMerge, OneCommonLineMayBeChance) {
  const std::string again = "(XEN) Brought up 4 CPUs\n";
  EXPECT_EQ(read({"(XEN) a\n" + again, again + "(XEN) b\n"}),
            "(XEN) a\n" + again + again + "(XEN) b\n");
}

TEST(ConsoleMerge, CutLastLine) {
  const std::string cut = xen(1, 12) + "(XEN) [   13.0000";
  EXPECT_EQ(read({cut, xen(8, 20)}), xen(1, 20));
  EXPECT_EQ(read({cut, xen(1, 20)}), xen(1, 20));
  EXPECT_EQ(read({xen(1, 20), cut}), xen(1, 20));
  // At the very end it is all there is.
  EXPECT_EQ(read({cut, xen(5, 12)}), cut);
  EXPECT_EQ(read({xen(5, 12), cut}), cut);
  // The longer of two.
  EXPECT_EQ(read({xen(1, 12) + "(XEN) [   13", cut}), cut);
}

TEST(ConsoleMerge, WholeLastLineWithoutLf) {
  std::string text = xen(1, 12);
  text.pop_back();
  EXPECT_EQ(read({text, xen(11, 20)}), xen(1, 20));
  EXPECT_EQ(read({text, xen(12, 20)}), text + xen(12, 20));
}

TEST(ConsoleMerge, PrefixesAndLineEndsDoNotMatter) {
  std::string syslog;
  for (int i = 5; i <= 9; ++i) syslog += "Oct 14 09:19:28 VM hypervisor: " + xen(i);
  EXPECT_EQ(read({xen(1, 20), syslog}), xen(1, 20));
  std::string crlf;
  for (int i = 5; i <= 9; ++i) {
    crlf += "> " + xen(i);
    crlf.insert(crlf.size() - 1, "\r");
  }
  EXPECT_EQ(read({xen(1, 20), crlf}), xen(1, 20));
}

TEST(ConsoleMerge, SerialLogWithLinuxLinesIsPreferred) {
  const std::string serial = xen(5, 7) + linux_line(1) + xen(8, 9) + linux_line(2);
  EXPECT_EQ(read({xen(1, 20), serial}),
            xen(1, 4) + xen(5, 7) + linux_line(1) + xen(8, 9) + linux_line(2) + xen(10, 20));
  EXPECT_EQ(read({serial, xen(1, 20)}), read({xen(1, 20), serial}));
  EXPECT_EQ(read({xen(1, 7), serial}), xen(1, 4) + serial);
  EXPECT_EQ(read({serial, xen(8, 20)}), serial + xen(10, 20));
}

TEST(ConsoleMerge, LinuxLinesOfBothCopiesAreReadOnce) {
  const std::string first = xen(1, 3) + linux_line(1) + xen(4, 6) + linux_line(2);
  const std::string second = xen(4, 6) + linux_line(2) + xen(7, 9) + linux_line(3);
  EXPECT_EQ(read({first, second}),
            xen(1, 3) + linux_line(1) + xen(4, 6) + linux_line(2) + xen(7, 9) + linux_line(3));
}

TEST(ConsoleMerge, WhatOnlyTheDroppedCopySaysIsKept) {
  const std::string rich = xen(1, 3) + linux_line(1) + linux_line(2) + xen(4, 6);
  const std::string poor =
      linux_line(7) + xen(2, 3) + linux_line(1) + xen(4) + linux_line(9) + xen(5);
  const Texts texts{rich, poor};
  const std::string all = read(texts);
  for (const int number : {1, 2, 7, 9}) {
    const std::string line = linux_line(number);
    const std::size_t at = all.find(line);
    ASSERT_NE(at, std::string::npos) << line;
    EXPECT_EQ(all.find(line, at + 1), std::string::npos) << line;
  }
  const auto slices = merge(texts);
  EXPECT_TRUE(std::any_of(slices.begin(), slices.end(),
                          [](const TextSlice& slice) { return slice.xen_lines_known; }));
  for (int i = 1; i <= 6; ++i) {
    const std::size_t at = all.find(xen(i));
    ASSERT_NE(at, std::string::npos);
    EXPECT_EQ(all.find(xen(i), at + 1), std::string::npos);
  }
}

TEST(ConsoleMerge, TheRestOfACutLineIsNotKept) {
  const std::string tail = "0000] macb eth0: message\n" + xen(5, 9);
  EXPECT_EQ(read({xen(1, 9) + linux_line(1), tail}), xen(1, 9) + linux_line(1));
}

TEST(ConsoleMerge, UnrelatedTextsInOrderOfTheirStamps) {
  EXPECT_EQ(read({xen(50, 60), xen(1, 9)}), xen(1, 9) + xen(50, 60));
  const std::string wall_late = "(XEN) [2026-11-23 09:15:02] a\n(XEN) [2026-11-23 09:15:03] b\n";
  const std::string wall_early = "(XEN) [2026-11-22 09:15:02.114] c\n";
  EXPECT_EQ(read({wall_late, wall_early}), wall_early + wall_late);
  // Texts that cannot be compared keep their places.
  const std::string plain = "[    1.000000] Linux version 6.1\n";
  EXPECT_EQ(read({xen(50, 60), plain, xen(1, 9)}), xen(1, 9) + plain + xen(50, 60));
  EXPECT_EQ(read({"(XEN) b\n", "(XEN) a\n"}), "(XEN) b\n(XEN) a\n");
  // Cycles say nothing; the first stamp that can be compared counts.
  EXPECT_EQ(read({"(XEN) [0000000000000001] x\n" + xen(9), xen(2)}),
            xen(2) + "(XEN) [0000000000000001] x\n" + xen(9));
}

TEST(ConsoleMerge, IdenticalTextsWithoutXenAreReadOnce) {
  EXPECT_EQ(read({linux_line(1), linux_line(1)}), linux_line(1));
  EXPECT_EQ(read({linux_line(1), linux_line(2)}), linux_line(1) + linux_line(2));
}

TEST(ConsoleMerge, RepeatedUnstampedLines) {
  const std::string fault = "(XEN) smmu: /smmu@fd800000: Unhandled context fault\n";
  EXPECT_EQ(read({fault + fault + fault, fault + fault}), fault + fault + fault);
  EXPECT_EQ(read({"(XEN) a\n" + fault + fault, fault + fault + "(XEN) b\n"}),
            "(XEN) a\n" + fault + fault + "(XEN) b\n");
}

TEST(ConsoleMerge, GluedAndBinaryLines) {
  const std::string shell = "root@dom0:~# (XEN) one\n(XEN) two\n(XEN) three\n";
  EXPECT_EQ(read({shell, "(XEN) two\n(XEN) three\n(XEN) four\n"}), shell + "(XEN) four\n");
  const std::string binary("\0\xff(XEN)\0\n\n\r\n(XEN)", 15);
  EXPECT_EQ(read({binary, binary}), binary);
  EXPECT_EQ(read({binary, xen(1, 3)}).size(), binary.size() + xen(1, 3).size());
}

TEST(ConsoleMerge, ManyTexts) {
  Texts texts;
  std::string all;
  for (int i = 0; i < 50; ++i) {
    texts.push_back(xen(i * 10, i * 10 + 12));
    all += i == 0 ? texts.back() : xen(i * 10 + 3, i * 10 + 12);
  }
  std::reverse(texts.begin(), texts.begin() + 30);
  const std::string merged = read(texts);
  // The first 32 are aligned; those beyond are kept as they are.
  EXPECT_TRUE(merged.starts_with(xen(0, 322)));
  for (int i = 0; i <= 502; ++i) EXPECT_NE(merged.find(xen(i)), std::string::npos);
}

// Each of these would take minutes if time grew with the square of the size.
TEST(ConsoleMerge, HostileTextsStayLinear) {
  std::string same;
  std::string periodic;
  std::string empty_lines(2'000'000, '\n');
  for (int i = 0; i < 200'000; ++i) {
    same += "(XEN) a\n";
    periodic += i % 1000 == 999 ? "(XEN) b\n" : "(XEN) a\n";
  }
  const Texts texts{same,
                    same + "(XEN) b\n",
                    periodic,
                    "(XEN) b\n" + same,
                    empty_lines,
                    periodic + same,
                    std::string(1'000'000, '(')};
  EXPECT_FALSE(merge(texts).empty());
}

TEST(ConsoleMerge, ManyRunsInDroppedCopiesAreBounded) {
  std::string kept;
  std::string dropped;
  for (int i = 0; i < 20'000; ++i) {
    const std::string number = std::to_string(i);
    kept += "(XEN) x" + number + "\nknown " + number + "\nmore " + number + "\n";
    dropped += "(XEN) x" + number + "\nknown " + number + "\n";
    if (i % 2 == 0) dropped += "own " + number + "\n";
  }
  const Texts texts{kept, dropped};
  EXPECT_LT(merge(texts).size(), 5'000U);
  const std::string all = read(texts);
  for (int i = 0; i < 20'000; i += 1000) {
    ASSERT_NE(all.find("own " + std::to_string(i) + "\n"), std::string::npos) << i;
  }
}

}  // namespace
}  // namespace xic
