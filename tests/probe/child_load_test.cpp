// The probe's child: what its end means, and a real one on a file in the place of /dev/mem.
#include "probe/child_load.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "probe/refusals.h"

namespace xic::probe {
namespace {

int exited(int status) {
  return status << 8;  // wait(2): WIFEXITED
}
Outcome outcome(std::string bytes, int wait_status, bool ended_by_us = false) {
  return judge({std::move(bytes), wait_status, ended_by_us}).outcome;
}

TEST(ChildLoad, OnlyAKillBetweenTheTwoBytesMeansAbsent) {
  EXPECT_EQ(outcome("BA", exited(0)), Outcome::present);
  EXPECT_EQ(outcome("B", SIGKILL), Outcome::absent);
  EXPECT_EQ(outcome("", SIGKILL), Outcome::no_answer);         // out of memory, say
  EXPECT_EQ(outcome("BA", SIGKILL), Outcome::no_answer);       // killed by somebody afterwards
  EXPECT_EQ(outcome("B", SIGKILL, true), Outcome::no_answer);  // by us: too slow
  EXPECT_EQ(outcome("B", SIGBUS), Outcome::no_answer);
  EXPECT_EQ(outcome("B", SIGSEGV), Outcome::no_answer);
  EXPECT_EQ(outcome("B", SIGALRM), Outcome::no_answer);
  EXPECT_EQ(outcome("B", exited(0)), Outcome::no_answer);
  EXPECT_EQ(outcome("", exited(0)), Outcome::no_answer);
  EXPECT_EQ(outcome("x", SIGKILL), Outcome::no_answer);
}

TEST(ChildLoad, SaysWhyThereIsNoAnswer) {
  EXPECT_NE(judge({"", exited(EPERM), false}).why.find("not permitted"), std::string::npos);
  EXPECT_NE(judge({"", exited(kKeptPrivileges), false}).why.find("privileges"), std::string::npos);
  EXPECT_NE(judge({"", SIGKILL, false}).why.find("before the load"), std::string::npos);
}

class OnAFile : public ::testing::Test {
 protected:
  void SetUp() override {
    fd_ = ::memfd_create("memory", MFD_CLOEXEC);
    ASSERT_GE(fd_, 0);
    ASSERT_EQ(::ftruncate(fd_, 3 * 4096), 0);
  }
  void TearDown() override {
    ::close(fd_);
    // Whatever came out, no child is left.
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }
  int fd_ = -1;
};

TEST_F(OnAFile, ALoadThatReturnsIsPresent) {
  const Load load = load_in_child(fd_, 2, 5);
  EXPECT_EQ(load.outcome, Outcome::present) << load.why;
}

TEST_F(OnAFile, ALoadBehindTheEndIsNoAnswer) {
  const Load load = load_in_child(fd_, 3, 5);
  EXPECT_EQ(load.outcome, Outcome::no_answer);
  EXPECT_NE(load.why.find("signal 7"), std::string::npos) << load.why;
}

TEST_F(OnAFile, WhatCannotBeMappedIsNoAnswer) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Load load = load_in_child(ends[0], 1, 5);
  EXPECT_EQ(load.outcome, Outcome::no_answer);
  EXPECT_NE(load.why.find("mmap"), std::string::npos) << load.why;
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(ProbeRefusals, FramesAreHexAndBounded) {
  EXPECT_EQ(parse_frame("0x97f75"), 0x97f75U);
  EXPECT_EQ(parse_frame("97f75"), 0x97f75U);
  EXPECT_EQ(parse_frame("0xffffffffff"), 0xffffffffffU);
  for (const char* text : {"", "0", "0x", "x", "97f75 ", "-1", "0x10000000000", "97f75g"}) {
    EXPECT_FALSE(parse_frame(text)) << text;
  }
}

TEST(ProbeRefusals, NothingThatTheKernelLists) {
  const std::string iomem =
      "08000000-0800ffff : GICD\n"
      "40000000-5fffffff : System RAM\n"
      "  40010000-4165ffff : Kernel code\n"
      "bff00800-bff00fff : Xen scratch\n";
  EXPECT_NE(refusal(iomem, 0x40000).find("System RAM"), std::string::npos);
  EXPECT_NE(refusal(iomem, 0x5ffff).find("System RAM"), std::string::npos);
  EXPECT_NE(refusal(iomem, 0x8000), "");
  EXPECT_NE(refusal(iomem, 0xbff00), "");  // a part of the page is enough
  EXPECT_EQ(refusal(iomem, 0x60000), "");
  EXPECT_EQ(refusal(iomem, 0x3ffff), "");
}

TEST(ProbeRefusals, WithoutAddressesNothingIsSafe) {
  EXPECT_NE(refusal("", 0x60000), "");
  EXPECT_NE(refusal("00000000-00000000 : System RAM\n", 0x60000), "");
}

}  // namespace
}  // namespace xic::probe
