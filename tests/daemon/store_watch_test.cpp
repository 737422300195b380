#include "daemon/store_watch.h"

#include <gtest/gtest.h>

#include "tests/live/sample_hosts.h"

namespace xic::daemon {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

/// An xenstored that takes its time for each answer.
class SlowStore final : public Store {
 public:
  SlowStore(Store* store, xic::testing::ManualClock* clock) : store_(store), clock_(clock) {}
  std::uint64_t each = 0;
  Expected<std::optional<std::string>> read(const std::string& path) override {
    clock_->advance(each);
    return store_->read(path);
  }
  Expected<std::optional<std::vector<std::string>>> list(const std::string& path) override {
    return store_->list(path);
  }
  Expected<void> watch(const std::string& path, const std::string& token) override {
    return store_->watch(path, token);
  }
  Expected<std::optional<StoreEvent>> next_event() override { return store_->next_event(); }
  Expected<int> event_fd() override { return store_->event_fd(); }

 private:
  Store* store_;
  xic::testing::ManualClock* clock_;
};

class StoreWatchTest : public ::testing::Test {
 protected:
  StoreWatchTest() { xic::testing::fill(&host); }
  [[nodiscard]] std::size_t devices() { return observer.snapshot().backends.devices.size(); }
  /// Looks until nothing more is due; how often it looked.
  int look_until_done() {
    int looks = 0;
    do {
      EXPECT_TRUE(watch.look());
      ++looks;
      if (const auto next = watch.next_look(); next && *next > host.clock.uptime()) {
        host.clock.advance(*next - host.clock.uptime());
      }
    } while (watch.next_look() && looks < 20);
    return looks;
  }

  xic::testing::FakeHost host;
  SlowStore store{&host.store, &host.clock};
  Observer observer;
  StoreWatch watch{&store, &host.clock, &observer};
};

TEST_F(StoreWatchTest, OneListingWhereXenstoredIsQuick) {
  EXPECT_EQ(look_until_done(), 1);
  EXPECT_EQ(devices(), 1U);
}

TEST_F(StoreWatchTest, ASlowOneIsGivenMoreTime) {
  store.each = 100 * kMs;
  EXPECT_GT(look_until_done(), 1);
  EXPECT_EQ(devices(), 1U);
}

TEST_F(StoreWatchTest, HalfAListingTakesNoPlaceOfAWholeOne) {
  (void)look_until_done();
  store.each = 900 * kMs;
  host.store.events.push_back({"@introduceDomain", "xen-iommud"});
  (void)watch.look();
  EXPECT_EQ(devices(), 1U);
  store.each = 0;
  (void)look_until_done();
  EXPECT_EQ(devices(), 1U);
}

TEST_F(StoreWatchTest, TakesASmallPartOfTheTime) {
  store.each = 20 * kMs;
  const std::uint64_t began = host.clock.uptime();
  EXPECT_TRUE(watch.look());
  const std::uint64_t took = host.clock.uptime() - began;
  host.store.events.push_back({"@introduceDomain", "xen-iommud"});
  EXPECT_TRUE(watch.look());
  ASSERT_TRUE(watch.next_look());
  EXPECT_GE(*watch.next_look() - began, took * StoreWatch::kShare);
}

}  // namespace
}  // namespace xic::daemon
