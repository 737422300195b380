// The fakes behave as what they stand for, where tests rely on it.
#include "tests/fakes/fake_ports.h"

#include <gtest/gtest.h>

namespace xic::testing {
namespace {

std::string text_of(FakeConsoleRing* ring, RingIndex after, RingIndex* end) {
  char buffer[64];
  const auto read = ring->read(after, buffer);
  *end = read->end;
  return {buffer, read->count};
}

TEST(FakeConsoleRing, ReadsOnFromAnIndexInTheRing) {
  FakeConsoleRing ring(8);
  RingIndex end;
  ring.print("abc");
  EXPECT_EQ(text_of(&ring, RingIndex{0}, &end), "abc");
  ring.print("de");
  EXPECT_EQ(text_of(&ring, end, &end), "de");
  EXPECT_EQ(end, RingIndex{5});
}

TEST(FakeConsoleRing, StartsAtTheOldestByteWhereTheIndexWasOverwritten) {
  FakeConsoleRing ring(4, 0xfffffffe);
  ring.print("abcdefgh");  // The indices wrap on the way.
  RingIndex end;
  EXPECT_EQ(text_of(&ring, RingIndex{0xffffffff}, &end), "efgh");
  EXPECT_EQ(end, RingIndex{6});
  EXPECT_EQ(*ring.oldest(), RingIndex{2});
}

TEST(CallLog, FailsTheNthCallOrEveryOne) {
  FakeStore store;
  store.values["/a"] = "1";
  store.log.fail("read", failure(EIO), 2);
  EXPECT_TRUE(store.read("/a").has_value());
  EXPECT_EQ(store.read("/a").error().sys_errno, EIO);
  EXPECT_TRUE(store.read("/a").has_value());
  EXPECT_EQ(store.log.count("read"), 3U);
}

TEST(FakeStore, TellsAbsentFromEmptyAndListsChildren) {
  FakeStore store;
  store.values["/x/1/a"] = "";
  store.values["/x/2"] = "b";
  EXPECT_EQ(store.read("/x/1/a")->value(), "");
  EXPECT_FALSE(store.read("/x/3")->has_value());
  EXPECT_EQ(store.list("/x")->value(), (std::vector<std::string>{"1", "2"}));
  EXPECT_FALSE(store.list("/y")->has_value());
}

}  // namespace
}  // namespace xic::testing
