// What the daemon's cursor rests on: from where a text must be read again.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/observer.h"

namespace xic {
namespace {

constexpr std::string_view kFault =
    "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x8424cb148, "
    "fsynr=0xb0001, cb=0\n";
constexpr std::string_view kHeader =
    "(XEN) smmu: /smmu@fd800000: Unexpected global fault, this could be serious\n";
constexpr std::string_view kRegisters =
    "(XEN) smmu: /smmu@fd800000:      GFSR 0x80000002, GFSYNR0 0x0, GFSYNR1 0x10, GFSYNR2 0x0\n";
constexpr std::uint64_t kBase = 1000;

class Unsettled : public ::testing::Test {
 protected:
  void feed(std::string_view text) { observer.feed(input, text); }
  [[nodiscard]] std::uint64_t from() const { return observer.unsettled_from(input) - kBase; }

  Observer observer;
  Observer::InputId input =
      observer.open_input({.name = "console", .repair_pastes = false, .base_offset = kBase});
};

TEST_F(Unsettled, WholeLinesAreSettled) {
  feed(kFault);
  EXPECT_EQ(from(), kFault.size());
}

TEST_F(Unsettled, ALineUnderWayIsNot) {
  feed(kFault);
  feed(kFault.substr(0, 30));
  EXPECT_EQ(from(), kFault.size());
  feed(kFault.substr(30));
  EXPECT_EQ(from(), 2 * kFault.size());
}

TEST_F(Unsettled, AFaultThatWaitsForItsSecondLineIsNot) {
  feed(kHeader);
  feed(kFault);
  EXPECT_EQ(from(), 0U);
  feed(kRegisters);
  EXPECT_EQ(from(), kHeader.size() + kFault.size() + kRegisters.size());
}

TEST_F(Unsettled, SettlingTakesItAsItIs) {
  feed(kHeader);
  observer.settle();
  EXPECT_EQ(from(), kHeader.size());
}

TEST_F(Unsettled, AnEndlessLineIsReadAgainFromItsBeginning) {
  feed(kFault);
  const std::string endless(200'000, 'x');
  feed(endless);
  EXPECT_EQ(from(), kFault.size());
  feed("\n");
  EXPECT_EQ(from(), kFault.size() + endless.size() + 1);
}

TEST_F(Unsettled, BehindAGapTheFirstLineMayBeAnybodys) {
  struct Authors final : FaultListener {
    void on_fault(const Fault& fault, std::optional<std::size_t>, bool) override {
      uncertain.push_back(fault.mid_line);
      offsets.push_back(fault.offset);
    }
    std::vector<bool> uncertain;
    std::vector<std::uint64_t> offsets;
  } authors;
  observer.set_listener(&authors);
  feed(kFault.substr(0, 40));
  observer.skip(input, 500);
  feed(kFault);
  feed(kFault);
  EXPECT_EQ(authors.uncertain, (std::vector<bool>{true, false}));
  EXPECT_EQ(authors.offsets,
            (std::vector<std::uint64_t>{kBase + 540, kBase + 540 + kFault.size()}));
  EXPECT_EQ(from(), 540 + 2 * kFault.size());
}

}  // namespace
}  // namespace xic
