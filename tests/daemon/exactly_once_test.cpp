// kill -9 at every write: nothing that is still in the ring is lost, nothing is recorded twice.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <utility>

#include "tests/daemon/watcher_test_support.h"

namespace xic::daemon {
namespace {

using testing::DaemonTest;
using testing::fault_line;
using testing::field;
using testing::Killed;
using testing::kMillisecond;
using testing::kSecond;

class ExactlyOnce : public DaemonTest {
 protected:
  ExactlyOnce() {
    host.console = xic::testing::FakeConsoleRing(1 << 17, first_index);
    journal.dies_with = &disk;
  }

  /// Something Xen may print; remembers where faults begin. A fault of two lines may have another
  /// between them.
  void print_something() {
    const std::uint64_t at = offset();
    switch (pick(7)) {
      case 0:
        print("(XEN) something of no interest\n");
        break;
      case 1:
        faults.insert(at);
        print("(XEN) smmu: /smmu@1: Unexpected global fault, this could be serious\n");
        second_half = true;
        break;
      case 2:
        // Two faults on one line.
        faults.insert(at);
        twice.insert(at);
        print(fault_line(0x70000000).substr(0, fault_line(0x70000000).size() - 1));
        print(fault_line(0x71000000));
        break;
      default:
        faults.insert(at);
        print(fault_line(0x70000000 + pick(90) * 4096));
    }
    if (second_half && pick(2) == 0) {
      second_half = false;
      print("(XEN) smmu: /smmu@1:      GFSR 0x80000002, GFSYNR0 0x0, GFSYNR1 0x10, GFSYNR2 0x0\n");
    }
  }
  void finish_halves() {
    if (!std::exchange(second_half, false)) return;
    print("(XEN) smmu: /smmu@1:      GFSR 0x80000002, GFSYNR0 0x0, GFSYNR1 0x10, GFSYNR2 0x0\n");
  }
  [[nodiscard]] std::uint64_t offset() const {
    return first_index + std::uint64_t{host.console.end().value() - first_index};
  }
  std::uint64_t pick(std::uint64_t below) { return random() % below; }

  /// One life of the daemon: prints and polls, and dies somewhere if told so.
  void live(unsigned rounds, unsigned die_at, std::size_t written) {
    disk.die_at(die_at, written);
    try {
      start();
      for (unsigned i = 0; i < rounds; ++i) {
        for (std::uint64_t n = pick(6); n != 0; --n) print_something();
        // A line may be half printed when it is read.
        const std::string line = fault_line(0x72000000);
        const std::size_t half = pick(line.size());
        faults.insert(offset());
        print(line.substr(0, half));
        rest = line.substr(half);
        watcher->poll();
        print(std::exchange(rest, {}));
        finish_halves();  // One interrupt prints both.
        pass(pick(400) * kMillisecond);
      }
    } catch (const Killed&) {
      // Xen prints on.
      print(std::exchange(rest, {}));
      finish_halves();
    }
    kill();
    disk.die_at(0);
  }

  void expect_each_once() {
    std::map<std::string, int> seen;
    for (const std::string& id : recorded()) ++seen[id];
    for (const auto& [id, count] : seen) EXPECT_EQ(count, 1) << id;
    std::set<std::string> wanted;
    for (const std::uint64_t at : faults) wanted.insert(to_string(epoch, {at, 0}));
    for (const std::uint64_t at : twice) wanted.insert(to_string(epoch, {at, 1}));
    std::set<std::string> found;
    for (const auto& [id, count] : seen) found.insert(id);
    for (const std::string& id : wanted) EXPECT_TRUE(found.contains(id)) << id << " is missing";
    for (const std::string& id : found) EXPECT_TRUE(wanted.contains(id)) << id << " is no fault";
  }

  std::mt19937_64 random;
  const std::uint32_t first_index = 0xffffc000;  // Wraps soon.
  std::set<std::uint64_t> faults;                ///< Where they begin.
  std::set<std::uint64_t> twice;                 ///< Lines with two.
  std::string rest;                              ///< Of the line that is half printed.
  bool second_half = false;
};

TEST_F(ExactlyOnce, OverAKillAtEveryOperation) {
  settings.history_size = 16 << 20;
  for (unsigned operation = 1; operation <= 60; ++operation) {
    random.seed(operation);
    live(6, operation, pick(900));
  }
  finish_halves();
  start();
  pass(5 * kSecond);
  expect_each_once();
}

TEST_F(ExactlyOnce, OverRandomKillsRestartsAndFullDisks) {
  settings.history_size = 16 << 20;
  random.seed(2026);
  for (int life = 0; life < 60; ++life) {
    disk.room = pick(4) == 0 ? pick(2000) : std::size_t{1} << 30;
    live(10, pick(5) == 0 ? 0 : static_cast<unsigned>(1 + pick(60)), pick(3000));
  }
  disk.room = std::size_t{1} << 30;
  finish_halves();
  start();
  pass(10 * kSecond);
  expect_each_once();
}

TEST_F(ExactlyOnce, ASmallHistoryTurnsOverWithoutRepeating) {
  settings.history_size = 64 * 1024;
  random.seed(7);
  std::map<std::string, int> ever;
  for (int life = 0; life < 60; ++life) {
    live(10, static_cast<unsigned>(1 + pick(60)), pick(3000));
    for (const std::string& id : recorded()) ever[id] = 0;
    for (const std::string& id : recorded()) EXPECT_EQ(++ever[id], 1) << id;
    for (const auto& [name, text] : disk.files) EXPECT_LT(text.size(), 128U * 1024U) << name;
  }
  finish_halves();
  start();
  pass(5 * kSecond);
  for (const std::string& id : recorded()) ever[id] = 1;
  EXPECT_EQ(ever.size(), faults.size() + twice.size());
}

TEST_F(ExactlyOnce, EachFaultIsInTheJournalOrCounted) {
  settings.history_size = 16 << 20;
  random.seed(99);
  for (int life = 0; life < 40; ++life) live(8, static_cast<unsigned>(1 + pick(60)), pick(900));
  finish_halves();
  start();
  pass(5 * kSecond);
  watcher->stop();
  std::set<std::string> told_once;
  std::uint64_t counted = 0;
  for (const Event& event : journal.events) {
    if (event.kind == EventKind::fault) told_once.insert(field(event, "EVENT_ID"));
    if (event.kind == EventKind::fault_summary) counted += std::stoull(field(event, "COUNT"));
    if (event.kind == EventKind::started) counted += std::stoull(field(event, "UNTOLD"));
  }
  EXPECT_GE(told_once.size() + counted, faults.size() + twice.size());
}

}  // namespace
}  // namespace xic::daemon
