// Journal files as journald writes them, made by systemd-journal-remote from the journal's export
// format.
#include "host/live/journal/journal_kernel_log.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/unit/host_scratch.h"

namespace xic {
namespace {

constexpr const char* kWriter = "/lib/systemd/systemd-journal-remote";

std::string this_boot() {
  std::string text;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), text);
  std::erase(text, '-');
  return text;
}

struct JournalTest : ::testing::Test {
  test::Scratch scratch;
  std::ostringstream entries;
  unsigned count = 0;

  void SetUp() override {
    if (::access(kWriter, X_OK) != 0) GTEST_SKIP() << "needs systemd-journal-remote";
  }

  /// The lines of one entry; those that every entry has are added.
  void entry(const std::string& fields, const std::string& boot = this_boot()) {
    ++count;
    entries << "__REALTIME_TIMESTAMP=" << 1'700'000'000'000'000 + count << '\n'
            << "__MONOTONIC_TIMESTAMP=" << 1000 + count << '\n'
            << "_BOOT_ID=" << boot << '\n'
            << fields << "\n";
  }
  void kernel(const std::string& stamp, const std::string& message) {
    entry("_TRANSPORT=kernel\nSYSLOG_FACILITY=0\nPRIORITY=6\n_SOURCE_MONOTONIC_TIMESTAMP=" + stamp +
          "\nMESSAGE=" + message + "\n");
  }
  /// Writes a file of what was entered so far.
  void write(const std::string& name = "system.journal") {
    const std::string text = scratch.write("export", entries.str());
    std::filesystem::create_directories(scratch.path("journal"));
    const std::string command = std::string(kWriter) +
                                " --output=" + scratch.path("journal/" + name) + " " + text +
                                " >/dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0);
    entries.str("");
  }
  [[nodiscard]] JournalKernelLog journal(
      JournalKernelLog::From from = JournalKernelLog::From::oldest) const {
    return JournalKernelLog(from, scratch.path("journal"));
  }
};

TEST_F(JournalTest, TheKernelsMessagesOfThisBoot) {
  kernel("68290307", "macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK");
  entry("_TRANSPORT=syslog\nSYSLOG_FACILITY=0\nMESSAGE=a program\n");
  entry(
      "_TRANSPORT=kernel\nSYSLOG_FACILITY=3\n_SOURCE_MONOTONIC_TIMESTAMP=1\n"
      "MESSAGE=a program through /dev/kmsg\n");
  entry("_TRANSPORT=kernel\nSYSLOG_FACILITY=0\n_SOURCE_MONOTONIC_TIMESTAMP=1\nMESSAGE=old\n",
        std::string(32, '1'));
  entry("_TRANSPORT=kernel\nSYSLOG_FACILITY=0\nMESSAGE=without a stamp\n");
  kernel("69000000", "last");
  write();
  JournalKernelLog log = journal();
  EXPECT_EQ(log.next().value(),
            "[   68.290307] macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK");
  EXPECT_EQ(log.next().value(), "[   69.000000] last");
  EXPECT_EQ(log.next().value(), std::nullopt);
  EXPECT_EQ(log.lost(), 0U);
}

TEST_F(JournalTest, AMessageOfSeveralLinesIsOneLine) {
  // The binary form of the export format: the length as 64 bits, little-endian.
  const std::string message = "a\n[    1.000000] b\x1b";
  std::string length(8, '\0');
  length[0] = static_cast<char>(message.size());
  entry("_TRANSPORT=kernel\nSYSLOG_FACILITY=0\n_SOURCE_MONOTONIC_TIMESTAMP=1\nMESSAGE\n" + length +
        message + "\n");
  write();
  EXPECT_EQ(journal().next().value(), R"([    0.000001] a\x0a[    1.000000] b\x1b)");
}

TEST_F(JournalTest, WhatJournaldMissedIsCounted) {
  kernel("1", "one");
  entry(
      "_TRANSPORT=driver\nMESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606\n"
      "MESSAGE=Missed 12 kernel messages\n");
  entry(
      "_TRANSPORT=driver\nMESSAGE_ID=f77379a8490b408bbe5f6940505a777b\nMESSAGE=Journal started\n");
  entry("_TRANSPORT=driver\nMESSAGE_ID=e9bf28e6e834481bb6f48f548ad13606\nMESSAGE=in other words\n");
  kernel("2", "two");
  write();
  JournalKernelLog log = journal();
  EXPECT_TRUE(log.next().value());
  EXPECT_EQ(log.lost(), 0U);
  EXPECT_TRUE(log.next().value());
  EXPECT_EQ(log.lost(), 13U) << "at least one where the number cannot be read";
}

TEST_F(JournalTest, FromNowOnlyWhatComes) {
  kernel("1", "before");
  write();
  JournalKernelLog log = journal(JournalKernelLog::From::now);
  EXPECT_EQ(log.next().value(), std::nullopt);
  kernel("2", "after");
  write("system@later.journal");
  pollfd readable{log.fd().value(), POLLIN, 0};
  ASSERT_EQ(::poll(&readable, 1, 10'000), 1);
  EXPECT_EQ(log.next().value(), "[    0.000002] after");
  EXPECT_EQ(log.next().value(), std::nullopt);
}

TEST_F(JournalTest, ALongJournalIsReadOnceAndFollowed) {
  constexpr unsigned kMany = 700;  // More than it walks through before it opens the journal anew.
  for (unsigned i = 0; i < kMany; ++i) kernel("1", std::to_string(i));
  write();
  JournalKernelLog log = journal();
  const int before = log.fd().value();
  for (unsigned i = 0; i < kMany; ++i) {
    ASSERT_EQ(log.next().value(), "[    0.000001] " + std::to_string(i));
  }
  EXPECT_EQ(log.next().value(), std::nullopt);
  EXPECT_NE(log.fd().value(), before) << "what was walked through is let go of";
  kernel("2", "after");
  write("system@later.journal");
  pollfd readable{log.fd().value(), POLLIN, 0};
  ASSERT_EQ(::poll(&readable, 1, 10'000), 1);
  EXPECT_EQ(log.next().value(), "[    0.000002] after");
  EXPECT_EQ(log.next().value(), std::nullopt);
}

TEST_F(JournalTest, AnEmptyJournalHasNothing) {
  entry("_TRANSPORT=syslog\nMESSAGE=x\n");
  write();
  EXPECT_EQ(journal().next().value(), std::nullopt);
  JournalKernelLog now = journal(JournalKernelLog::From::now);
  EXPECT_EQ(now.next().value(), std::nullopt);
}

TEST(Journal, AFolderThatIsNotThere) {
  JournalKernelLog log(JournalKernelLog::From::oldest, "/nowhere/journal");
  for (const Error& error : {log.next().error(), log.fd().error()}) {
    EXPECT_EQ(error.code, Error::Code::not_found);
    EXPECT_NE(error.hint.find("journald"), std::string::npos);
  }
}

}  // namespace
}  // namespace xic
