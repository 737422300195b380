// What tools print that ask the running hypervisor: xl info, /sys/hypervisor, hypfs.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/hypervisor/tree_listing.h"
#include "core/hypervisor/xl_info.h"
#include "tests/unit/hypervisor_test_support.h"

namespace xic {
namespace {

using testing::read;
using testing::Reading;

std::string xl_info(std::string_view minor, std::string_view extra, std::string_view caps) {
  return "host                   : (none)\n"
         "release                : 5.10.0-32-arm64\n"
         "version                : #1 SMP Debian 5.10.223-1 (2024-08-10)\n"
         "machine                : aarch64\n"
         "hw_caps                : 00000000:00000000:00000000:00000000\n"
         "virt_caps              : " +
         std::string(caps) +
         "\n"
         "total_memory           : 2046\n"
         "xen_major              : 4\n"
         "xen_minor              : " +
         std::string(minor) +
         "\n"
         "xen_extra              : " +
         std::string(extra) +
         "\n"
         "xen_version            : 4." +
         std::string(minor) + std::string(extra) +
         "\n"
         "xen_caps               : xen-3.0-aarch64 xen-3.0-armv7l \n"
         "xen_scheduler          : credit2\n"
         "xen_changeset          : Tue Dec 17 14:19:49 2019 +0000 git:a2e84d8e42-dirty\n"
         "xen_commandline        : console=dtuart dtuart=/pl011@9000000 dom0_mem=512M loglvl=all\n"
         "cc_compiler            : aarch64-linux-gnu-gcc (Debian 10.2.1-6) 10.2.1 20210110\n"
         "cc_compile_by          : xen-4.13+gitAUT\n"
         "build_id               : fd0988491f41f46ba1f6830326db777f117e107f\n"
         "xend_config_format     : 4\n";
}

TEST(XlInfo, TellsEverything) {
  const Hypervisor h = read(xl_info("13", ".0", "hvm hvm_directio hap iommu_hap_pt_share"));
  EXPECT_TRUE(h.seen);
  EXPECT_EQ(h.version->value.text(), "4.13.0");
  EXPECT_EQ(h.version->source, "xl info");
  EXPECT_EQ(h.arch->value, Arch::arm64);
  ASSERT_EQ(h.commits.size(), 1U);
  EXPECT_EQ(h.commits[0].value.hash, "a2e84d8e42");
  EXPECT_TRUE(h.commits[0].value.dirty);
  EXPECT_EQ(h.compile_by->value, "xen-4.13+gitAUT");
  EXPECT_EQ(h.build_id->value, "fd0988491f41f46ba1f6830326db777f117e107f");
  EXPECT_EQ(h.command_line->value, "console=dtuart dtuart=/pl011@9000000 dom0_mem=512M loglvl=all");
  EXPECT_EQ(h.trust.console_to_ring, false);
  EXPECT_EQ(h.dom0_kernel->value, "5.10.0-32-arm64");
  EXPECT_EQ(h.iommu_enabled(), true);
  EXPECT_TRUE(h.table_shared->value);
  EXPECT_EQ(h.log_level->value, "All");
  EXPECT_FALSE(h.boot_start_seen);
}

TEST(XlInfo, FromFourThirteenOnTheCapsTellAbsenceToo) {
  EXPECT_EQ(read(xl_info("13", ".0", "hvm hap")).iommu_enabled(), false);
  EXPECT_EQ(read(xl_info("20", ".5-pre", "hvm hap vpmu gnttab-v1")).iommu_enabled(), false);
}

TEST(XlInfo, UpToFourTwelveAnAbsentCapSaysNothing) {
  EXPECT_EQ(read(xl_info("12", ".1", "")).iommu_enabled(), std::nullopt);
  EXPECT_EQ(read(xl_info("11", ".4", "hvm")).iommu_enabled(), std::nullopt);
  EXPECT_EQ(read(xl_info("12", ".1", "hvm hvm_directio")).iommu_enabled(), true);
}

TEST(XlInfo, WithoutAVersionAnAbsentCapSaysNothing) {
  EXPECT_EQ(read("virt_caps              : hvm hap\n").iommu_enabled(), std::nullopt);
  EXPECT_EQ(read("virt_caps              : hvm hvm_directio hap\n").iommu_enabled(), true);
  EXPECT_EQ(read("virt_caps              : hvm directio hap\n").iommu_enabled(), true);
  EXPECT_EQ(read("virt_caps              : pv pv_directio\n").iommu_enabled(), true);
}

TEST(XlInfo, ASeriesIsEnoughToKnowWhatTheCapsMean) {
  EXPECT_EQ(read("virt_caps              : hvm hap\nxen_version : 4.13\n").iommu_enabled(), false);
}

TEST(XlInfo, PartsMakeAVersionWhenAllAreThere) {
  EXPECT_EQ(read("xen_major              : 4\n"
                 "xen_minor              : 14\n"
                 "xen_extra              : .1-pre\n")
                .version->value.text(),
            "4.14.1-pre");
  const Hypervisor cut = read("xen_major              : 4\nxen_minor              : 14\n");
  EXPECT_FALSE(cut.version.has_value());
  EXPECT_EQ(cut.series->value.text(), "4.14");
}

TEST(XlInfo, AnEmptyExtraIsNoPointZero) {
  const Hypervisor h = read(
      "xen_major              : 4\nxen_minor              : 13\nxen_extra              : \n"
      "xen_version            : 4.13\n");
  EXPECT_FALSE(h.version.has_value());
  EXPECT_EQ(h.series->value.text(), "4.13");
}

TEST(XlInfo, PartsOfTwoHostsAreNotMixed) {
  const Hypervisor h = read(
      "xen_major              : 4\nxen_minor              : 14\nxen_extra              : .1\n"
      "xen_major              : 4\nxen_minor              : 17\n");
  EXPECT_EQ(h.version->value.text(), "4.14.1");
  EXPECT_EQ(h.series->value.text(), "4.17");
}

TEST(XlInfo, DamagedPartsGiveNothing) {
  const Hypervisor h = read(
      "xen_major              : four\nxen_minor              : 14\nxen_extra              : .1\n"
      "xen_version            : unknown\nmachine                : pdp11\nxen_caps : none\n");
  EXPECT_FALSE(h.version.has_value());
  EXPECT_FALSE(h.series.has_value());
  EXPECT_FALSE(h.arch.has_value());
}

TEST(XlInfo, WrappedValuesAreJoined) {
  const Hypervisor h = read(
      "virt_caps              : hvm hvm_directio hap vpmu gnttab-v1\n"
      "iommu_hap_pt_share\n"
      "total_memory           : 2046\n"
      "xen_changeset          : Tue Dec 17 14:19:49 2019 +0000\n"
      "git:a2e84d8e42-dirty\n"
      "xen_commandline        : placeholder dom0_mem=1024M,max:1024M \n"
      "console=dtuart console_to_ring\n"
      "cc_compiler            : gcc (Debian 12.2.0-14) 12.2.0\n");
  EXPECT_TRUE(h.table_shared->value);
  ASSERT_EQ(h.commits.size(), 1U);
  EXPECT_EQ(h.command_line->value,
            "placeholder dom0_mem=1024M,max:1024M  console=dtuart console_to_ring");
  EXPECT_EQ(h.trust.console_to_ring, true);
  EXPECT_EQ(h.changeset_text->value, "Tue Dec 17 14:19:49 2019 +0000 git:a2e84d8e42-dirty");
}

TEST(XlInfo, DeniedAnswersAreNone) {
  const Hypervisor h = read(
      "xen_commandline        : <denied>\ncc_compile_by          : <denied>\n"
      "xen_changeset          : <denied>\n");
  EXPECT_FALSE(h.command_line.has_value());
  EXPECT_FALSE(h.compile_by.has_value());
  EXPECT_TRUE(h.commits.empty());
}

TEST(XlInfo, TheBannersBuilderIsWhole) {
  const std::string banner =
      "(XEN) Xen version 4.14.1 (xen-4.14+stableAUTOINC+ad844aa352-r0@poky) "
      "(aarch64-poky-linux-gcc (GCC) 10.2.0) debug=n  2020\n";
  const std::string info = "cc_compile_by          : xen-4.14+stable\n";
  EXPECT_EQ(read(banner + info).compile_by->value, "xen-4.14+stableAUTOINC+ad844aa352-r0");
  EXPECT_EQ(read(info + banner).compile_by->value, "xen-4.14+stableAUTOINC+ad844aa352-r0");
}

TEST(XlInfo, CommonWordsCountOnlyInItsColumns) {
  const Hypervisor h = read("release: 5.10.0\nmachine : armv7l\nversion : 4\nhost: a\n");
  EXPECT_FALSE(h.dom0_kernel.has_value());
  EXPECT_FALSE(h.arch.has_value());
}

TEST(XlInfo, AnArm32HypervisorAndAnX86One) {
  EXPECT_EQ(read("xen_caps               : xen-3.0-armv7l\n").arch->value, Arch::arm32);
  EXPECT_EQ(read("xen_caps               : xen-3.0-x86_64 hvm-3.0-x86_32\n").arch->value,
            Arch::x86);
  // A 32-bit dom0 on an arm64 hypervisor.
  EXPECT_EQ(read("machine                : armv7l\n"
                 "xen_caps               : xen-3.0-aarch64 xen-3.0-armv7l\n")
                .arch->value,
            Arch::arm64);
}

TEST(XlInfoField, ManyColonsTakeNoLongerThanTheirLength) {
  std::string text = "xen_commandline : ";
  for (int i = 0; i < 20000; ++i) text += " a:";
  std::string_view rest = text;
  const auto field = take_xl_info_field(&rest);
  ASSERT_TRUE(field.has_value());
  EXPECT_FALSE(field->bounded);
  EXPECT_TRUE(rest.empty());
}

TEST(XlInfoField, OtherTextIsNone) {
  for (const char* text : {"", ":", "xen_major", "xen_major = 4", "xen_majority : 4", "foo : 1"}) {
    std::string_view rest = text;
    EXPECT_FALSE(take_xl_info_field(&rest).has_value()) << text;
  }
}

TEST(Sysfs, TellsIdentityAndFeatures) {
  const Hypervisor h = read(
      "/sys/hypervisor/type:xen\n"
      "/sys/hypervisor/properties/features:00022705\n"
      "/sys/hypervisor/properties/changeset:Tue Dec 17 14:19:49 2019 +0000 git:a2e84d8e42\n"
      "/sys/hypervisor/properties/capabilities:xen-3.0-aarch64 xen-3.0-armv7l\n"
      "/sys/hypervisor/properties/buildid:fd0988491f41f46b\n"
      "/sys/hypervisor/compilation/compiler:aarch64-linux-gnu-gcc (Debian 10.2.1-6)\n"
      "/sys/hypervisor/compilation/compiled_by:pkg-xen-devel\n"
      "/sys/hypervisor/version/minor:17\n"
      "/sys/hypervisor/version/major:4\n"
      "/sys/hypervisor/version/extra:.2\n");
  EXPECT_TRUE(h.seen);
  EXPECT_EQ(h.version->value.text(), "4.17.2");
  EXPECT_EQ(h.version->source, "/sys/hypervisor");
  EXPECT_EQ(h.features->value, 0x22705U);
  EXPECT_TRUE(h.has_direct_map_feature_bit());
  EXPECT_EQ(h.direct_mapped(), true);
  EXPECT_EQ(h.commits.at(0).value.hash, "a2e84d8e42");
  EXPECT_EQ(h.build_id->value, "fd0988491f41f46b");
  EXPECT_EQ(h.compile_by->value, "pkg-xen-devel");
  EXPECT_EQ(h.arch->value, Arch::arm64);
}

TEST(Sysfs, AlsoRelativeToItsRoot) {
  const Hypervisor h =
      read("version/major:4\nversion/minor:14\nversion/extra:.6\nproperties/features:00002705\n");
  EXPECT_EQ(h.version->value.text(), "4.14.6");
  EXPECT_EQ(h.features->value, 0x2705U);
}

TEST(Sysfs, WithoutAnExtraOnlyTheSeriesIsKnown) {
  // grep prints nothing for an empty file.
  const Hypervisor h = read("/sys/hypervisor/version/major:4\n/sys/hypervisor/version/minor:13\n");
  EXPECT_FALSE(h.version.has_value());
  EXPECT_EQ(h.series->value.text(), "4.13");
}

TEST(FeatureWords, WithAndWithoutBlanks) {
  EXPECT_EQ(parse_feature_words("00002705"), 0x2705U);
  EXPECT_EQ(parse_feature_words("00000001 00002705"), 0x1'0000'2705U);
  EXPECT_EQ(parse_feature_words("0000000100002705"), 0x1'0000'2705U);
  EXPECT_EQ(parse_feature_words(""), std::nullopt);
  EXPECT_EQ(parse_feature_words("  "), std::nullopt);
  EXPECT_EQ(parse_feature_words("0x2705"), std::nullopt);
  EXPECT_EQ(parse_feature_words("00000000100002705"), std::nullopt);
}

TEST(Hypfs, TellsIdentityAndLogLevel) {
  const Hypervisor h = read(
      "/buildinfo/version/major = 4\n"
      "/buildinfo/version/minor = 14\n"
      "/buildinfo/version/extra = \".1\"\n"
      "/buildinfo/changeset:Tue Dec 17 14:19:49 2019 +0000 git:a2e84d8e42\n"
      "/buildinfo/compileinfo/compiler: aarch64-linux-gnu-gcc\n"
      "/buildinfo/compileinfo/compile_by = root\n"
      "/buildinfo/config = something\n"
      "/params/loglvl:error/all\n");
  EXPECT_EQ(h.version->value.text(), "4.14.1");
  EXPECT_EQ(h.version->source, "hypfs");
  EXPECT_EQ(h.commits.at(0).value.hash, "a2e84d8e42");
  EXPECT_EQ(h.log_level->value, "Errors (Rate-limited: All)");
  EXPECT_EQ(h.compile_by->value, "root");
  EXPECT_EQ(h.arch->value, Arch::arm64);
}

TEST(Hypfs, TheRunningLevelWinsOverTheBootLine) {
  const std::string boot = "(XEN) Std. Loglevel: All\n";
  const std::string now = "/params/loglvl = error\n";
  EXPECT_EQ(read(boot + now).log_level->value, "Errors");
  EXPECT_EQ(read(now + boot).log_level->value, "Errors");
  EXPECT_EQ(read("/params/loglvl = odd\n" + boot).log_level->value, "All");
}

TEST(TreeEntry, OtherPathsAreNone) {
  for (const char* text : {"", "/sys/kernel/x:1", "/buildinfo/changeset", "version/majority:4",
                           "/paramset/loglvl:1", "properties/features", "/params/loglvl"}) {
    EXPECT_FALSE(parse_tree_entry(text).has_value()) << text;
  }
  EXPECT_TRUE(parse_tree_entry("/params/opt_other = 1").has_value());
}

// ---- strength of sources and boots
// ---------------------------------------------------------------

constexpr std::string_view kOldBoot =
    "(XEN) Command line: console_to_ring\n"
    "(XEN) [    0.002383] Xen version 4.14.1 (@) (aarch64-linux-gnu-gcc 9) debug=y  Mon 2020\n"
    "(XEN) [    0.002390] Latest ChangeSet: git:ad844aa352\n"
    "(XEN) [    0.018162] I/O virtualisation enabled\n"
    "(XEN) [    0.020000] Allocating 1:1 mappings totalling 512MB for dom0:\n"
    "(XEN) [    1.000000] Freed 348kB init memory.\n";
constexpr std::string_view kNewBoot =
    "(XEN) [    0.002399] Xen version 4.14.2 (@) (aarch64-linux-gnu-gcc 9) debug=n  Tue 2021\n"
    "(XEN) [    0.018162] I/O virtualisation disabled\n";

TEST(Strength, TheRunningHypervisorsAnswerWinsOverAnyBanner) {
  const std::string info = "xen_version            : 4.17.0\n";
  for (const std::string& text : {info + std::string(kNewBoot), std::string(kNewBoot) + info}) {
    Reading reading;
    reading.feed(info, 0);
    reading.feed(kNewBoot, 1);
    EXPECT_EQ(reading.facts().version->value.text(), "4.17.0");
    EXPECT_EQ(reading.facts().version->source, "xl info");
    EXPECT_EQ(read(text).version->value.text(), "4.17.0");
  }
}

TEST(Strength, TheBannerWinsOverDumpAndLoader) {
  const std::string dump = "(XEN) ----[ Xen-4.10.0  arm64  debug=n   Not tainted ]----\n";
  EXPECT_EQ(read(std::string(kNewBoot) + dump).version->value.text(), "4.14.2");
  EXPECT_EQ(read(dump + std::string(kNewBoot)).version->value.text(), "4.14.2");
  EXPECT_EQ(read(dump + " Xen 4.9.0\n").version->value.text(), "4.10.0");
}

TEST(Strength, ABannerInMidLineWinsOverNothing) {
  Reading reading;
  reading.feed(kNewBoot);
  Line line;
  line.speaker = Speaker::xen;
  line.mid_line = true;
  line.text = line.raw = "Xen version 4.20.0 (@) (x86_64-linux-gnu-gcc 9) debug=n x";
  line.offset = 999;
  reading.parser.consume(line, true);
  EXPECT_FALSE(reading.parser.take_new_boot());
  EXPECT_EQ(reading.facts().version->value.text(), "4.14.2");
  EXPECT_EQ(reading.facts().arch->value, Arch::arm64);
}

TEST(Boots, ALaterBannerOfTheSameInputForgetsTheEarlierBoot) {
  Reading reading;
  reading.feed(std::string(kOldBoot) + std::string(kNewBoot));
  const Hypervisor h = reading.facts();
  EXPECT_EQ(reading.new_boots, 1);
  EXPECT_EQ(h.boots, 2U);
  EXPECT_EQ(h.version->value.text(), "4.14.2");
  EXPECT_TRUE(h.commits.empty());
  EXPECT_FALSE(h.command_line.has_value());
  EXPECT_EQ(h.trust.debug_build, false);
  EXPECT_EQ(h.trust.console_to_ring, std::nullopt);
  EXPECT_EQ(h.iommu_enabled(), false);
  EXPECT_EQ(h.direct_mapped(), std::nullopt);
  EXPECT_FALSE(h.dom0_started.has_value());
  EXPECT_TRUE(h.boot_start_seen);
}

TEST(Boots, TheCommandLineBeforeABannerBelongsToItsBoot) {
  Reading reading;
  reading.feed(std::string(kOldBoot) + "(XEN) Command line: loglvl=all\n" + std::string(kNewBoot));
  EXPECT_EQ(reading.new_boots, 1);
  EXPECT_EQ(reading.facts().boots, 2U);
  EXPECT_EQ(reading.facts().command_line->value, "loglvl=all");
  EXPECT_EQ(reading.facts().version->value.text(), "4.14.2");
}

TEST(Boots, MemoryOrLoaderLinesBeginOneToo) {
  for (const char* early : {"(XEN) Checking for initrd in /chosen\n",
                            "(XEN) RAM: 0000000040000000 - 00000000bfdfffff\n",
                            "Xen 4.14.2 (c/s x git:b0b734a8b3) EFI loader\n"}) {
    Reading reading;
    reading.feed(std::string(kOldBoot) + early);
    EXPECT_EQ(reading.new_boots, 1) << early;
    EXPECT_FALSE(reading.facts().boot_start_seen);
    reading.feed(std::string(kOldBoot) + early + std::string(kNewBoot), 7);
    EXPECT_EQ(reading.facts().version->value.text(), "4.14.2");
  }
}

TEST(Boots, ATextThatBeginsInTheMiddleOfABootMaySeeTheNext) {
  Reading reading;
  reading.feed("(XEN) I/O virtualisation enabled\n" + std::string(kNewBoot));
  EXPECT_EQ(reading.new_boots, 1);
  EXPECT_EQ(reading.facts().boots, 1U);
  EXPECT_EQ(reading.facts().iommu_enabled(), false);
}

TEST(Boots, TheSameBootFromAnotherInputIsNoNewOne) {
  Reading reading;
  reading.feed(kOldBoot, 0);
  reading.feed(kOldBoot, 1);
  EXPECT_EQ(reading.new_boots, 0);
  EXPECT_EQ(reading.facts().boots, 1U);
  EXPECT_EQ(reading.facts().direct_mapped(), true);
}

TEST(Boots, AnotherStampInAnotherInputIsAnotherBoot) {
  std::string other(kOldBoot);
  other.replace(other.find("0.002383"), 8, "0.002384");
  Reading reading;
  reading.feed(kOldBoot, 0);
  reading.feed(other, 1);
  EXPECT_EQ(reading.new_boots, 1);
  EXPECT_EQ(reading.facts().boots, 2U);
  EXPECT_EQ(reading.facts().command_line->value, "console_to_ring");
  EXPECT_EQ(reading.facts().commits.size(), 1U);
}

TEST(Boots, ANewBootInAnotherInputKeepsWhatThatInputSaidBefore) {
  Reading reading;
  reading.feed(kOldBoot, 0);
  reading.feed("(XEN) Command line: loglvl=error\n" + std::string(kNewBoot), 1);
  const Hypervisor h = reading.facts();
  EXPECT_EQ(reading.new_boots, 1);
  EXPECT_EQ(h.command_line->value, "loglvl=error");
  EXPECT_EQ(h.version->value.text(), "4.14.2");
  EXPECT_EQ(h.iommu_enabled(), false);
  EXPECT_TRUE(h.commits.empty());
}

TEST(Boots, AToolsAnswerOfTheEarlierBootIsForgottenWithIt) {
  Reading reading;
  reading.feed(std::string(kOldBoot) + "xen_version            : 4.14.1\n" + std::string(kNewBoot));
  EXPECT_EQ(reading.facts().version->value.text(), "4.14.2");
  Reading apart;
  apart.feed("xen_version            : 4.14.2\n", 0);
  apart.feed(std::string(kOldBoot) + std::string(kOldBoot), 1);
  EXPECT_EQ(apart.facts().version->value.text(), "4.14.2");
}

TEST(Boots, GivenAnswersSurviveThem) {
  Reading reading;
  reading.parser.set_sysctl_abi(0x13, "hypercall");
  reading.feed(std::string(kOldBoot) + std::string(kNewBoot));
  EXPECT_EQ(reading.facts().sysctl_abi->value, 0x13U);
}

TEST(Boots, ABannerWhileDom0RunsIsNone) {
  Reading reading;
  reading.feed(std::string(kOldBoot) +
               "(XEN) [  900.000000] Xen version 4.14.1 (@) (aarch64-linux-gnu-gcc 9) debug=y  Mon "
               "2020\n");
  EXPECT_EQ(reading.new_boots, 0);
  EXPECT_EQ(reading.facts().boots, 1U);
  EXPECT_EQ(reading.facts().direct_mapped(), true);
}

TEST(Boots, X86PrintsItsCommandLineAfterTheBanner) {
  Reading reading;
  reading.feed(
      "(XEN) Xen version 4.14.1 (@) (x86_64-linux-gnu-gcc 9) debug=n  Mon\n"
      "(XEN) Latest ChangeSet: \n"
      "(XEN) Command line: dom0_mem=2048M\n"
      "(XEN) I/O virtualisation enabled\n");
  EXPECT_EQ(reading.new_boots, 0);
  EXPECT_EQ(reading.facts().command_line->value, "dom0_mem=2048M");
  EXPECT_EQ(reading.facts().version->value.text(), "4.14.1");
}

TEST(Boots, NoteXenSeen) {
  HypervisorParser parser;
  EXPECT_FALSE(parser.snapshot().seen);
  parser.note_xen_seen();
  EXPECT_TRUE(parser.snapshot().seen);
}

}  // namespace
}  // namespace xic
