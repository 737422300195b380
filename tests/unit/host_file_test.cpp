#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "host/capture/file.h"
#include "tests/unit/host_scratch.h"

namespace xic {
namespace {

using test::Scratch;

TEST(UniqueFd, ClosesOnceAndMoves) {
  UniqueFd a(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = a.get();
  UniqueFd b(std::move(a));
  EXPECT_FALSE(a.valid());  // NOLINT(bugprone-use-after-move): that is what is tested.
  EXPECT_EQ(b.get(), number);
  UniqueFd c;
  c = std::move(b);
  EXPECT_EQ(::fcntl(number, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
  c.reset();
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(OpenForReading, SaysWhyNot) {
  const Scratch scratch;
  const auto missing = open_for_reading(scratch.path("nothing"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Error::Code::not_found);
  EXPECT_EQ(missing.error().sys_errno, ENOENT);
  EXPECT_NE(missing.error().message.find("nothing"), std::string::npos);

  const auto folder = open_for_reading(scratch.path());
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, Error::Code::io);
  EXPECT_NE(folder.error().hint.find("--capture"), std::string::npos);
}

TEST(SystemError, DeniedIsACodeOfItsOwn) {
  EXPECT_EQ(system_error("x", EACCES).code, Error::Code::denied);
  EXPECT_EQ(system_error("x", EPERM).code, Error::Code::denied);
  EXPECT_EQ(system_error("x", EIO).code, Error::Code::io);
}

TEST(ReadUpTo, TellsWhetherMoreFollows) {
  const Scratch scratch;
  const std::string path = scratch.write("f", std::string(10, 'x'));
  for (const auto& [limit, whole] :
       {std::pair<std::size_t, bool>{9, false}, {10, true}, {11, true}}) {
    const auto fd = open_for_reading(path);
    ASSERT_TRUE(fd);
    std::string bytes;
    const auto done = read_up_to(fd->get(), limit, "f", &bytes);
    ASSERT_TRUE(done);
    EXPECT_EQ(*done, whole) << limit;
    EXPECT_EQ(bytes.size(), 10U) << limit;
  }
}

TEST(ReadUpTo, AnErrorWhileReadingIsReported) {
  std::string bytes;
  EXPECT_FALSE(read_up_to(-1, 10, "closed", &bytes));
  EXPECT_FALSE(read_up_to(-1, 0, "closed", &bytes));
  EXPECT_TRUE(bytes.empty());
}

}  // namespace
}  // namespace xic
