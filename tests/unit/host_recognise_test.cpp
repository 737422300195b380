#include <gtest/gtest.h>

#include <string>

#include "host/capture/recognise.h"

namespace xic {
namespace {

TextKind kind_of(std::string_view text) {
  return recognise(text).kind;
}

const std::string kFault =
    "(XEN) smmu: /smmu@fd800000: Unhandled context fault: fsr=0x402, iova=0x8424cb148, "
    "fsynr=0xb0001, cb=0\n";

TEST(Recognise, ConsoleTextWithAndWithoutStamps) {
  EXPECT_EQ(kind_of(kFault), TextKind::console);
  EXPECT_EQ(kind_of("(XEN) [    3.378169] Brought up 4 CPUs\r\n"), TextKind::console);
  EXPECT_EQ(kind_of("  (XEN) indented by a mailer\n"), TextKind::console);
}

TEST(Recognise, ConsoleBehindTheStampOfARecorder) {
  EXPECT_EQ(kind_of("[2026-11-23 09:15:02] (XEN) Brought up 4 CPUs\n"), TextKind::console);
  EXPECT_EQ(kind_of("Nov 23 09:15:02 host xenconsoled: (XEN) Brought up 4 CPUs\n"),
            TextKind::console);
}

TEST(Recognise, ASerialLogHoldsBothAndIsConsoleText) {
  std::string text = kFault;
  for (int i = 0; i < 20; ++i) text += "[    1.000000] a kernel line\n";
  EXPECT_EQ(kind_of(text), TextKind::console);
}

TEST(Recognise, TheFlightRecordersTraceWhateverItsTasksAreCalled) {
  const std::string head = "# tracer: nop\n#\n";
  const std::string record =
      "        (XEN) vif1-13     [000] d....     9.1: op: (set_foreign_p2m_mapping+0x74/0x160) "
      "pfn=0x5 mfn=0x62cb1 flags=0x6 ref=0x8 dom=1\n";
  EXPECT_EQ(kind_of(head + record), TextKind::grant_trace);
  EXPECT_FALSE(recognise(head + record).mentions_xen);
  EXPECT_NE(kind_of(head + "  sh-1 [000] ..... 9.1: sched_switch: x\n"), TextKind::grant_trace);
}

TEST(Recognise, KernelLogInItsForms) {
  EXPECT_EQ(kind_of("[    0.000000] Booting Linux on physical CPU 0x0\n"), TextKind::kernel_log);
  EXPECT_EQ(kind_of("<6>[   12.345678] macb eth0: link up\n"), TextKind::kernel_log);
  EXPECT_EQ(kind_of("Aug 26 09:19:28 host kernel: [80.665969] uas_eh_abort_handler\n"),
            TextKind::kernel_log);
}

TEST(Recognise, XlInfo) {
  EXPECT_EQ(kind_of("host                   : (none)\n"
                    "xen_major              : 4\n"
                    "xen_version            : 4.14.1\n"
                    "virt_caps              : hvm hap\n"),
            TextKind::xl_info);
}

TEST(Recognise, XenstoreFlatAndTree) {
  EXPECT_EQ(kind_of("/local/domain/0/name = \"Domain-0\"   (n0,r1)\n"), TextKind::xenstore);
  EXPECT_EQ(kind_of("local = \"\"\n domain = \"\"\n  0 = \"\"\n      backend = \"x\"\n"),
            TextKind::xenstore);
}

TEST(Recognise, Iomem) {
  EXPECT_EQ(kind_of("40000000-5fffffff : System RAM\n  40010000-4165ffff : Kernel code\n"),
            TextKind::iomem);
}

TEST(Recognise, HypervisorProperties) {
  EXPECT_EQ(kind_of("/sys/hypervisor/properties/features:00002705\n"), TextKind::hypervisor);
  EXPECT_EQ(kind_of("/buildinfo/changeset: Mon Feb 8 2021 git:04085ec1ac\n"), TextKind::hypervisor);
}

TEST(Recognise, SeveralOutputsInOneFile) {
  EXPECT_EQ(kind_of("=== xl info ===\nxen_major : 4\nvirt_caps : hvm\n=== iomem ===\n"
                    "40000000-5fffffff : System RAM\n=== store ===\n/local/domain = \"\"\n"),
            TextKind::mixed);
}

TEST(Recognise, RootPromptsAreNoHeadings) {
  EXPECT_EQ(kind_of("# xl dmesg\n" + kFault), TextKind::console);
  EXPECT_EQ(kind_of("### xl dmesg ###\n" + kFault), TextKind::console);
  EXPECT_EQ(kind_of("root@host:~# xl dmesg\n" + kFault), TextKind::console);
}

TEST(Recognise, AReadmeThatQuotesAFaultIsNotes) {
  const std::string head = "# Recordings\n\nThe board of the lab, with the old firmware.\n\n";
  for (const std::string& quote :
       {"    " + kFault, "```\n" + kFault + kFault + kFault + "```\n", "\t" + kFault,
        "| what | line |\n|---|---|\n| fault | `" + kFault.substr(0, 60) + "` |\n",
        "The line `" + kFault.substr(0, 40) + "` is printed by the driver of Xen.\n", "> " + kFault,
        kFault}) {
    const Recognition found = recognise(head + quote);
    EXPECT_EQ(found.kind, TextKind::notes) << quote;
    EXPECT_TRUE(found.mentions_xen) << quote;
  }
}

TEST(Recognise, PlainProseThatQuotesAFaultIsNotes) {
  EXPECT_EQ(kind_of("This is what the serial console of the board printed.\n"
                    "It happens when the guest sends more than 128 bytes.\n\n" +
                    kFault),
            TextKind::notes);
}

TEST(Recognise, AnHtmlPageIsNotes) {
  EXPECT_EQ(kind_of("<html>\n<body>\n<p>seen</p>\n<pre>\n" + kFault + "</pre>\n</body>\n</html>\n"),
            TextKind::notes);
}

TEST(Recognise, ARemarkInALogDoesNotSpoilIt) {
  std::string text = "Some of the logging of the console, from the serial line:\n";
  for (int i = 0; i < 5; ++i) text += kFault;
  EXPECT_EQ(kind_of(text), TextKind::console);
}

TEST(Recognise, AFenceAroundASavedOutputIsNoProse) {
  EXPECT_EQ(kind_of("```\n" + kFault + kFault + "```\n"), TextKind::console);
}

TEST(Recognise, AMailThatQuotesNothingButALogIsConsoleText) {
  EXPECT_EQ(kind_of("> " + kFault + "> " + kFault), TextKind::console);
}

TEST(Recognise, OurOwnReportsAreNoEvidence) {
  EXPECT_EQ(kind_of("AFFECTED   XIC-1001\n" + kFault + kFault), TextKind::notes);
  EXPECT_EQ(kind_of("{\n  \"faults\": [{\"raw\": [\"" + kFault.substr(0, 40) + "\"]}]\n}\n"),
            TextKind::notes);
  EXPECT_NE(kind_of("XIC-12\n" + kFault), TextKind::notes);
}

TEST(Recognise, AScriptIsNoEvidence) {
  EXPECT_EQ(kind_of("#!/bin/sh\necho \"(XEN) smmu: x\"\n" + kFault), TextKind::notes);
}

TEST(Recognise, OurOwnRecords) {
  EXPECT_EQ(kind_of("{\"schema\": \"xen-iommu-check-capture/1\", \"tried\": []}"),
            TextKind::manifest);
  EXPECT_EQ(kind_of("\n{\"kind\":\"sysctl_abi\",\"number\":\"0x13\"}\n{\"kind\":\"x\"}\n"),
            TextKind::observations);
}

TEST(Recognise, JsonIsNotMistakenForAKernelLog) {
  EXPECT_EQ(kind_of("[{\"a\": 1}]"), TextKind::notes);
  EXPECT_EQ(kind_of("[]"), TextKind::notes);
  EXPECT_EQ(kind_of("[    0.000000] x\n"), TextKind::kernel_log);
}

TEST(Recognise, EmptyAndBinary) {
  EXPECT_EQ(kind_of(""), TextKind::empty);
  EXPECT_EQ(kind_of(" \r\n\t\n"), TextKind::empty);
  EXPECT_EQ(kind_of(std::string(1000, '\x01')), TextKind::binary);
  EXPECT_EQ(kind_of(std::string_view("\x7f"
                                     "ELF text follows here and more of it",
                                     40)),
            TextKind::binary);
  EXPECT_EQ(kind_of("\x1f\x8b\x08 (XEN) "), TextKind::binary);
}

TEST(Recognise, SomeNulBytesAndJunkDoNotMakeALogBinary) {
  std::string text;
  for (int i = 0; i < 20; ++i) text += kFault;
  text[200] = '\0';
  text[300] = '\0';
  text += "\xff\xfe\x80\x81 line noise \n";
  EXPECT_EQ(kind_of(text), TextKind::console);
}

TEST(Recognise, UnknownTextStaysUnknown) {
  const Recognition found = recognise("vmlinuz root=/dev/sda1\n");
  EXPECT_EQ(found.kind, TextKind::unknown);
  EXPECT_FALSE(found.mentions_xen);
  EXPECT_FALSE(is_evidence(found.kind));
}

TEST(Recognise, EveryKindHasAName) {
  for (int kind = 0; kind <= static_cast<int>(TextKind::unknown); ++kind) {
    EXPECT_FALSE(to_string(static_cast<TextKind>(kind)).empty()) << kind;
  }
}

TEST(Recognise, LongLinesWithoutEndAreTakenInLinearTime) {
  EXPECT_EQ(kind_of(std::string(8 << 20, 'a')), TextKind::unknown);
  EXPECT_EQ(kind_of(std::string(8 << 20, ' ') + "x"), TextKind::unknown);
  std::string words;
  while (words.size() < (4U << 20)) words += "the a b ";
  (void)kind_of(words);
}

}  // namespace
}  // namespace xic
