#include <array>

#include "host/live/live_host.h"
#include "tests/xen/scripted_xen.h"

namespace xic {
namespace {

using testing::expect_error;
using testing::Failing;
using testing::kFailing;

/// One index from which the free-running counter of the ring soon wraps.
constexpr std::uint32_t kNearWrap = 0xfffffff8U;

class ConsoleRingTest : public testing::ScriptedXen {
 protected:
  std::string console(std::string_view text) { return "console " + write("console", text); }
  void print(std::string_view text) {
    std::ofstream(path("console"), std::ios::app | std::ios::binary) << text;
  }
  static std::string text(const std::array<char, 64>& buffer, const RingRead& read) {
    return {buffer.data(), read.count};
  }
};

TEST_F(ConsoleRingTest, NothingIsOpenedBeforeItIsAsked) {
  const Ports ports = host({"sysctl 0x15"});
  EXPECT_NE(ports.console, nullptr);
  EXPECT_TRUE(calls().empty());
}

TEST_F(ConsoleRingTest, OnlyWhatIsNewIsRead) {
  const Ports ports = host({"sysctl 0x15", console("(XEN) one\n")});
  ConsoleRing& ring = *ports.console;
  std::array<char, 64> buffer{};
  const auto first = ring.read(RingIndex{0}, buffer);
  ASSERT_TRUE(first);
  EXPECT_EQ(text(buffer, *first), "(XEN) one\n");
  EXPECT_EQ(first->end, RingIndex{10});
  const auto none = ring.read(first->end, buffer);
  ASSERT_TRUE(none);
  EXPECT_EQ(none->count, 0U);
  EXPECT_EQ(none->end, RingIndex{10});
  print("(XEN) two\n");
  const auto second = ring.read(none->end, buffer);
  ASSERT_TRUE(second);
  EXPECT_EQ(text(buffer, *second), "(XEN) two\n");
  EXPECT_EQ(count("clear=1"), 0U);
}

TEST_F(ConsoleRingTest, OverwrittenBytesShowInTheIndex) {
  const Ports ports = host({"sysctl 0x15", "ring_size 16", console("0123456789abcdef")});
  ConsoleRing& ring = *ports.console;
  std::array<char, 64> buffer{};
  ASSERT_TRUE(ring.read(RingIndex{0}, buffer));
  print("0123456789abcdefghij");
  EXPECT_EQ(ring.oldest().value(), RingIndex{20});
  const auto read = ring.read(RingIndex{16}, buffer);
  ASSERT_TRUE(read);
  EXPECT_EQ(text(buffer, *read), "456789abcdefghij");
  EXPECT_EQ(read->end.value() - read->count, 20U);  // 16 .. 19 are gone
}

TEST_F(ConsoleRingTest, IndexWrapsAround) {
  const Ports ports = host(
      {"sysctl 0x15", "first_index " + std::to_string(kNearWrap), console("0123456789abcdef")});
  ConsoleRing& ring = *ports.console;
  std::array<char, 64> buffer{};
  EXPECT_EQ(ring.oldest().value(), RingIndex{kNearWrap});
  const auto read = ring.read(RingIndex{kNearWrap + 4}, buffer);
  ASSERT_TRUE(read);
  EXPECT_EQ(text(buffer, *read), "456789abcdef");
  EXPECT_EQ(read->end, RingIndex{8});
}

TEST_F(ConsoleRingTest, SomebodyElseClearedIt) {
  const Ports ports = host({"sysctl 0x15", "begin_index 6", console("0123456789")});
  std::array<char, 64> buffer{};
  const auto read = ports.console->read(RingIndex{3}, buffer);
  ASSERT_TRUE(read);
  EXPECT_EQ(text(buffer, *read), "6789");
}

TEST_F(ConsoleRingTest, EmptyRing) {
  const Ports ports = host({"sysctl 0x15", "begin_index 4", console("0123")});
  EXPECT_EQ(ports.console->oldest().value(), RingIndex{4});
}

TEST_F(ConsoleRingTest, BinaryBytesAndShortReads) {
  const std::string bytes("\0\xff\n\0x", 5);
  const Ports ports = host({"sysctl 0x13", "short_reads 3", console(bytes)});
  ConsoleRing& ring = *ports.console;
  std::array<char, 64> buffer{};
  const auto head = ring.read(RingIndex{0}, buffer);
  ASSERT_TRUE(head);
  std::string all = text(buffer, *head);
  const auto tail = ring.read(head->end, buffer);
  ASSERT_TRUE(tail);
  EXPECT_EQ(all + text(buffer, *tail), bytes);
}

TEST_F(ConsoleRingTest, LargeRingThroughASmallerBufferOfOurs) {
  std::string printed;
  for (int line = 0; printed.size() < 100000; ++line) {
    printed += "(XEN) line " + std::to_string(line) + '\n';
  }
  const Ports ports = host({"sysctl 0x13", "ring_size 262144", console(printed)});
  std::vector<char> buffer(262144);
  std::string all;
  RingIndex at{0};
  for (;;) {
    const auto read = ports.console->read(at, buffer);
    ASSERT_TRUE(read);
    if (read->count == 0) break;
    all.append(buffer.data(), read->count);
    at = read->end;
  }
  EXPECT_EQ(all, printed);
}

TEST_F(ConsoleRingTest, CountBeyondTheBufferIsNotBelieved) {
  for (const char* number : {"sysctl 0x15", "sysctl 0x13"}) {
    const Ports ports = host({number, "overfull_reads", console("0123456789")});
    std::array<char, 4> buffer{};
    const auto read = ports.console->read(RingIndex{0}, buffer);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, Error::Code::malformed);
  }
}

TEST_F(ConsoleRingTest, NumberOfTheHypervisorsOwnRelease) {
  const Ports ports = host({"sysctl 0x15", console("x")});
  const auto interface = ports.hypervisor->sysctl_interface();
  ASSERT_TRUE(interface);
  EXPECT_EQ(interface->number, 0x15U);
  EXPECT_TRUE(interface->through_libxenctrl);
  EXPECT_EQ(count("open_xencall"), 0U);
}

TEST_F(ConsoleRingTest, NumberOfAnotherReleaseIsFoundOnce) {
  for (const std::uint32_t number : {0x10U, 0x11U, 0x12U, 0x13U, 0x14U, 0x16U, 0x2fU}) {
    const Ports ports = host({"sysctl " + std::to_string(number), console("(XEN) x\n")});
    std::array<char, 64> buffer{};
    const auto read = ports.console->read(RingIndex{0}, buffer);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(text(buffer, *read), "(XEN) x\n");
    // libxenctrl's own, then upwards.
    EXPECT_EQ(count("sysctl number="), 1 + number - 0x10);
    const auto interface = ports.hypervisor->sysctl_interface();
    ASSERT_TRUE(interface);
    EXPECT_EQ(interface->number, number);
    EXPECT_FALSE(interface->through_libxenctrl);
    ASSERT_TRUE(ports.console->oldest());
    ASSERT_TRUE(ports.hypervisor->physical_info());
    EXPECT_EQ(count("sysctl number="), 1 + number - 0x10);
    EXPECT_EQ(count("clear=1"), 0U);
  }
}

TEST_F(ConsoleRingTest, PolicyThatForbidsItIsNoNumber) {
  // Flask answers EACCES too, behind the right number.
  const Ports ports = host({"sysctl 0x13", "fail readconsole EACCES", console("x")});
  const auto interface = ports.hypervisor->sysctl_interface();
  ASSERT_FALSE(interface);
  EXPECT_EQ(interface.error().code, Error::Code::abi_mismatch);
  EXPECT_NE(interface.error().message.find("0x10 to 0x2f"), std::string::npos);
  EXPECT_NE(interface.error().hint.find("Flask"), std::string::npos);
  // What is not forbidden still works, and gives the number.
  ASSERT_TRUE(ports.hypervisor->physical_info());
  EXPECT_EQ(ports.hypervisor->sysctl_interface().value().number, 0x13U);
}

TEST_F(ConsoleRingTest, AnotherErrnoEndsTheSearchAndIsNoNumber) {
  const Ports ports = host({"sysctl 0x13", "fail sysctl EPERM 3", console("x")});
  std::array<char, 64> buffer{};
  expect_error(ports.console->read(RingIndex{0}, buffer), kFailing[0], "console ring");
  EXPECT_EQ(count("sysctl number="), 3U);
  // The question is put anew next time.
  EXPECT_EQ(ports.hypervisor->sysctl_interface().value().number, 0x13U);
}

TEST_F(ConsoleRingTest, HypervisorWithoutSysctls) {
  const Ports ports = host({"version 4 21"});
  const auto oldest = ports.console->oldest();
  ASSERT_FALSE(oldest);
  EXPECT_EQ(oldest.error().code, Error::Code::not_found);
  EXPECT_EQ(oldest.error().sys_errno, ENOSYS);
  EXPECT_NE(oldest.error().hint.find("--log"), std::string::npos);
}

TEST_F(ConsoleRingTest, ReadFailsAndThenDoesNot) {
  for (const char* number : {"sysctl 0x15", "sysctl 0x13"}) {
    for (const Failing& failing : kFailing) {
      if (failing.sys_errno == EACCES) continue;  // the search, above
      const Ports ports =
          host({number, std::string("fail readconsole ") + failing.name + " 2", console("abc")});
      ConsoleRing& ring = *ports.console;
      std::array<char, 64> buffer{};
      ASSERT_TRUE(ring.read(RingIndex{0}, buffer));
      expect_error(ring.read(RingIndex{0}, buffer), failing, "readconsole");
      EXPECT_TRUE(ring.read(RingIndex{0}, buffer));
    }
  }
}

TEST_F(ConsoleRingTest, DeviceNodesCannotBeOpened) {
  for (const Failing& failing : kFailing) {
    const Ports ports = host(
        {"sysctl 0x15", std::string("fail open_xenctrl ") + failing.name + " 1", console("a")});
    expect_error(ports.console->oldest(), failing, "/dev/xen/privcmd");
    EXPECT_TRUE(ports.console->oldest());
  }
  for (const Failing& failing : kFailing) {
    const Ports ports = host(
        {"sysctl 0x13", std::string("fail open_xencall ") + failing.name + " 1", console("a")});
    expect_error(ports.console->oldest(), failing, "/dev/xen/privcmd");
    EXPECT_TRUE(ports.console->oldest());
  }
}

TEST_F(ConsoleRingTest, EachRefusalHasItsOwnAdvice) {
  std::vector<std::string> hints;
  for (const char* error : {"ENOENT", "EACCES", "EPERM"}) {
    const Ports ports = host({"sysctl 0x15", std::string("fail open_xenctrl ") + error});
    hints.push_back(ports.console->oldest().error().hint);
  }
  EXPECT_NE(hints[0].find("modprobe"), std::string::npos);
  EXPECT_NE(hints[1].find("root"), std::string::npos);
  EXPECT_NE(hints[2].find("/dev/xen/hypercall"), std::string::npos);
}

TEST_F(ConsoleRingTest, NoMemoryForHypercalls) {
  for (const char* nth : {"1", "2", "3"}) {
    const Ports ports =
        host({"sysctl 0x13", std::string("fail allocate ENOMEM ") + nth, console("a")});
    const auto oldest = ports.console->oldest();
    ASSERT_FALSE(oldest);
    EXPECT_EQ(oldest.error().sys_errno, ENOMEM);
    EXPECT_TRUE(ports.console->oldest());
  }
}

}  // namespace
}  // namespace xic
