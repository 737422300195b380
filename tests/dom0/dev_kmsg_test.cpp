#include "host/live/dev_kmsg.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <variant>

#include "tests/unit/host_scratch.h"

namespace xic {
namespace {

/// What read(2) gives, call by call: a record or an errno. EAGAIN behind the last.
struct Script {
  std::deque<std::variant<std::string, int>> steps;
  std::size_t calls = 0;

  DevKmsg::Read reader() {
    return [this](int, void* buffer, std::size_t size) -> ssize_t {
      ++calls;
      if (steps.empty()) {
        errno = EAGAIN;
        return -1;
      }
      const auto step = steps.front();
      steps.pop_front();
      if (const int* error = std::get_if<int>(&step)) {
        errno = *error;
        return -1;
      }
      const auto& record = std::get<std::string>(step);
      EXPECT_LE(record.size(), size);
      std::memcpy(buffer, record.data(), record.size());
      return static_cast<ssize_t>(record.size());
    };
  }
};

std::string record(unsigned sequence, const std::string& text, unsigned priority = 6) {
  return std::to_string(priority) + ',' + std::to_string(sequence) + ",1000000,-;" + text + "\n";
}

struct DevKmsgTest : ::testing::Test {
  Script script;
  DevKmsg log{DevKmsg::From::oldest, "/dev/null", script.reader()};
};

TEST_F(DevKmsgTest, RecordsInOrderThenNothingForNow) {
  script.steps = {record(5, "one"), record(6, R"(two\x5c\x1b)")};
  EXPECT_EQ(log.next().value(), "[    1.000000] one");
  EXPECT_EQ(log.next().value(), R"([    1.000000] two\\x1b)");
  EXPECT_EQ(log.next().value(), std::nullopt);
  script.steps = {record(7, "three")};
  EXPECT_EQ(log.next().value(), "[    1.000000] three");
  EXPECT_EQ(log.lost(), 0U) << "what was gone before the first was not ours to lose";
}

TEST_F(DevKmsgTest, OverwrittenRecordsAreCounted) {
  script.steps = {record(5, "one"),   EPIPE, record(105, "two"), record(106, "three"), EPIPE, EPIPE,
                  record(110, "four")};
  while (log.next().value()) {
  }
  EXPECT_EQ(log.lost(), 99U + 3U);
}

TEST_F(DevKmsgTest, OverwrittenBeforeTheFirstIsAtLeastOne) {
  script.steps = {EPIPE, record(105, "one")};
  EXPECT_TRUE(log.next().value());
  EXPECT_EQ(log.lost(), 1U);
}

TEST_F(DevKmsgTest, ProgramsRecordsArePassedOverAndNotLost) {
  for (unsigned i = 0; i < 5000; ++i) script.steps.emplace_back(record(i, "systemd[1]: x", 30));
  script.steps.emplace_back(record(5000, "kernel"));
  EXPECT_EQ(log.next().value(), "[    1.000000] kernel");
  EXPECT_EQ(log.lost(), 0U);
}

TEST_F(DevKmsgTest, AnInterruptedReadIsRepeated) {
  script.steps = {EINTR, EINTR, record(1, "x")};
  EXPECT_TRUE(log.next().value());
  EXPECT_EQ(script.calls, 3U);
}

TEST_F(DevKmsgTest, EachErrnoIsAnErrorAndTheNextCallGoesOn) {
  for (const int number : {EPERM, EIO, EINVAL, EBADF, EFAULT}) {
    script.steps = {number, record(1, "x")};
    const auto error = log.next();
    ASSERT_FALSE(error);
    EXPECT_EQ(error.error().sys_errno, number);
    EXPECT_NE(error.error().message.find("/dev/null"), std::string::npos);
    EXPECT_EQ(error.error().code == Error::Code::denied, number == EPERM);
    EXPECT_TRUE(log.next().value());
  }
}

TEST_F(DevKmsgTest, WhatIsNoRecordIsAnError) {
  script.steps = {"hello\n"};
  EXPECT_EQ(log.next().error().code, Error::Code::malformed);
}

TEST(DevKmsg, AFileThatIsNotThere) {
  DevKmsg log(DevKmsg::From::oldest, "/nowhere/kmsg");
  for (const Error& error : {log.next().error(), log.fd().error()}) {
    EXPECT_EQ(error.code, Error::Code::not_found);
    EXPECT_EQ(error.sys_errno, ENOENT);
    EXPECT_NE(error.message.find("/nowhere/kmsg"), std::string::npos);
    EXPECT_NE(error.hint.find("journal"), std::string::npos);
  }
}

TEST(DevKmsg, WhatIsNotOnesOwnIsDenied) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may open anything";
  const test::Scratch scratch;
  const std::string path = scratch.write("kmsg", "");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  const Error error = DevKmsg(DevKmsg::From::oldest, path).next().error();
  EXPECT_EQ(error.code, Error::Code::denied);
  EXPECT_NE(error.hint.find("dmesg_restrict"), std::string::npos);
}

TEST(DevKmsg, AnEndIsNothingForNow) {
  DevKmsg log(DevKmsg::From::now, "/dev/null");
  EXPECT_EQ(log.next().value(), std::nullopt);
  EXPECT_GE(log.fd().value(), 0);
}

TEST(DevKmsg, ThisKernelsLog) {
  DevKmsg log(DevKmsg::From::oldest);
  const auto first = log.next();
  if (!first) GTEST_SKIP() << first.error().message;
  ASSERT_TRUE(*first) << "a kernel has said something";
  EXPECT_TRUE((*first)->starts_with("[")) << **first;
  while (log.next().value()) {
  }
  DevKmsg from_now(DevKmsg::From::now);
  EXPECT_TRUE(from_now.next());
}

}  // namespace
}  // namespace xic
