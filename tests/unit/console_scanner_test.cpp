// All ways to search give the same answer as a plain one.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/literal_scanner.h"

namespace xic {
namespace {

using Kernel = LiteralScanner::Kernel;

std::vector<Kernel> kernels() {
  std::vector<Kernel> supported;
  for (const Kernel kernel : {Kernel::scalar, Kernel::vector16, Kernel::ssse3, Kernel::avx2}) {
    if (LiteralScanner::is_supported(kernel)) supported.push_back(kernel);
  }
  return supported;
}

/// The index of the first line of `text` that holds one of `literals`; -1 if none does.
int first_line_plainly(const std::vector<std::string_view>& literals, std::string_view text) {
  int line = 0;
  for (std::size_t begin = 0; begin <= text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view content = text.substr(begin, end - begin);
    for (const std::string_view literal : literals) {
      if (content.find(literal) != std::string_view::npos) return line;
    }
    begin = end + 1;
  }
  return -1;
}

int first_line(const LiteralScanner& scanner, std::string_view text) {
  // A copy of exact size, so that a sanitizer sees a read past the end.
  const std::vector<char> copy(text.begin(), text.end());
  const char* const begin = copy.data();
  const char* const hit = scanner.find(begin, begin + copy.size());
  return hit == nullptr ? -1 : static_cast<int>(std::count(begin, hit, '\n'));
}

const std::vector<std::string_view> kLiterals = {"smmu: ",
                                                 "SMMUv3: ",
                                                 "ipmmu: ",
                                                 "arm-smmu",
                                                 "DMAR",
                                                 "AMD-Vi",
                                                 "[0x",
                                                 "Xen version",
                                                 "= \"",
                                                 "System RAM",
                                                 "BANK[",
                                                 "gnttab_usage",
                                                 "virt_caps",
                                                 "HRESP",
                                                 "build-id",
                                                 "Linux version",
                                                 "a literal of thirty-two bytes ok"};

TEST(ConsoleScanner, TheBestKernelIsSupported) {
  EXPECT_TRUE(LiteralScanner::is_supported(LiteralScanner::best_kernel()));
  EXPECT_TRUE(LiteralScanner::is_supported(Kernel::scalar));
}

TEST(ConsoleScanner, FindsEachLiteralAtEachPlace) {
  for (const Kernel kernel : kernels()) {
    for (const bool tuned : {false, true}) {
      LiteralScanner scanner(kLiterals, kernel);
      if (tuned) scanner.tune("(XEN) smmu: /smmu@fd800000: x\n[    0.000000] Linux version 6\n");
      for (const std::string_view literal : kLiterals) {
        for (std::size_t before = 0; before < 70; ++before) {
          for (const std::size_t after : {0U, 1U, 2U, 3U, 40U}) {
            std::string text(before, 'x');
            text.append(literal).append(after, 'y');
            ASSERT_EQ(first_line(scanner, text), 0)
                << literal << " at " << before << " kernel " << static_cast<int>(kernel);
            // One byte less is no literal, unless another stands in it.
            const std::string_view cut =
                std::string_view(text).substr(0, before + literal.size() - 1);
            ASSERT_EQ(first_line(scanner, cut), first_line_plainly(kLiterals, cut)) << cut;
          }
        }
      }
    }
  }
}

TEST(ConsoleScanner, NothingInNothing) {
  for (const Kernel kernel : kernels()) {
    const LiteralScanner scanner(kLiterals, kernel);
    EXPECT_EQ(scanner.find(nullptr, nullptr), nullptr);
    EXPECT_EQ(first_line(scanner, ""), -1);
    EXPECT_EQ(first_line(scanner, std::string(1000, '\0')), -1);
    const LiteralScanner without({}, kernel);
    EXPECT_EQ(first_line(without, std::string(1000, 's')), -1);
  }
}

TEST(ConsoleScanner, LiteralsThatNoLineHoldsAreLeftOut) {
  const std::vector<std::string_view> literals = {"", "a\nb", "zz"};
  for (const Kernel kernel : kernels()) {
    const LiteralScanner scanner(literals, kernel);
    EXPECT_EQ(first_line(scanner, "a\nb" + std::string(50, 'x')), -1);
    EXPECT_EQ(first_line(scanner, "\nzz"), 1);
  }
}

TEST(ConsoleScanner, LiteralDoesNotSpanLines) {
  const LiteralScanner scanner(kLiterals);
  EXPECT_EQ(first_line(scanner, "arm-\nsmmu" + std::string(50, 'x')), -1);
}

TEST(ConsoleScanner, BytesAboveAsciiMatchToo) {
  const std::vector<std::string_view> literals = {"\xff\xfe\x80", "[0x", "\xc3\xa9t\xc3\xa9"};
  for (const Kernel kernel : kernels()) {
    LiteralScanner scanner(literals, kernel);
    for (int round = 0; round < 2; ++round) {
      for (std::size_t before = 0; before < 40; ++before) {
        const std::string start(before, 'x');
        EXPECT_EQ(first_line(scanner, start + "\xff\xfe\x80" + std::string(40, 'x')), 0);
        EXPECT_EQ(first_line(scanner, start + "[0x\xff\xff" + std::string(40, 'x')), 0);
        EXPECT_EQ(first_line(scanner, start + "\xc3\xa9t\xc3\xa9" + std::string(40, 'x')), 0);
        EXPECT_EQ(first_line(scanner, start + "\xff\xfe\x81" + std::string(40, 'x')), -1);
      }
      scanner.tune("\xff\xfe\x81 \xff\xff [0x12 [0y12");
    }
  }
}

TEST(ConsoleScanner, ATunedOneHasLessToLookAt) {
  std::string text;
  for (int i = 0; i < 500; ++i) {
    text +=
        "(XEN) d1v0 System time, RAM and arms; /smmu@fd800000 " + std::to_string(i * 7919) + '\n';
  }
  const auto places = [&](const LiteralScanner& scanner) {
    const char* const end = text.data() + text.size();
    std::size_t count = 0;
    for (const char* at = text.data(); at != end; ++at)
      count += scanner.may_begin_at(at, end) ? 1 : 0;
    return count;
  };
  LiteralScanner scanner(kLiterals);
  const std::size_t before = places(scanner);
  scanner.tune(text);
  EXPECT_LT(places(scanner), before / 10);
}

/// Texts of few different bytes and parts of the literals, in which nearly everything looks like a
/// literal.
TEST(ConsoleScanner, AllKernelsAgreeWithAPlainSearch) {
  std::mt19937 random(20211);
  const auto below = [&](std::size_t bound) { return std::size_t{random()} % bound; };
  for (int round = 0; round < 30; ++round) {
    std::vector<std::string> own;
    std::vector<std::string_view> literals;
    if (round % 2 == 0) {
      literals = kLiterals;
    } else {
      for (std::size_t i = 0; i < 1 + below(40); ++i) {
        std::string literal;
        for (std::size_t n = 1 + below(12); n != 0; --n) {
          literal += static_cast<char>('a' + below(5));
        }
        own.push_back(literal);
      }
      literals.assign(own.begin(), own.end());
    }
    std::string text;
    while (text.size() < 300) {
      const std::string_view literal = literals[below(literals.size())];
      switch (below(5)) {
        case 0:
          text += literal.substr(below(literal.size()));
          break;
        case 1:
          text += literal.substr(0, below(literal.size()));
          break;
        case 2:
          text += '\n';
          break;
        case 3:
          text += below(60) == 0 ? literal : literal.substr(0, literal.size() - 1);
          break;
        default:
          text += static_cast<char>(random() & 0xffU);
      }
    }
    const int expected = first_line_plainly(literals, text);
    for (const Kernel kernel : kernels()) {
      LiteralScanner scanner(literals, kernel);
      ASSERT_EQ(first_line(scanner, text), expected) << static_cast<int>(kernel);
      scanner.tune(text);
      ASSERT_EQ(first_line(scanner, text), expected) << static_cast<int>(kernel);
      scanner.tune("");
      ASSERT_EQ(first_line(scanner, text), expected) << static_cast<int>(kernel);
    }
  }
}

}  // namespace
}  // namespace xic
