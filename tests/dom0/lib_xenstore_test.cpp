// The real libxenstore, against a xenstored that misbehaves on demand.
#include "host/live/lib_xenstore.h"

#include <poll.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

#include "tests/dom0/fake_xenstored.h"

namespace xic {
namespace {

using testing::FakeXenstored;

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

struct XenStoreTest : ::testing::Test {
  FakeXenstored daemon;
  LibXenStore store;

  /// Waits until an event is there: the library's reader thread fetches it.
  std::optional<StoreEvent> wait_for_event() {
    const auto fd = store.event_fd();
    if (!fd) return std::nullopt;
    pollfd readable{*fd, POLLIN, 0};
    if (::poll(&readable, 1, 10'000) != 1) return std::nullopt;
    return store.next_event().value_or(std::nullopt);
  }
  /// Asks until what the store says of its connection is an error or an event: its reader thread
  /// takes a moment to see the end.
  Expected<std::optional<StoreEvent>> next_news() {
    for (;;) {
      auto event = store.next_event();
      if (!event || *event) return event;
      ::poll(nullptr, 0, 1);
    }
  }
};

TEST_F(XenStoreTest, ReadsValuesAsBytes) {
  daemon.set("/a/text", "vif1.0");
  daemon.set_hex("/a/binary", "00ff1b0a410042");
  daemon.set_hex("/a/empty", "");
  EXPECT_EQ(store.read("/a/text").value(), "vif1.0");
  EXPECT_EQ(store.read("/a/binary").value(), std::string("\0\xff\x1b\nA\0B", 7));
  EXPECT_EQ(store.read("/a/empty").value(), "");
  EXPECT_EQ(store.read("/a").value(), "") << "a node with children only";
}

TEST_F(XenStoreTest, AbsenceIsNoFailure) {
  daemon.set("/a/b", "1");
  EXPECT_EQ(store.read("/none").value(), std::nullopt);
  EXPECT_EQ(store.list("/none").value(), std::nullopt);
  EXPECT_EQ(store.list("/a/b").value(), std::vector<std::string>{}) << "a leaf has no children";
  EXPECT_EQ(store.list("/a").value(), std::vector<std::string>{"b"});
}

TEST_F(XenStoreTest, ADomainThatVanishesBetweenTwoQuestionsIsAbsent) {
  daemon.set("/local/domain/1/name", "guest");
  daemon.tell(R"(["once", "/local/domain/1/name", ["remove", "/local/domain/1"]])");
  ASSERT_EQ(store.list("/local/domain").value(), std::vector<std::string>{"1"});
  EXPECT_EQ(store.read("/local/domain/1/name").value(), std::nullopt);
  EXPECT_EQ(store.list("/local/domain/1").value(), std::nullopt);
}

TEST_F(XenStoreTest, ManyChildrenComeInParts) {
  std::set<std::string> names;
  for (int i = 0; i < 3000; ++i) {
    names.insert(std::to_string(i));
    daemon.set("/local/domain/" + std::to_string(i) + "/name", "g");
  }
  const auto listed = store.list("/local/domain");
  ASSERT_TRUE(listed && *listed) << listed.error().message;
  EXPECT_EQ(std::set<std::string>((*listed)->begin(), (*listed)->end()), names);
  EXPECT_NE(daemon.tell(R"(["seen"])").find("DIRECTORY_PART"), std::string::npos);
}

TEST_F(XenStoreTest, MoreThanTheProtocolCarriesIsTooLarge) {
  daemon.set_hex("/huge", repeated("41", 65536));
  daemon.set("/small", "1");
  const auto huge = store.read("/huge");
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().code, Error::Code::too_large);
  EXPECT_NE(huge.error().message.find("/huge"), std::string::npos);
  EXPECT_EQ(store.read("/small").value(), "1") << "the connection it cost is replaced";
  daemon.set_hex("/largest", repeated("42", 4096));
  EXPECT_EQ(store.read("/largest").value()->size(), 4096U);
}

TEST_F(XenStoreTest, WhatIsNoPathIsNotAsked) {
  for (const std::string& path :
       {std::string(), std::string("a"), std::string("/a/"), std::string("/a//b"),
        std::string("/a\0b", 4), std::string("/a b"), std::string("/\xff"),
        "/" + repeated("a", 3072)}) {
    EXPECT_EQ(store.read(path).error().code, Error::Code::malformed) << path;
    EXPECT_EQ(store.list(path).error().code, Error::Code::malformed) << path;
    EXPECT_EQ(store.watch(path, "t").error().code, Error::Code::malformed) << path;
  }
  EXPECT_EQ(daemon.seen("connections"), 0) << "nor is anything opened";
}

TEST_F(XenStoreTest, EachErrnoBecomesAnErrorThatNamesOperationAndPath) {
  daemon.set("/a/b", "1");
  for (const auto& [name, number] :
       std::initializer_list<std::pair<const char*, int>>{{"EACCES", EACCES},
                                                          {"EPERM", EPERM},
                                                          {"EIO", EIO},
                                                          {"ENOMEM", ENOMEM},
                                                          {"EINVAL", EINVAL},
                                                          {"EBUSY", EBUSY},
                                                          {"ENOSYS", ENOSYS},
                                                          {"EROFS", EROFS}}) {
    daemon.tell(std::string(R"(["error", "/a", ")") + name + R"("])");
    for (const auto& error :
         {store.read("/a").error(), store.list("/a").error(), store.watch("/a", "t").error()}) {
      EXPECT_EQ(error.sys_errno, number) << error.message;
      EXPECT_NE(error.message.find("/a in xenstore"), std::string::npos) << error.message;
      EXPECT_EQ(error.code == Error::Code::denied, number == EACCES || number == EPERM);
    }
    EXPECT_EQ(store.read("/a/b").value(), "1") << "others are still answered, after " << name;
  }
  EXPECT_FALSE(store.event_fd()) << "no watch was set";
}

TEST_F(XenStoreTest, AnAnswerCutShortOrOfAnotherKindIsAskedForAgain) {
  daemon.set("/a", "1");
  ASSERT_TRUE(store.read("/a"));
  for (const char* action : {"short", "malformed", "drop", "restart"}) {
    daemon.tell(std::string(R"(["once", "/a", ")") + action + R"("])");
    const auto answer = store.read("/a");
    ASSERT_TRUE(answer) << action << ": " << answer.error().message;
    EXPECT_EQ(*answer, "1") << action;
  }
}

TEST_F(XenStoreTest, OneNewConnectionACallAndNoMore) {
  daemon.set("/a", "1");
  ASSERT_TRUE(store.read("/a"));
  const int before = daemon.seen("connections");
  // Every question about it ends the connection it came through.
  daemon.tell(R"(["once", "/a", "drop"])");
  daemon.tell(R"(["once", "0", ["once", "/a", "drop"]])");
  const auto answer = store.read("/a");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().hint.find("xenstored"), std::string::npos);
  EXPECT_EQ(daemon.seen("connections") - before, 2) << "whether it answers, and the connection";
  EXPECT_EQ(store.read("/a").value(), "1");
}

TEST_F(XenStoreTest, ARestartInTheMiddleOfAListing) {
  for (int i = 0; i < 3000; ++i) daemon.set("/d/" + std::to_string(i), "");
  // DIRECTORY, then the parts.
  daemon.tell(R"(["once", "/d", "restart", 3])");
  const auto scenario = [&] {
    if (!store.read("/d")) ::_exit(1);
    const auto listed = store.list("/d");
    ::_exit(listed && *listed && (*listed)->size() == 3000 ? 0 : 2);
  };
  // In a child, which ends without a look for leaks: the library's xs_directory() forgets the parts
  // that it has already got (tools/libs/store/xs.c, 4.17: xs_directory_part).
  EXPECT_EXIT(scenario(), ::testing::ExitedWithCode(0), "");
}

TEST_F(XenStoreTest, WithoutXenstoredTheErrorSaysSo) {
  daemon.tell(R"(["stop"])");
  const auto refused = store.read("/a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().sys_errno, ECONNREFUSED) << "the socket is still there";
  EXPECT_NE(refused.error().message.find(daemon.socket()), std::string::npos);
  EXPECT_NE(refused.error().hint.find("xenstored"), std::string::npos);
  ::unlink(daemon.socket().c_str());
  const auto gone = store.read("/a");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Error::Code::not_found) << "an error, not the absence of /a";
  EXPECT_EQ(gone.error().sys_errno, ENOENT);
  daemon.tell(R"(["start"])");
  daemon.set("/a", "1");
  EXPECT_EQ(store.read("/a").value(), "1") << "later it is there";
}

TEST_F(XenStoreTest, AWatchFiresAtOnceAndForEveryChangeBelow) {
  daemon.set("/local/domain/0/backend/vif/1/0/state", "2");
  EXPECT_FALSE(store.event_fd());
  EXPECT_EQ(store.next_event().value(), std::nullopt);
  ASSERT_TRUE(store.watch("/local/domain/0/backend/vif", "vifs"));
  const auto first = wait_for_event();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->path, "/local/domain/0/backend/vif");
  EXPECT_EQ(first->token, "vifs");
  daemon.set("/local/domain/0/backend/vif/1/0/state", "4");
  daemon.set("/local/domain/0/elsewhere", "x");
  daemon.set("/local/domain/0/backend/vif/2/0/state", "1");
  const auto second = wait_for_event();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->path, "/local/domain/0/backend/vif/1/0/state");
  const auto third = wait_for_event();
  ASSERT_TRUE(third);
  EXPECT_EQ(third->path, "/local/domain/0/backend/vif/2/0/state");
  EXPECT_EQ(store.next_event().value(), std::nullopt) << "drained, and it does not wait";
  pollfd readable{store.event_fd().value(), POLLIN, 0};
  EXPECT_EQ(::poll(&readable, 1, 0), 0);
}

TEST_F(XenStoreTest, NoEventIsLostInABurst) {
  ASSERT_TRUE(store.watch("/d", "t"));
  for (int i = 0; i < 500; ++i) daemon.set("/d/" + std::to_string(i), "1");
  std::set<std::string> paths;
  while (paths.size() < 501) {
    const auto event = wait_for_event();
    ASSERT_TRUE(event) << paths.size();
    EXPECT_TRUE(paths.insert(event->path).second) << event->path;
  }
}

TEST_F(XenStoreTest, ASecondWatchOfTheSameKindIsTheFirst) {
  ASSERT_TRUE(store.watch("/a", "t"));
  ASSERT_TRUE(store.watch("/a", "t"));
  ASSERT_TRUE(store.watch("/a", "u"));
  EXPECT_EQ(daemon.seen("watches"), 2);
}

TEST_F(XenStoreTest, WatchesOutliveXenstored) {
  ASSERT_TRUE(store.watch("/a", "first"));
  ASSERT_TRUE(store.watch("@releaseDomain", "second"));
  ASSERT_TRUE(wait_for_event());
  ASSERT_TRUE(wait_for_event());
  const int fd = store.event_fd().value();
  for (int round = 0; round < 3; ++round) {
    daemon.tell(R"(["restart"])");
    // One question finds it out; each watch then fires on its own.
    std::set<std::string> tokens;
    for (int i = 0; i < 2; ++i) {
      const auto event = next_news();
      ASSERT_TRUE(event) << event.error().message;
      tokens.insert((*event)->token);
    }
    EXPECT_EQ(tokens, (std::set<std::string>{"first", "second"}));
    EXPECT_EQ(store.event_fd().value(), fd) << "who polls it needs no news of this";
    daemon.set("/a/b", "1");
    const auto event = wait_for_event();
    ASSERT_TRUE(event);
    EXPECT_EQ(event->path, "/a/b");
  }
  EXPECT_EQ(daemon.seen("watches"), 2);
}

TEST_F(XenStoreTest, AReadFindsTheRestartAndSetsTheWatches) {
  daemon.set("/a", "1");
  ASSERT_TRUE(store.watch("/a", "t"));
  ASSERT_TRUE(wait_for_event());
  daemon.tell(R"(["restart"])");
  EXPECT_EQ(store.read("/a").value(), "1");
  const auto event = wait_for_event();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->token, "t");
}

TEST_F(XenStoreTest, WhileXenstoredIsDownWatchersAreTold) {
  ASSERT_TRUE(store.watch("/a", "t"));
  ASSERT_TRUE(wait_for_event());
  daemon.tell(R"(["stop"])");
  EXPECT_FALSE(next_news());
  EXPECT_FALSE(store.next_event());
  daemon.tell(R"(["start"])");
  const auto event = next_news();
  ASSERT_TRUE(event);
  EXPECT_EQ((*event)->token, "t");
}

TEST_F(XenStoreTest, AWatchThatCannotBeSetAgainIsAnError) {
  ASSERT_TRUE(store.watch("/a", "t"));
  ASSERT_TRUE(wait_for_event());
  daemon.tell(R"(["error", "/a", "EACCES"])");
  daemon.tell(R"(["restart"])");
  const auto news = next_news();
  ASSERT_FALSE(news);
  EXPECT_EQ(news.error().code, Error::Code::denied);
  EXPECT_NE(news.error().message.find("watch /a"), std::string::npos);
}

TEST_F(XenStoreTest, TheReaderThreadTakesNoSignal) {
  ASSERT_TRUE(store.watch("/a", "t"));
  sigset_t mine;
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  EXPECT_EQ(sigismember(&mine, SIGTERM), 0) << "and the caller's mask is as it was";
  int others = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (task.path().filename() == std::to_string(::getpid())) continue;
    std::ifstream status(task.path() / "status");
    for (std::string line; std::getline(status, line);) {
      if (!line.starts_with("SigBlk:")) continue;
      // SIGTERM, SIGINT and SIGHUP: bits 14, 1 and 0.
      EXPECT_EQ(std::stoull(line.substr(7), nullptr, 16) & 0x4003U, 0x4003U) << line;
      ++others;
    }
  }
  EXPECT_GE(others, 1);
}

TEST_F(XenStoreTest, NothingWasEverWritten) {
  daemon.set("/a/b", "1");
  ASSERT_TRUE(store.read("/a/b"));
  ASSERT_TRUE(store.list("/a"));
  ASSERT_TRUE(store.watch("/a", "t"));
  EXPECT_NE(daemon.tell(R"(["seen"])")
                .find(R"(["GET_DOMAIN_PATH 0", "READ /a/b", "DIRECTORY /a", "WATCH /a"])"),
            std::string::npos);
}

TEST_F(XenStoreTest, NoDescriptorIsLeft) {
  const auto descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = descriptors();
  {
    LibXenStore other;
    daemon.set("/a", "1");
    ASSERT_TRUE(other.watch("/a", "t"));
    for (int i = 0; i < 5; ++i) {
      daemon.tell(R"(["restart"])");
      ASSERT_TRUE(other.read("/a"));
    }
  }
  EXPECT_EQ(descriptors(), before);
}

}  // namespace
}  // namespace xic
