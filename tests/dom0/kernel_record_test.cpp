#include "host/live/kernel_record.h"

#include <gtest/gtest.h>

namespace xic {
namespace {

TEST(KernelRecord, AsDmesgPrintsIt) {
  EXPECT_EQ(dmesg_line(68'290'307, "macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK"),
            "[   68.290307] macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK");
  EXPECT_EQ(dmesg_line(0, ""), "[    0.000000] ");
  EXPECT_EQ(dmesg_line(1'234'567'000'001, "x"), "[1234567.000001] x");
  EXPECT_EQ(dmesg_line(UINT64_MAX, "x"), "[18446744073709.551615] x");
}

TEST(KernelRecord, OneRecordStaysOneLine) {
  EXPECT_EQ(dmesg_line(1, std::string_view("a\n(XEN) b\r\0\x1b[2J\xc3\xa9\tc\x7f", 20)),
            "[    0.000001] a\\x0a(XEN) b\\x0d\\x00\\x1b[2J\\xc3\\xa9\tc\\x7f");
}

TEST(KernelRecord, Kmsg) {
  const auto record =
      parse_kmsg("6,344,2282488865,-;usb 1-1: new device\n SUBSYSTEM=usb\n DEVICE=c189:1\n");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->priority, 6U);
  EXPECT_EQ(record->sequence, 344U);
  EXPECT_EQ(record->microseconds, 2'282'488'865U);
  EXPECT_EQ(record->text, "usb 1-1: new device");
  EXPECT_TRUE(record->from_kernel());
  EXPECT_FALSE(parse_kmsg("12,344,1,-;systemd[1]: hello\n")->from_kernel());
  EXPECT_FALSE(parse_kmsg("30,344,1,-;daemon\n")->from_kernel());
  EXPECT_EQ(parse_kmsg("6,1,2,c,caller=T1;a;b,c\n")->text, "a;b,c") << "newer fields, and text";
  EXPECT_EQ(parse_kmsg("6,1,2,-;")->text, "");
}

TEST(KernelRecord, OtherTextIsNoRecord) {
  for (const char* text : {"", ";", "6", "6,1,2,-", "6,1,2;x", "x,1,2,-;y", "6,x,2,-;y",
                           "6,1,x,-;y", "-6,1,2,-;y", "6,,2,-;y", "6,1,99999999999999999999,-;y",
                           "99999999999,1,2,-;y", " 6,1,2,-;y", "6;1,2,3,4"}) {
    EXPECT_FALSE(parse_kmsg(text)) << text;
  }
}

TEST(KernelRecord, OnlyPrintableEscapesAreUndone) {
  EXPECT_EQ(unescape_kmsg(R"(a\x5cb)"), R"(a\b)");
  EXPECT_EQ(unescape_kmsg(R"(\x09\x41\x7e)"), "\tA~");
  EXPECT_EQ(unescape_kmsg(R"(\x0a\x1b\x7f\xc3\x00)"), R"(\x0a\x1b\x7f\xc3\x00)");
  EXPECT_EQ(unescape_kmsg(R"(\x\x4\xzz\x4g\)"), R"(\x\x4\xzz\x4g\)");
  EXPECT_EQ(unescape_kmsg(R"(\x5cx0a)"), R"(\x0a)") << "once";
}

}  // namespace
}  // namespace xic
