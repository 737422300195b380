// What Xen itself prints.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/unit/hypervisor_test_support.h"

namespace xic {
namespace {

using testing::read;
using testing::Reading;

constexpr std::string_view kBoot =
    "(XEN) Checking for initrd in /chosen\n"
    "(XEN) RAM: 0000000040000000 - 00000000bfdfffff\n"
    "(XEN) Command line: console=dtuart dom0_mem=512M loglvl=all conring_size=64\n"
    "(XEN) [00000000001c40b5] Domain heap initialised\n"
    " Xen 4.14.1\n"
    "(XEN) [    0.002383] Xen version 4.14.1 (@) (aarch64-linux-gnu-gcc (GCC) 12.2.0) debug=n  Mon "
    "Nov 23 2026\n"
    "(XEN) [    0.002510] Latest ChangeSet: Mon Feb 8 10:49:32 2021 -0800 git:04085ec1ac\n"
    "(XEN) [    0.002745] build-id: 95ceb52fff1bbcce9c3b5b89153f68c4f893dc62\n"
    "(XEN) [    0.002966] Allocated console ring of 64 KiB.\n"
    "(XEN) [    0.016739] smmu: /smmu@bff00000: probing hardware configuration...\n"
    "(XEN) [    0.016834] smmu: /smmu@bff00000: SMMUv2 with:\n"
    "(XEN) [    0.017728] smmu: /smmu@bff00000: registered 1 master devices\n"
    "(XEN) [    0.018162] I/O virtualisation enabled\n"
    "(XEN) [    0.027755] *** LOADING DOMAIN 0 ***\n"
    "(XEN) [    0.028019] Loading d0 kernel from boot module @ 0000000064000000\n"
    "(XEN) [    0.028366] Allocating 1:1 mappings totalling 512MB for dom0:\n"
    "(XEN) [    0.307589] smmu: /smmu@bff00000: d0: p2maddr 0x00000000bfdd8000\n"
    "(XEN) [    0.351249] Std. Loglevel: All\n"
    "(XEN) [    3.353597] *** Serial input to DOM0 (type 'CTRL-a' three times to switch input)\n"
    "(XEN) [    3.378169] Freed 348kB init memory.\n"
    "(XEN) [    3.451490] d0v0 Unhandled SMC/HVC: 0x84000050\n";

bool has_claim(const Hypervisor& h, bool enabled, IommuClaim::Strength strength) {
  return std::any_of(h.iommu.begin(), h.iommu.end(), [&](const IommuClaim& claim) {
    return claim.enabled == enabled && claim.strength == strength && !claim.source.empty();
  });
}

TEST(BootLog, TellsEverything) {
  Reading reading;
  reading.feed(kBoot);
  const Hypervisor h = reading.facts();
  EXPECT_TRUE(h.seen);
  ASSERT_TRUE(h.version.has_value());
  EXPECT_EQ(h.version->value.text(), "4.14.1");
  EXPECT_EQ(h.version->source, "boot banner");
  EXPECT_EQ(h.arch->value, Arch::arm64);
  ASSERT_EQ(h.commits.size(), 1U);
  EXPECT_EQ(h.commits[0].value.hash, "04085ec1ac");
  EXPECT_EQ(h.build_id->value, "95ceb52fff1bbcce9c3b5b89153f68c4f893dc62");
  EXPECT_EQ(h.command_line->value, "console=dtuart dom0_mem=512M loglvl=all conring_size=64");
  EXPECT_EQ(h.trust.console_to_ring, false);
  EXPECT_EQ(h.trust.debug_build, false);
  EXPECT_FALSE(h.trust.dom0less_console);
  EXPECT_TRUE(h.trust.only_xen_can_write());
  EXPECT_EQ(h.log_level->value, "All");
  EXPECT_EQ(h.ring_kib->value, 64U);
  EXPECT_TRUE(h.boot_start_seen);
  EXPECT_EQ(h.boots, 1U);
  EXPECT_EQ(reading.new_boots, 0);
  EXPECT_EQ(h.iommu_kinds, std::vector<std::string>{"SMMUv2"});
  EXPECT_TRUE(has_claim(h, true, IommuClaim::Strength::proof));
  EXPECT_TRUE(has_claim(h, true, IommuClaim::Strength::strong));
  EXPECT_EQ(h.iommu_enabled(), true);
  EXPECT_EQ(h.direct_mapped(), true);
  ASSERT_TRUE(h.dom0_started.has_value());
  EXPECT_EQ(h.dom0_started->clock, Clock::xen_boot);
  EXPECT_EQ(h.dom0_started->value, 3'378'169'000U);
}

TEST(BootLog, ReadsTheSameWithCrlf) {
  std::string text;
  for (const char c : kBoot) {
    if (c == '\n') text += '\r';
    text += c;
  }
  const Hypervisor h = read(text);
  EXPECT_EQ(h.version->value.text(), "4.14.1");
  EXPECT_EQ(h.command_line->value, "console=dtuart dom0_mem=512M loglvl=all conring_size=64");
  EXPECT_EQ(h.log_level->value, "All");
  EXPECT_EQ(h.boots, 1U);
}

TEST(BootLog, EveryTruncationIsSurvivedAndNeverInventsAVersion) {
  for (std::size_t length = 0; length <= kBoot.size(); length += 3) {
    const Hypervisor h = read(kBoot.substr(0, length));
    if (h.version) {
      EXPECT_TRUE(std::string("4.14.1").starts_with(h.version->value.text()));
    }
    EXPECT_LE(h.boots, 1U);
  }
}

TEST(BootLog, AnEmptyChangesetNamesNoCommit) {
  const Hypervisor h = read("(XEN) Latest ChangeSet: \n(XEN) build-id: ab\n");
  ASSERT_TRUE(h.changeset_text.has_value());
  EXPECT_EQ(h.changeset_text->value, "");
  EXPECT_TRUE(h.commits.empty());
  EXPECT_EQ(read("(XEN) Latest ChangeSet:\n").changeset_text->value, "");
}

TEST(BootLog, AChangesetMayBeUnavailable) {
  const Hypervisor h = read("(XEN) Latest ChangeSet: unavailable\nprose with git:04085ec1ac\n");
  EXPECT_EQ(h.changeset_text->value, "unavailable");
  EXPECT_TRUE(h.commits.empty());
}

TEST(BootLog, AWrappedChangesetIsJoined) {
  const Hypervisor h = read(
      "(XEN) Latest ChangeSet: Tue Dec 17 14:19:49 2019 +0000\ngit:a2e84d8e42-dirty\n"
      "(XEN) build-id: 00\n");
  ASSERT_EQ(h.commits.size(), 1U);
  EXPECT_EQ(h.commits[0].value.hash, "a2e84d8e42");
  EXPECT_TRUE(h.commits[0].value.dirty);
}

TEST(BootLog, AWrappedBannerIsOneBoot) {
  Reading reading;
  reading.feed(
      "(XEN) Xen version 4.8.5 (someone@) (aarch64-linux-gnu-gcc (Ubuntu/Linaro\n"
      "7.5.0-3ubuntu1~18.04) 7.5.0) debug=y  Sun Jul 19 07:44:00 PDT 2020\n"
      "(XEN) Latest ChangeSet:\n");
  const Hypervisor h = reading.facts();
  EXPECT_EQ(h.version->value.text(), "4.8.5");
  EXPECT_EQ(h.trust.debug_build, true);
  EXPECT_EQ(h.compile_by->value, "someone");
  EXPECT_EQ(h.boots, 1U);
  EXPECT_EQ(reading.new_boots, 0);
}

TEST(BootLog, AWrappedCommandLineIsJoined) {
  const Hypervisor h = read(
      "(XEN) [0000001b1ffedeb8] Command line: dom0_mem=2048M,max:2048M\n"
      "loglvl=all console_timestamps=datems\n"
      "iommu=on,verbose,debug conring_size=128k\n"
      "(XEN) next\n");
  EXPECT_EQ(h.command_line->value,
            "dom0_mem=2048M,max:2048M loglvl=all console_timestamps=datems iommu=on,verbose,debug "
            "conring_size=128k");
  EXPECT_EQ(h.log_level->value, "All");
  EXPECT_EQ(h.ring_kib->value, 128U);
}

TEST(BootLog, TheDistributionNamesItsBaseCommit) {
  const Hypervisor h = read(
      "(XEN) Xen version 4.14.0 (Debian 4.14.0+88-g1d1d1f5391-2) (pkg@lists.example) "
      "(aarch64-linux-gnu-gcc (Debian 10.2.1-6) 10.2.1) debug=n  Fri Jan 1 2021\n");
  EXPECT_EQ(h.distribution->value, "Debian 4.14.0+88-g1d1d1f5391-2");
  ASSERT_EQ(h.commits.size(), 1U);
  EXPECT_EQ(h.commits[0].value.hash, "1d1d1f5391");
  EXPECT_EQ(h.commits[0].value.origin, Commit::Origin::distribution);
  EXPECT_FALSE(h.changeset_text.has_value());
}

TEST(BootLog, ARecipeNamesItsCommit) {
  const Hypervisor h = read(
      "(XEN) Xen version 4.14.1 (xen-4.14+stableAUTOINC+ad844aa352-r0@poky) "
      "(aarch64-poky-linux-gcc (GCC) 10.2.0) debug=n  2020-12-17\n");
  EXPECT_EQ(h.compile_by->value, "xen-4.14+stableAUTOINC+ad844aa352-r0");
  ASSERT_EQ(h.commits.size(), 1U);
  EXPECT_EQ(h.commits[0].value.origin, Commit::Origin::recipe);
}

TEST(BootLog, ACrashBannerTellsTheVersionWhereTheBannerIsGone) {
  const Hypervisor h = read("(XEN) ----[ Xen-4.14.0  arm64  debug=y   Not tainted ]----\n");
  EXPECT_EQ(h.version->value.text(), "4.14.0");
  EXPECT_EQ(h.version->source, "crash banner");
  EXPECT_EQ(h.arch->value, Arch::arm64);
  EXPECT_EQ(h.trust.debug_build, true);
  EXPECT_FALSE(h.boot_start_seen);
  EXPECT_EQ(h.boots, 0U);
}

TEST(BootLog, TheLoaderTellsVersionAndCommit) {
  const Hypervisor h =
      read("Xen 4.13.0 (c/s Tue Dec 17 14:19:49 2019 +0000 git:a2e84d8e42-dirty) EFI loader\n");
  EXPECT_TRUE(h.seen);
  EXPECT_EQ(h.version->value.text(), "4.13.0");
  ASSERT_EQ(h.commits.size(), 1U);
  EXPECT_TRUE(h.commits[0].value.dirty);
}

TEST(BootLog, ThePlainBannerIsWeakerThanTheReal) {
  EXPECT_EQ(read(" Xen 4.13-unstable\n").version->value.text(), "4.13-unstable");
  EXPECT_EQ(read(std::string(kBoot) + "Xen 4.18.0\n").version->value.text(), "4.14.1");
}

TEST(BootLog, LinuxKnowsOnlyTheSeries) {
  const Hypervisor h = read("[    0.000000] Xen 4.13 support found\n");
  EXPECT_TRUE(h.seen);
  EXPECT_FALSE(h.version.has_value());
  ASSERT_TRUE(h.series.has_value());
  EXPECT_EQ(h.series->value.major, 4U);
  EXPECT_EQ(h.series->value.minor, 13U);
  EXPECT_EQ(h.series->value.extra, "");
  EXPECT_EQ(h.series->source, "dom0 kernel log");
}

TEST(BootLog, TracesOfXenInLinux) {
  EXPECT_TRUE(read("[    0.100000] xen:swiotlb_xen: Warning: only able\n").seen);
  EXPECT_TRUE(read("[    0.100000] Xen: initializing cpu0\n").seen);
  EXPECT_FALSE(
      read("[    0.100000] arm-smmu fd800000.smmu: Unhandled context fault: fsr=0x402\n").seen);
  EXPECT_FALSE(read("[    0.100000] Xenial support found\n").seen);
  EXPECT_FALSE(read("[    0.100000] Xen x support found\n").seen);
}

TEST(BootLog, TheKernelOfDom0) {
  EXPECT_EQ(
      read("[    0.000000] Linux version 5.10.0-32-arm64 (a@b) (gcc) #1 SMP\n").dom0_kernel->value,
      "5.10.0-32-arm64");
  EXPECT_EQ(read("Linux version 4.19.0-xilinx-v2019.1 (oe-user@oe-host)\n").dom0_kernel->value,
            "4.19.0-xilinx-v2019.1");
  EXPECT_FALSE(read("[    0.000000] Linux version \n").dom0_kernel.has_value());
}

// ---- IOMMU
// ---------------------------------------------------------------------------------------

TEST(IommuState, DisabledIsProof) {
  const Hypervisor h = read(
      "(XEN) SMMUv3: /smmuv3@9050000: no translation support!\n"
      "(XEN) I/O virtualisation disabled\n");
  EXPECT_EQ(h.iommu_enabled(), false);
  EXPECT_EQ(h.iommu_kinds, std::vector<std::string>{"SMMUv3"});
}

TEST(IommuState, DriversLinesAreHints) {
  for (const char* text : {"(XEN) smmu: /smmu@fd800000: SMMUv2 with:\n",
                           "(XEN) SMMUv3: /iommu@fc900000: ias 48-bit, oas 48-bit\n",
                           "(XEN) ipmmu: /soc/iommu@e67b0000: d1: Set IPMMU context 1\n",
                           "(XEN) smmu: /smmu@fd800000: d3: p2maddr 0x000000087ff22000\n"}) {
    const Hypervisor h = read(text);
    EXPECT_EQ(h.iommu_enabled(), true) << text;
    EXPECT_FALSE(has_claim(h, true, IommuClaim::Strength::strong)) << text;
    EXPECT_EQ(h.arch->value, Arch::arm64) << text;
  }
  EXPECT_EQ(read("(XEN) ipmmu: /soc/iommu@e67b0000: probed\n").iommu_kinds,
            std::vector<std::string>{"IPMMU"});
  EXPECT_EQ(read("(XEN) smmu: /smmu@1: SMMUv1 with:\n").iommu_kinds,
            std::vector<std::string>{"SMMUv1"});
}

TEST(IommuState, TakingAnSmmuIsStrong) {
  for (const char* text : {"(XEN) smmu: /smmu@fd800000: registered 0 master devices\n",
                           "(XEN) smmu: /smmu@fd800000: d0: p2maddr 0x000000087bf9a000\n"}) {
    EXPECT_TRUE(has_claim(read(text), true, IommuClaim::Strength::strong)) << text;
  }
}

TEST(IommuState, LinesThatLookAlikeClaimNothing) {
  for (const char* text :
       {"(XEN) I/O virtualisation\n", "(XEN) I/O virtualisation maybe\n",
        "(XEN) smmu: /smmu@fd800000\n", "(XEN) smmu: \n", "(XEN) smmu: x: dX: p2maddr 0x1\n",
        "I/O virtualisation disabled\n", "(XEN) (d1) I/O virtualisation disabled\n"}) {
    const Hypervisor h = read(text);
    EXPECT_FALSE(has_claim(h, false, IommuClaim::Strength::proof)) << text;
    EXPECT_FALSE(has_claim(h, true, IommuClaim::Strength::strong)) << text;
  }
}

TEST(IommuState, AGuestCannotClaimInMidLine) {
  Reading reading;
  Line line;
  line.speaker = Speaker::xen;
  line.mid_line = true;
  line.text = line.raw = "I/O virtualisation disabled";
  reading.parser.consume(line, true);
  line.text = line.raw = "smmu: /smmu@1: registered 3 master devices";
  reading.parser.consume(line, true);
  line.text = line.raw = "AMD-Vi: IOMMU 0 Enabled.";
  reading.parser.consume(line, true);
  line.text = line.raw = "Allocating mappings totalling 512MB for dom0:";
  reading.parser.consume(line, true);
  line.text = line.raw = "ipmmu: disable sharing P2M table between the CPU and IPMMU";
  reading.parser.consume(line, true);
  line.text = line.raw = "Domain 0 has 4 color(s)";
  reading.parser.consume(line, true);
  line.text = line.raw = " key 'o' (ascii '6f') => dump iommu page tables";
  reading.parser.consume(line, true);
  const Hypervisor h = reading.facts();
  EXPECT_TRUE(h.iommu.empty());
  EXPECT_TRUE(h.direct_map.empty());
  EXPECT_FALSE(h.arch.has_value());
  EXPECT_FALSE(h.ipmmu_sharing_disabled);
  EXPECT_FALSE(h.llc_coloring);
}

TEST(IommuState, X86DriversTellTheArchitecture) {
  EXPECT_EQ(read("(XEN) AMD-Vi: IOMMU 0 Enabled.\n").arch->value, Arch::x86);
  EXPECT_EQ(read("(XEN) [VT-D]iommu.c:1146: drhd->address = fed90000\n").arch->value, Arch::x86);
  EXPECT_EQ(read("(XEN) Intel VT-d iommu 0 supported page sizes: 4kB\n").iommu_kinds,
            std::vector<std::string>{"VT-d"});
  EXPECT_FALSE(read("[    0.100000] AMD-Vi: Event logged\n").arch.has_value());
}

TEST(IommuState, TheIpmmuMayHaveTablesOfItsOwn) {
  EXPECT_TRUE(read("(XEN) ipmmu: disable sharing P2M table between the CPU and IPMMU\n")
                  .ipmmu_sharing_disabled);
}

TEST(IommuState, KeyOListsShareTheTable) {
  EXPECT_TRUE(read("(XEN) domain1 IOMMU p2m table shared with MMU\n").table_shared->value);
}

TEST(IommuState, ExtendedRegionsHintAtIt) {
  const Hypervisor off = read(
      "(XEN) RAM: 0000000040000000 - 00000000bfdfffff\n"
      "(XEN) d0: extended region 0: 0x60400000->0xbfe00000\n");
  EXPECT_EQ(off.iommu_enabled(), false);
  EXPECT_TRUE(has_claim(off, false, IommuClaim::Strength::hint));
  const Hypervisor on = read(
      "(XEN) RAM: 0000000040000000 - 00000000bfdfffff\n"
      "(XEN) d0: extended region 0: 0->0x8000000\n"
      "(XEN) d0: extended region 1: 0xa200000->0x40000000\n"
      "(XEN) d0: extended region 2: 0xc0000000->0x100000000000\n");
  EXPECT_EQ(on.iommu_enabled(), true);
  EXPECT_TRUE(read("(XEN) d0: extended region 0: 0x60400000->0xbfe00000\n").iommu.empty());
}

TEST(IommuState, DamagedRangesAreIgnored) {
  for (const char* text :
       {"(XEN) RAM: zz - 00\n", "(XEN) RAM: 0000000040000000\n", "(XEN) RAM: 2 - 1\n",
        "(XEN) RAM: 0 - ffffffffffffffff\n", "(XEN) RAM: 0 - 11111111111111111\n"}) {
    const Hypervisor h =
        read(std::string(text) + "(XEN) d0: extended region 0: 0x0->0xfffffffffffff\n");
    EXPECT_TRUE(h.iommu.empty()) << text;
  }
  for (const char* text :
       {"(XEN) d0: extended region\n", "(XEN) d0: extended region 0 0x0->0x1\n",
        "(XEN) d0: extended region 0: x\n", "(XEN) d0: extended region 0: 0x5->\n",
        "(XEN) d0: extended region 0: 0x5->0x5\n", "(XEN) d1: extended region 0: 0x0->0x50\n"}) {
    EXPECT_TRUE(read("(XEN) RAM: 0 - ffffffff\n" + std::string(text)).iommu.empty()) << text;
  }
}

TEST(IommuState, TheStrongestClaimsDecideAndContradictionsDoNot) {
  Hypervisor h;
  EXPECT_EQ(h.iommu_enabled(), std::nullopt);
  h.iommu.push_back({true, IommuClaim::Strength::hint, "a"});
  EXPECT_EQ(h.iommu_enabled(), true);
  h.iommu.push_back({false, IommuClaim::Strength::strong, "b"});
  EXPECT_EQ(h.iommu_enabled(), false);
  h.iommu.push_back({true, IommuClaim::Strength::strong, "c"});
  EXPECT_EQ(h.iommu_enabled(), std::nullopt);
  h.iommu.push_back({true, IommuClaim::Strength::proof, "d"});
  EXPECT_EQ(h.iommu_enabled(), true);
}

// ---- key 'h'
// -------------------------------------------------------------------------------------

constexpr std::string_view kListingHead =
    "(XEN) 'h' pressed -> showing installed handlers\n"
    "(XEN)  key '%' (ascii '25') => trap to xendbg\n"
    "(XEN)  key 'h' (ascii '68') => show this message\n"
    "(XEN)  key 'm' (ascii '6d') => memory info\n";
constexpr std::string_view kListingO = "(XEN)  key 'o' (ascii '6f') => dump iommu p2m table\n";
constexpr std::string_view kListingTail =
    "(XEN)  key 'q' (ascii '71') => dump domain (and guest debug) info\n"
    "(XEN)  key 'r' (ascii '72') => dump run queues\n";

TEST(KeyListing, WithKeyOProvesTheIommuOn) {
  const Hypervisor h =
      read(std::string(kListingHead) + std::string(kListingO) + std::string(kListingTail));
  EXPECT_TRUE(has_claim(h, true, IommuClaim::Strength::proof));
}

TEST(KeyListing, WithoutKeyOProvesItOff) {
  const Hypervisor h = read(std::string(kListingHead) + std::string(kListingTail));
  EXPECT_TRUE(has_claim(h, false, IommuClaim::Strength::proof));
}

TEST(KeyListing, AKeyOForSomethingElseClaimsNothing) {
  EXPECT_TRUE(read("(XEN)  key 'o' (ascii '6f') => open the pod bay doors\n").iommu.empty());
}

TEST(KeyListing, WithAGapProvesNothing) {
  for (const char* between : {"(XEN) other line\n", "(XEN) RAM: 0 - fff\n"}) {
    EXPECT_FALSE(has_claim(read(std::string(kListingHead) + between + std::string(kListingTail)),
                           false, IommuClaim::Strength::proof))
        << between;
  }
  EXPECT_TRUE(read(kListingTail).iommu.empty());
  EXPECT_TRUE(read("(XEN) 'h' pressed -> showing installed handlers\n"
                   "(XEN)  key 'h' (ascii '68') => show this message\n" +
                   std::string(kListingTail))
                  .iommu.empty());
}

TEST(KeyListing, MayPrintTheBannerWithoutBeingABoot) {
  Reading reading;
  reading.feed(std::string(kBoot) +
               "(XEN) [   99.000000] 'h' pressed -> showing installed handlers\n"
               "(XEN) [   99.000001] Xen version 4.14.1 (@) (aarch64-linux-gnu-gcc (GCC) 12.2.0) "
               "debug=n  Mon Nov 23 2026\n"
               "(XEN) [   99.000002] Latest ChangeSet: Mon Feb 8 10:49:32 2021 -0800 "
               "git:04085ec1ac\n"
               "(XEN) [   99.000003] build-id: 95ceb52fff1bbcce9c3b5b89153f68c4f893dc62\n"
               "(XEN) [   99.000004]  key 'm' (ascii '6d') => memory info\n"
               "(XEN) [   99.000005]  key 'q' (ascii '71') => dump domain info\n");
  EXPECT_EQ(reading.new_boots, 0);
  EXPECT_EQ(reading.facts().boots, 1U);
  EXPECT_TRUE(has_claim(reading.facts(), false, IommuClaim::Strength::proof));
}

TEST(KeyListing, ItsBannerAloneIsNoBootStart) {
  const Hypervisor h = read(
      "(XEN) 'h' pressed -> showing installed handlers\n"
      "(XEN) Xen version 4.21.0 (@) (aarch64-linux-gnu-gcc (GCC) 12.2.0) debug=n x\n");
  EXPECT_EQ(h.version->value.text(), "4.21.0");
  EXPECT_FALSE(h.boot_start_seen);
  EXPECT_EQ(h.boots, 0U);
}

// ---- direct map
// ----------------------------------------------------------------------------------

TEST(DirectMap, TheAllocationLineClaims) {
  EXPECT_EQ(read("(XEN) Allocating 1:1 mappings totalling 512MB for dom0:\n").direct_mapped(),
            true);
  EXPECT_EQ(read("(XEN) Allocating mappings totalling 512MB for dom0:\n").direct_mapped(), false);
  EXPECT_EQ(read("(XEN) Allocating mappings totalling 512MB for d0:\n").direct_mapped(), false);
  EXPECT_FALSE(
      read("(XEN) Allocating 1:1 mappings totalling 512MB for dom0:\n").direct_map[0].proof);
}

TEST(DirectMap, OfAnotherDomainClaimsNothing) {
  EXPECT_EQ(read("(XEN) Allocating mappings totalling 512MB for d1:\n").direct_mapped(),
            std::nullopt);
  EXPECT_EQ(read("(XEN) Allocating 1:1 mappings totalling 512MB for d1:\n").direct_mapped(),
            std::nullopt);
}

TEST(DirectMap, ColouringWinsOverTheLine) {
  for (const char* sign :
       {"(XEN) Domain 0 has 4 color(s) [ 0 1 2 3 ]\n", "(XEN) Command line: llc-coloring=on x\n",
        "(XEN) Command line: llc-coloring\n", "(XEN) Command line: dom0_colors=0-3\n"}) {
    const Hypervisor h =
        read("(XEN) Allocating 1:1 mappings totalling 512MB for dom0:\n" + std::string(sign));
    EXPECT_TRUE(h.llc_coloring) << sign;
    EXPECT_EQ(h.direct_mapped(), false) << sign;
  }
  for (const char* sign :
       {"(XEN) Domain 0 has no colours\n", "(XEN) Command line: llc-coloring=off\n",
        "(XEN) Command line: no-llc-coloring\n", "(XEN) Domain 0 has 0 color(s)\n",
        "(XEN) Domain 1 has 4 color(s)\n", "(XEN) Command line: x -- llc-coloring\n"}) {
    EXPECT_FALSE(read(sign).llc_coloring) << sign;
  }
}

TEST(DirectMap, FeatureBitsAreProof) {
  Reading direct;
  direct.feed("(XEN) Allocating mappings totalling 512MB for dom0:\n");
  direct.parser.set_features(std::uint64_t{1} << 17, "hypercall");
  EXPECT_EQ(direct.facts().direct_mapped(), true);
  EXPECT_TRUE(direct.facts().has_direct_map_feature_bit());
  EXPECT_TRUE(direct.facts().direct_map.back().proof);

  Reading other;
  other.feed("(XEN) Allocating 1:1 mappings totalling 512MB for dom0:\n");
  other.parser.set_features(std::uint64_t{1} << 16, "hypercall");
  EXPECT_EQ(other.facts().direct_mapped(), false);

  Reading both;
  both.parser.set_features(std::uint64_t{3} << 16, "hypercall");
  EXPECT_EQ(both.facts().direct_mapped(), std::nullopt);

  Reading neither;
  neither.parser.set_features(0x2705, "hypercall");
  EXPECT_EQ(neither.facts().direct_mapped(), std::nullopt);
  EXPECT_FALSE(neither.facts().has_direct_map_feature_bit());
  EXPECT_TRUE(neither.facts().seen);
  EXPECT_FALSE(Hypervisor{}.has_direct_map_feature_bit());
}

TEST(DirectMap, ContradictingLinesDecideNothing) {
  EXPECT_EQ(read("(XEN) Allocating mappings totalling 512MB for dom0:\n"
                 "(XEN) Allocating 1:1 mappings totalling 512MB for dom0:\n")
                .direct_mapped(),
            std::nullopt);
}

// ---- who could have written a line
// ---------------------------------------------------------------

TEST(LineTrust, AnUnknownCommandLineIsNoAcquittal) {
  const Hypervisor h = read("(XEN) ----[ Xen-4.14.0  arm64  debug=n   Not tainted ]----\n");
  EXPECT_EQ(h.trust.console_to_ring, std::nullopt);
  EXPECT_FALSE(h.trust.only_xen_can_write());
}

TEST(LineTrust, ConsoleToRingAsXenReadsIt) {
  const auto state = [](const std::string& options) {
    return read("(XEN) Command line: " + options + "\n(XEN) x\n").trust.console_to_ring;
  };
  EXPECT_EQ(state("console_to_ring"), true);
  EXPECT_EQ(state("a=b console_to_ring=yes"), true);
  EXPECT_EQ(state("console_to_ring=0"), false);
  EXPECT_EQ(state("no-console_to_ring"), false);
  EXPECT_EQ(state("console_to_ring no-console_to_ring"), false);
  EXPECT_EQ(state("console_to_ringer"), false);
  EXPECT_EQ(state("console_to_ring=perhaps"), false);
  EXPECT_EQ(state(""), false);
}

TEST(LineTrust, ACutCommandLineIsNotKnownInFull) {
  const std::string line = "(XEN) Command line: a=" + std::string(1100, 'x') + "\n(XEN) x\n";
  EXPECT_EQ(read(line).trust.console_to_ring, std::nullopt);
  EXPECT_EQ(read("(XEN) Command line: console_to_ring a=" + std::string(1100, 'x') + "\n")
                .trust.console_to_ring,
            true);
}

TEST(LineTrust, Dom0lessDomainsHaveAConsoleOfTheirs) {
  for (const char* text :
       {"(XEN) *** LOADING DOMU cpus=1 memory=20000KB ***\n",
        "(XEN) Loading d1 kernel from boot module @ 0000000064000000\n", "(XEN) DOM1: hello\n",
        "(XEN) *** Serial input to DOM1 (type 'CTRL-a' three times)\n",
        "(XEN) vpl011: Unexpected OUT ring buffer full\n"}) {
    EXPECT_TRUE(read(text).trust.dom0less_console) << text;
  }
  for (const char* text :
       {"(XEN) *** LOADING DOMAIN 0 ***\n",
        "(XEN) Loading d0 kernel from boot module @ 0000000064000000\n",
        "(XEN) Loading kernel from boot module @ 00000000e1000000\n", "(XEN) DOM0: hello\n",
        "(XEN) DOMAIN\n", "(XEN) *** Serial input to DOM0 (type 'CTRL-a' three times)\n"}) {
    EXPECT_FALSE(read(text).trust.dom0less_console) << text;
  }
}

// ---- levels, ring, time
// --------------------------------------------------------------------------

TEST(LogLevel, TheBootLineWinsOverTheOption) {
  EXPECT_EQ(read("(XEN) Command line: loglvl=all\n(XEN) Std. Loglevel: Errors and warnings\n")
                .log_level->value,
            "Errors and warnings");
}

TEST(LogLevel, OfTheOption) {
  const auto level = [](const std::string& options) {
    const Hypervisor h = read("(XEN) Command line: " + options + "\n(XEN) x\n");
    return h.log_level ? h.log_level->value : "";
  };
  EXPECT_EQ(level("loglvl=all"), "All");
  EXPECT_EQ(level("loglvl=debug"), "All");
  EXPECT_EQ(level("loglvl=error"), "Errors");
  EXPECT_EQ(level("loglvl=none"), "Nothing");
  EXPECT_EQ(level("loglvl=info"), "Errors, warnings and info");
  EXPECT_EQ(level("loglvl=warning/all"), "Errors and warnings (Rate-limited: All)");
  EXPECT_EQ(level("loglvl=all/all"), "All");
  EXPECT_EQ(level("loglvl=error loglvl=all"), "All");
  EXPECT_EQ(level("loglvl=odd"), "");
  EXPECT_EQ(level("loglvl=all/odd"), "");
  EXPECT_EQ(level("guest_loglvl=all"), "");
}

TEST(RingSize, OfTheLineAndOfTheOption) {
  const auto size = [](const std::string& text) {
    const Hypervisor h = read(text + "\n(XEN) x\n");
    return h.ring_kib ? h.ring_kib->value : 0U;
  };
  EXPECT_EQ(size("(XEN) Allocated console ring of 32 KiB."), 32U);
  EXPECT_EQ(size("(XEN) Allocated console ring of many KiB."), 0U);
  EXPECT_EQ(size("(XEN) Command line: conring_size=64"), 64U);
  EXPECT_EQ(size("(XEN) Command line: conring_size=128k"), 128U);
  EXPECT_EQ(size("(XEN) Command line: conring_size=1M"), 1024U);
  EXPECT_EQ(size("(XEN) Command line: conring_size=1G"), 1048576U);
  EXPECT_EQ(size("(XEN) Command line: conring_size=65536B"), 64U);
  EXPECT_EQ(size("(XEN) Command line: conring_size=0x40"), 64U);
  EXPECT_EQ(size("(XEN) Command line: conring_size=100"), 128U);
  EXPECT_EQ(size("(XEN) Command line: conring_size=1"), 16U);
  EXPECT_EQ(size("(XEN) Command line: conring_size=9G"), 0U);
  EXPECT_EQ(size("(XEN) Command line: conring_size=64Q"), 0U);
  EXPECT_EQ(size("(XEN) Command line: conring_size="), 0U);
  EXPECT_EQ(size("(XEN) Command line: conring_size=99999999999"), 0U);
}

TEST(Dom0Start, NeedsAStampAndABeginning) {
  EXPECT_FALSE(read("(XEN) Freed 332kB init memory.\n").dom0_started.has_value());
  EXPECT_FALSE(
      read("(XEN) [  500.000000] d0v0 Unhandled SMC/HVC: 0x84000050\n").dom0_started.has_value());
  EXPECT_TRUE(read("(XEN) [    1.500000] Freed 332kB init memory.\n").dom0_started.has_value());
  EXPECT_FALSE(read("(XEN) [    1.500000] Freed all.\n").dom0_started.has_value());
}

TEST(Dom0Start, IsItsFirstMessageWhereTheBannerWasSeen) {
  const Hypervisor h = read(
      "(XEN) [    0.002383] Xen version 4.14.1 (@) (aarch64-linux-gnu-gcc 9) debug=n x\n"
      "(XEN) [    3.000000] d0v0 Unhandled SMC/HVC: 0x84000050\n"
      "(XEN) [    4.000000] d0v1 Unhandled SMC/HVC: 0x84000050\n");
  ASSERT_TRUE(h.dom0_started.has_value());
  EXPECT_EQ(h.dom0_started->value, 3'000'000'000U);
}

TEST(Parser, DeclinesWhatIsNotItsOwn) {
  Reading reading;
  for (const char* text :
       {"(XEN) BANK[0] 0x00000040000000-0x00000060000000 (512MB)", "hello", "", "(XEN) ",
        "[    1.000000] macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK",
        "(XEN) Allocated console ring of x", "(XEN) Freed memory", "(XEN) Xen version unknown"}) {
    EXPECT_EQ(reading.parser.consume(testing::line_of(text), true), Consumed::no) << text;
  }
}

TEST(Parser, LiteralsAreWithinTheReadersBounds) {
  EXPECT_FALSE(HypervisorParser::literals().empty());
  for (const auto literal : HypervisorParser::literals()) {
    EXPECT_GE(literal.size(), 3U);
    EXPECT_LE(literal.size(), 32U);
  }
}

TEST(Parser, EveryBootLineHoldsALiteral) {
  for (const auto line : testing::physical_lines(kBoot)) {
    Reading reading;
    if (reading.parser.consume(testing::line_of(line), true) == Consumed::no) continue;
    const auto literals = HypervisorParser::literals();
    EXPECT_TRUE(std::any_of(literals.begin(), literals.end(), [&](std::string_view literal) {
      return line.find(literal) != std::string_view::npos;
    })) << line;
  }
}

TEST(Parser, ListsAreBounded) {
  Reading reading;
  for (int i = 0; i < 5000; ++i) {
    reading.feed("(XEN) Latest ChangeSet: git:" + std::to_string(1000000 + i) + "\n");
  }
  EXPECT_LE(reading.facts().commits.size(), 16U);
}

TEST(Parser, TextsAreBounded) {
  const Hypervisor h = read("(XEN) build-id: " + std::string(60000, 'a') + "\n");
  EXPECT_LE(h.build_id->value.size(), 4096U);
}

}  // namespace
}  // namespace xic
