#include "host/live/console_wakeup.h"

#include <poll.h>

#include "tests/xen/scripted_xen.h"

namespace xic {
namespace {

using testing::expect_error;
using testing::Failing;
using testing::kFailing;

class ConsoleWakeupTest : public testing::ScriptedXen {
 protected:
  void SetUp() override {
    ScriptedXen::SetUp();
    process("1", "init", "/sbin/init");
  }
  void process(const std::string& pid, const std::string& name, std::string_view command_line) {
    write("root/proc/" + pid + "/comm", name + '\n');
    write("root/proc/" + pid + "/cmdline", command_line);
  }
  void xenconsoled(std::initializer_list<std::string> options) {
    std::string line = "/usr/sbin/xenconsoled";
    for (const std::string& option : options) line += '\0' + option;
    process("812", "xenconsoled", line + '\0');
  }
  [[nodiscard]] Expected<ConsoleWakeup> bind() const { return ConsoleWakeup::bind(path("root")); }
  static bool readable(int fd) {
    pollfd wait{fd, POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
  }
};

TEST_F(ConsoleWakeupTest, BindsAndIsWokenOnce) {
  start({"pending"});
  xenconsoled({"--log=guest"});
  auto wakeup = bind();
  ASSERT_TRUE(wakeup) << wakeup.error().message;
  EXPECT_EQ(count("bind_virq 8"), 1U);
  EXPECT_TRUE(readable(wakeup->fd()));
  ASSERT_TRUE(wakeup->acknowledge());
  EXPECT_EQ(count("unmask"), 1U);
  EXPECT_FALSE(readable(wakeup->fd()));
  // Nothing is there: it neither blocks nor unmasks.
  ASSERT_TRUE(wakeup->acknowledge());
  EXPECT_EQ(count("unmask"), 1U);
}

TEST_F(ConsoleWakeupTest, RefusedWhereXenconsoledLogsTheHypervisor) {
  const std::vector<std::vector<std::string>> forms = {
      {"--log=hv"}, {"--log=all"}, {"--log", "all"},
      {"-l", "hv"}, {"-lall"},     {"--pid-file=/x", "--log=hv", "--overflow-data=keep"}};
  for (const auto& form : forms) {
    start({});
    std::string line = "/usr/lib/xen-4.17/bin/xenconsoled";
    for (const std::string& option : form) line += '\0' + option;
    process("812", "xenconsoled", line + '\0');
    const auto wakeup = bind();
    ASSERT_FALSE(wakeup) << form.front();
    EXPECT_EQ(wakeup.error().code, Error::Code::denied);
    EXPECT_NE(wakeup.error().message.find("812"), std::string::npos);
    EXPECT_TRUE(calls().empty());
  }
}

TEST_F(ConsoleWakeupTest, OtherOptionsAreNoReason) {
  for (const char* option : {"--log=guest", "--log=none", "--log-dir=/all", "-v", "hv", "--log"}) {
    start({});
    xenconsoled({option});
    EXPECT_TRUE(bind()) << option;
  }
}

TEST_F(ConsoleWakeupTest, RefusedWhereItsLogIsOpen) {
  start({});
  xenconsoled({});
  std::filesystem::create_directories(path("root/proc/812/fd"));
  std::filesystem::create_symlink("/var/log/xen/console/guest-a.log", path("root/proc/812/fd/5"));
  EXPECT_TRUE(bind());
  std::filesystem::create_symlink("/var/log/xen/console/hypervisor.log",
                                  path("root/proc/812/fd/6"));
  const auto wakeup = bind();
  ASSERT_FALSE(wakeup);
  EXPECT_NE(wakeup.error().message.find("hypervisor.log"), std::string::npos);
}

TEST_F(ConsoleWakeupTest, RefusedWhereItCannotBeExcluded) {
  start({});
  write("root/proc/812/comm", "xenconsoled\n");
  EXPECT_FALSE(bind());
  const auto no_proc = ConsoleWakeup::bind(path("nowhere"));
  expect_error(no_proc, {"ENOENT", ENOENT, Error::Code::not_found}, "xenconsoled");
  EXPECT_TRUE(calls().empty());
}

TEST_F(ConsoleWakeupTest, BindFails) {
  for (const Failing& failing : kFailing) {
    start({std::string("fail bind_virq ") + failing.name});
    expect_error(bind(), failing, "VIRQ_CON_RING");
    start({std::string("fail open_evtchn ") + failing.name});
    expect_error(bind(), failing, "/dev/xen/evtchn");
  }
  start({"fail bind_virq EEXIST"});
  const auto taken = bind();
  expect_error(taken, {"EEXIST", EEXIST, Error::Code::denied}, "another process");
  start({"fail bind_virq EBUSY"});
  const auto elsewhere = bind();
  expect_error(elsewhere, {"EBUSY", EBUSY, Error::Code::denied}, "another domain");
}

TEST_F(ConsoleWakeupTest, AcknowledgeFails) {
  for (const Failing& failing : kFailing) {
    start({std::string("fail pending ") + failing.name});
    auto wakeup = bind();
    ASSERT_TRUE(wakeup);
    const auto answer = wakeup->acknowledge();
    EXPECT_EQ(answer.has_value(), failing.sys_errno == EAGAIN || failing.sys_errno == EINTR);
    if (!answer) {
      EXPECT_EQ(answer.error().sys_errno, failing.sys_errno);
    }
  }
  for (const Failing& failing : kFailing) {
    start({"pending", std::string("fail unmask ") + failing.name});
    auto wakeup = bind();
    ASSERT_TRUE(wakeup);
    ASSERT_FALSE(wakeup->acknowledge());
  }
}

}  // namespace
}  // namespace xic
