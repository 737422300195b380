#include "core/backend/tx_ring.h"

#include <gtest/gtest.h>

namespace xic {
namespace {

/// A page as a frontend writes it.
class PageWriter {
 public:
  PageWriter(std::uint32_t rsp_prod, std::uint32_t req_prod) : at_(rsp_prod) {
    put(0, req_prod, 4);
    put(8, rsp_prod, 4);
  }
  PageWriter& request(std::uint32_t ref, std::uint32_t offset, std::uint32_t size,
                      std::uint32_t flags = 0) {
    const std::size_t slot = next();
    put(slot, ref, 4);
    put(slot + 4, offset, 2);
    put(slot + 6, flags, 2);
    put(slot + 10, size, 2);
    return *this;
  }
  PageWriter& extra(bool more) {
    const std::size_t slot = next();
    put(slot, 1, 1);
    put(slot + 1, more ? 1 : 0, 1);
    put(slot + 4, 0xdead, 4);
    return *this;
  }
  [[nodiscard]] const std::vector<std::byte>& page() const { return page_; }

 private:
  std::size_t next() { return 64 + std::size_t{12} * (at_++ % 256); }
  void put(std::size_t at, std::uint32_t value, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) page_[at + i] = std::byte(value >> (8 * i) & 0xff);
  }
  std::uint32_t at_;
  std::vector<std::byte> page_ = std::vector<std::byte>(4096);
};

constexpr std::uint32_t kMoreData = 4;
constexpr std::uint32_t kExtraInfo = 8;

TEST(TxRing, AnIdleRingHasNothingInFlight) {
  const TxRingView view = parse_tx_ring(PageWriter(7, 7).page());
  EXPECT_EQ(view.in_flight, 0U);
  EXPECT_TRUE(view.requests.empty());
}

TEST(TxRing, RequestsOverTheEndOfTheRing) {
  const TxRingView view =
      parse_tx_ring(PageWriter(255, 257).request(0x10, 0x80, 200).request(0x11, 0, 60).page());
  ASSERT_EQ(view.requests.size(), 2U);
  EXPECT_EQ(view.in_flight, 2U);
  EXPECT_EQ(view.requests[0].ref, GrantRef{0x10});
  EXPECT_TRUE(view.requests[0].covers(0x80));
  EXPECT_TRUE(view.requests[0].covers(0x80 + 199));
  EXPECT_FALSE(view.requests[0].covers(0x80 + 200));
  EXPECT_FALSE(view.requests[0].covers(0x7f));
  EXPECT_EQ(view.requests[1].ref, GrantRef{0x11});
}

TEST(TxRing, ThirtyTwoBitIndicesWrap) {
  const TxRingView view =
      parse_tx_ring(PageWriter(0xffff'ffff, 1).request(1, 0, 100).request(2, 0, 100).page());
  EXPECT_EQ(view.requests.size(), 2U);
}

TEST(TxRing, ExtraInformationIsNoRequest) {
  const TxRingView view = parse_tx_ring(PageWriter(0, 5)
                                            .request(0x20, 0, 3000, kMoreData | kExtraInfo)
                                            .extra(true)
                                            .extra(false)
                                            .request(0x21, 0, 1000)
                                            .request(0x22, 0, 64)
                                            .page());
  ASSERT_EQ(view.requests.size(), 3U);
  EXPECT_EQ(view.in_flight, 5U);
  EXPECT_EQ(view.requests[0].ref, GrantRef{0x20});
  EXPECT_EQ(view.requests[0].size, 2000U) << "the packet's size less the other page's";
  EXPECT_EQ(view.requests[1].ref, GrantRef{0x21});
  EXPECT_EQ(view.requests[2].ref, GrantRef{0x22});
}

TEST(TxRing, HostileIndicesGiveNothing) {
  for (const std::uint32_t ahead : {257U, 0x8000'0000U, 0xffff'ffffU}) {
    const TxRingView view = parse_tx_ring(PageWriter(5, 5 + ahead).page());
    EXPECT_EQ(view.in_flight, 0U) << ahead;
    EXPECT_TRUE(view.requests.empty()) << ahead;
  }
  EXPECT_TRUE(parse_tx_ring(std::vector<std::byte>(4095)).requests.empty());
}

TEST(TxRing, WhatReachesOverItsPageIsLeftOut) {
  EXPECT_TRUE(parse_tx_ring(PageWriter(0, 1).request(1, 4000, 200).page()).requests.empty());
  EXPECT_TRUE(parse_tx_ring(PageWriter(0, 1).request(1, 0xffff, 0xffff).page()).requests.empty());
  EXPECT_EQ(parse_tx_ring(PageWriter(0, 1).request(1, 4000, 96).page()).requests.size(), 1U);
}

TEST(TxRing, AnyPageIsReadWithinItsBounds) {
  std::uint32_t random = 7;
  for (int round = 0; round < 500; ++round) {
    std::vector<std::byte> page(4096);
    for (std::byte& byte : page) {
      random = random * 1664525 + 1013904223;
      byte = std::byte(random >> 24);
    }
    for (int i : {1, 2, 3, 9, 10, 11}) page[static_cast<std::size_t>(i)] = std::byte{0};
    const TxRingView view = parse_tx_ring(page);
    EXPECT_LE(view.requests.size(), 256U);
    for (const TxRequest& request : view.requests) {
      EXPECT_LE(std::uint32_t{request.offset} + request.size, 4096U);
    }
  }
}

// Chains that never end stop where the requests do.
TEST(TxRing, EndlessChainsEnd) {
  PageWriter more(0, 256);
  for (int i = 0; i < 256; ++i) more.request(1, 0, 1, kMoreData);
  EXPECT_LE(parse_tx_ring(more.page()).requests.size(), 256U);
  PageWriter extra(0, 256);
  extra.request(1, 0, 100, kExtraInfo);
  for (int i = 0; i < 255; ++i) extra.extra(true);
  EXPECT_EQ(parse_tx_ring(extra.page()).requests.size(), 1U);
}

}  // namespace
}  // namespace xic
