#include "host/live/xenstore_route.h"

#include <sys/stat.h>

#include <cerrno>

#include "tests/dom0/fake_xenstored.h"

namespace xic {
namespace {

using namespace std::chrono_literals;

TEST(XenstoreRoute, AsTheLibraryGoes) {
  ::unsetenv("XENSTORED_PATH");
  const auto routes = xenstore_routes();
  ASSERT_EQ(routes.size(), 3U);
  EXPECT_NE(routes[0].find("xenstored/socket"), std::string::npos);
  EXPECT_EQ(routes[1], "/dev/xen/xenbus");
  ::setenv("XENSTORED_PATH", "/elsewhere", 1);
  EXPECT_EQ(xenstore_routes(), std::vector<std::string>{"/elsewhere"});
  ::unsetenv("XENSTORED_PATH");
}

TEST(XenstoreRoute, TheNextIsTriedWhereOneCannotBeOpened) {
  testing::FakeXenstored daemon;
  EXPECT_TRUE(xenstore_answers({"/nowhere/socket", daemon.socket()}, 10s));
}

TEST(XenstoreRoute, WhoTakesAQuestionAndAnswersNoneIsAnErrorInTime) {
  // As /dev/xen/xenbus of a dom0 whose xenstored has died.
  testing::FakeXenstored daemon;
  daemon.tell(R"(["once", "0", "silent"])");
  const auto silent = xenstore_answers({"/nowhere/a", daemon.socket(), "/nowhere/b"}, 1ms);
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().sys_errno, ETIMEDOUT);
  EXPECT_EQ(silent.error().message.find("/nowhere/b"), std::string::npos)
      << "the library would not look further either";
  EXPECT_NE(silent.error().hint.find("xenstored"), std::string::npos);
}

TEST(XenstoreRoute, WhatSaysMostIsReported) {
  testing::FakeXenstored daemon;
  daemon.tell(R"(["stop"])");
  const auto error = xenstore_answers({"/nowhere/a", daemon.socket(), "/nowhere/b"}, 10s).error();
  EXPECT_EQ(error.sys_errno, ECONNREFUSED);
  for (const std::string& path : {std::string("/nowhere/a"), daemon.socket()}) {
    EXPECT_NE(error.message.find(path), std::string::npos) << error.message;
  }
  const auto none = xenstore_answers({"/nowhere/a", "/nowhere/b"}, 10s).error();
  EXPECT_EQ(none.code, Error::Code::not_found);
  EXPECT_NE(none.hint.find("Xen host"), std::string::npos);
  const auto longest = xenstore_answers({daemon.socket() + std::string(200, 'x')}, 10s).error();
  EXPECT_FALSE(longest.message.empty());
}

TEST(XenstoreRoute, AnEndInsteadOfAnAnswer) {
  testing::FakeXenstored daemon;
  daemon.tell(R"(["once", "0", "drop"])");
  EXPECT_EQ(xenstore_answers({daemon.socket()}, 10s).error().sys_errno, ECONNRESET);
  EXPECT_TRUE(xenstore_answers({daemon.socket()}, 10s));
}

TEST(XenstoreRoute, WhatIsNotOnesOwnIsDenied) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may open anything";
  const test::Scratch scratch;
  const std::string device = scratch.write("xenbus", "");
  ASSERT_EQ(::chmod(device.c_str(), 0), 0);
  const auto error = xenstore_answers({device}, 10s).error();
  EXPECT_EQ(error.code, Error::Code::denied);
  EXPECT_NE(error.hint.find("root"), std::string::npos);
}

}  // namespace
}  // namespace xic
