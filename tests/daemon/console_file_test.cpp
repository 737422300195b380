// A log in the place of the ring: each byte keeps its place over rotations and restarts.
#include "daemon/console_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/daemon/watcher_test_support.h"
#include "tests/scratch.h"

namespace xic::daemon {
namespace {

using testing::fault_line;
using testing::kSecond;

class ConsoleFileTest : public testing::DaemonTest {
 protected:
  /// A daemon that reads the log, as main() puts it together.
  void follow() {
    log_ = std::make_unique<ConsoleFile>(
        path_, StateFile(&history_files, &state_files, "console.json"),
        [this] { return std::string(31, '0') + std::to_string(names_++); });
    Ports ports = host.ports();
    ports.console = log_.get();
    watcher = std::make_unique<Watcher>(
        ports, Powers{}, Outputs{&journal, &history_files, &published, &state_files},
        Identity{"1.0-test", 4711, epoch, [this] { return log_->epoch(); }, "file:" + path_},
        settings);
    watcher->poll();
  }
  void write(std::string_view text, std::ios::openmode mode = std::ios::app) const {
    std::ofstream(path_, mode) << text;
  }
  void rotate() const { std::filesystem::rename(path_, path_ + ".1"); }
  [[nodiscard]] std::size_t distinct() const {
    const auto ids = recorded();
    return std::set<std::string>(ids.begin(), ids.end()).size();
  }

  test::Scratch files_;
  std::string path_ = files_.path("hypervisor.log");
  std::unique_ptr<ConsoleFile> log_;
  int names_ = 0;
};

TEST_F(ConsoleFileTest, AFaultKeepsItsIdOverRestarts) {
  write("(XEN) Xen version 4.14.1\n" + fault_line(0x97f75148));
  follow();
  EXPECT_TRUE(watcher->ready());
  ASSERT_EQ(recorded().size(), 1U);
  EXPECT_EQ(recorded()[0], std::string(31, '0') + "0:25");
  for (int i = 0; i < 3; ++i) {
    kill();
    write(fault_line(0x97f80148 + 0x1000 * static_cast<std::uint64_t>(i)));
    follow();
  }
  EXPECT_EQ(recorded().size(), 4U);
  EXPECT_EQ(distinct(), 4U);
  EXPECT_EQ(names_, 1);
}

TEST_F(ConsoleFileTest, OverARotationWhileItWatches) {
  write(fault_line(0x90000148));
  follow();
  write(fault_line(0x90001148));
  rotate();
  write(fault_line(0x90002148), std::ios::trunc);
  pass(2 * kSecond);
  EXPECT_EQ(recorded().size(), 3U);
  kill();
  write(fault_line(0x90003148));
  follow();
  EXPECT_EQ(recorded().size(), 4U);
  EXPECT_EQ(distinct(), 4U);
  EXPECT_EQ(names_, 1);
  EXPECT_EQ(watcher->status().console.lost_bytes, 0U);
}

TEST_F(ConsoleFileTest, OverATruncationWhileItWatches) {
  write(fault_line(0x90000148) + fault_line(0x90001148));
  follow();
  write(fault_line(0x90002148), std::ios::trunc);
  pass(2 * kSecond);
  kill();
  follow();
  EXPECT_EQ(recorded().size(), 3U);
  EXPECT_EQ(distinct(), 3U);
}

TEST_F(ConsoleFileTest, AFileThatTookItsPlaceWhileNobodyWatchedIsATextOfItsOwn) {
  write(fault_line(0x90000148));
  follow();
  kill();
  // Copied away and cut, and grown beyond where it was.
  write("(XEN) later\n" + fault_line(0x90001148) + fault_line(0x90002148), std::ios::trunc);
  follow();
  EXPECT_EQ(recorded().size(), 3U);
  EXPECT_EQ(distinct(), 3U);
  EXPECT_EQ(names_, 2);
}

TEST_F(ConsoleFileTest, OneThatIsNotThereYetIsWaitedFor) {
  follow();
  EXPECT_FALSE(watcher->ready());
  EXPECT_EQ(troubles("console", EventKind::trouble), 1U);
  write(fault_line(0x90000148));
  pass(2 * kSecond);
  EXPECT_TRUE(watcher->ready());
  EXPECT_EQ(recorded().size(), 1U);
}

TEST_F(ConsoleFileTest, AReadOnlyStateDirectoryIsNoReasonToStopWatching) {
  disk.log.fail("replace", xic::testing::failure(EROFS, Error::Code::denied));
  write(fault_line(0x90000148));
  follow();
  write(fault_line(0x90001148));
  pass(2 * kSecond);
  EXPECT_EQ(told(EventKind::fault), 2U);
}

TEST_F(ConsoleFileTest, ADamagedMemoryIsNone) {
  write(fault_line(0x90000148));
  for (const char* text : {"", "{", "[]", "{\"epoch\":7}",
                           "{\"epoch\":\"x\",\"device\":1,\"inode\":2,\"head_bytes\":99999999,"
                           "\"head_hash\":1,\"base\":0}"}) {
    disk.files["console.json"] = text;
    follow();
    EXPECT_TRUE(watcher->ready());
    kill();
  }
}

}  // namespace
}  // namespace xic::daemon
