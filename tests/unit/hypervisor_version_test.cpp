#include <gtest/gtest.h>

#include <string>

#include "core/hypervisor/banner.h"
#include "core/hypervisor/commit.h"
#include "core/hypervisor/hypervisor.h"

namespace xic {
namespace {

struct VersionCase {
  const char* text;
  unsigned major, minor;
  const char* extra;
};
class GoodVersions : public ::testing::TestWithParam<VersionCase> {};
TEST_P(GoodVersions, AreRead) {
  const auto& [text, major, minor, extra] = GetParam();
  const auto version = parse_version(text);
  ASSERT_TRUE(version.has_value()) << text;
  EXPECT_EQ(version->major, major);
  EXPECT_EQ(version->minor, minor);
  EXPECT_EQ(version->extra, extra);
}
INSTANTIATE_TEST_SUITE_P(Forms, GoodVersions,
                         ::testing::Values(VersionCase{"4.14.1", 4, 14, ".1"},
                                           VersionCase{"4.14.1-pre (Debian)", 4, 14, ".1-pre"},
                                           VersionCase{"4.13-unstable\tx", 4, 13, "-unstable"},
                                           VersionCase{"4.18-rc", 4, 18, "-rc"},
                                           VersionCase{"  4.15.0-rc2", 4, 15, ".0-rc2"},
                                           VersionCase{"4.13 support found", 4, 13, ""},
                                           VersionCase{"4.13.", 4, 13, ""},
                                           VersionCase{"4.13.2.", 4, 13, ".2"},
                                           VersionCase{"4.12.0_02-lp151", 4, 12, ".0_02-lp151"},
                                           VersionCase{"5.0", 5, 0, ""},
                                           VersionCase{"4.14.1,", 4, 14, ".1"}));

TEST(Version, WhatIsNoneGivesNone) {
  for (const char* text : {"", "4", "4.", ".14", "x4.14", "4.x", "4444.1", "4.9999",
                           "99999999999999999999.1", "-4.1", "4 .14"}) {
    EXPECT_FALSE(parse_version(text).has_value()) << text;
  }
}

TEST(Version, ItsTextIsWhatWasRead) {
  for (const char* text : {"4.14.1-pre", "4.13-unstable", "4.13", "4.12.0_02"}) {
    EXPECT_EQ(parse_version(text)->text(), text);
  }
}

TEST(Version, TheExtraIsBounded) {
  const std::string text = "4.14." + std::string(100000, '1');
  const auto version = parse_version(text);
  ASSERT_TRUE(version.has_value());
  EXPECT_LE(version->extra.size(), 64U);
}

TEST(Changeset, NamesItsCommit) {
  const auto commit = commit_in_changeset("Mon Feb 8 10:49:32 2021 -0800 git:04085ec1ac");
  ASSERT_TRUE(commit.has_value());
  EXPECT_EQ(commit->hash, "04085ec1ac");
  EXPECT_FALSE(commit->dirty);
  EXPECT_EQ(commit->origin, Commit::Origin::changeset);
}

TEST(Changeset, TellsADirtyTree) {
  const auto commit = commit_in_changeset("Tue Dec 17 14:19:49 2019 +0000 git:a2e84d8e42-dirty");
  ASSERT_TRUE(commit.has_value());
  EXPECT_EQ(commit->hash, "a2e84d8e42");
  EXPECT_TRUE(commit->dirty);
}

TEST(Changeset, TakesSevenToFortyDigits) {
  EXPECT_EQ(commit_in_changeset("git:4333876")->hash, "4333876");
  EXPECT_EQ(commit_in_changeset("git:" + std::string(40, 'a'))->hash.size(), 40U);
  EXPECT_FALSE(commit_in_changeset("git:433387").has_value());
  EXPECT_FALSE(commit_in_changeset("git:" + std::string(41, 'a')).has_value());
  EXPECT_FALSE(commit_in_changeset("git:" + std::string(100000, 'a')).has_value());
}

TEST(Changeset, LowersItsDigits) {
  EXPECT_EQ(commit_in_changeset("git:04085EC1AC")->hash, "04085ec1ac");
}

TEST(Changeset, WhatNamesNoCommitGivesNone) {
  for (const char* text : {"", "unavailable", "<denied>", "git:", "git:xyz", "git:04085ec1acz",
                           "Mon Feb 8 2021", "hg:04085ec1ac"}) {
    EXPECT_FALSE(commit_in_changeset(text).has_value()) << text;
  }
}

TEST(PackageVersion, NamesItsUpstreamCommit) {
  const auto commit = commit_in_package_version("Debian 4.14.0+88-g1d1d1f5391-2");
  ASSERT_TRUE(commit.has_value());
  EXPECT_EQ(commit->hash, "1d1d1f5391");
  EXPECT_EQ(commit->origin, Commit::Origin::distribution);
  EXPECT_EQ(commit_in_package_version("Debian 4.17.7+13-g2445b30a44-0+deb12u1")->hash,
            "2445b30a44");
}

TEST(PackageVersion, WithoutACommitNamesNone) {
  for (const char* text :
       {"Debian 4.14.6-1", "Ubuntu 4.16.0-1~ubuntu2", "", "+1-g", "-g1d1d1f5391",
        "4.14.0-g1d1d1f5391", "x+-g1d1d1f5391", "4.14.0+88-g1d1d1f", "4.14+88-gnotahash"}) {
    EXPECT_FALSE(commit_in_package_version(text).has_value()) << text;
  }
}

TEST(PackageVersion, ManyMarksTakeNoLongerThanTheirLength) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "+1-g";
  EXPECT_FALSE(commit_in_package_version(text).has_value());
}

TEST(Recipe, NamesItsCommit) {
  const auto commit = commit_in_recipe("xen-4.14+stableAUTOINC+ad844aa352-r0");
  ASSERT_TRUE(commit.has_value());
  EXPECT_EQ(commit->hash, "ad844aa352");
  EXPECT_EQ(commit->origin, Commit::Origin::recipe);
}

TEST(Recipe, AFieldCutShortNamesNothingBelowSevenDigits) {
  EXPECT_FALSE(commit_in_recipe("xen-4.13+gitAUT").has_value());
  EXPECT_FALSE(commit_in_recipe("xen-AUTOINC+ad844a").has_value());
  EXPECT_EQ(commit_in_recipe("x-AUTOINC+ad844aa")->hash, "ad844aa");
}

TEST(Banner, OfATarballBuild) {
  const auto banner = parse_banner(
      "Xen version 4.14.1 (@) (aarch64-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0) debug=n  Mon Nov "
      "23 01:11:49 UTC 2026");
  ASSERT_TRUE(banner.has_value());
  EXPECT_EQ(banner->version.text(), "4.14.1");
  EXPECT_EQ(banner->compile_by, "");
  EXPECT_EQ(banner->distribution, "");
  EXPECT_EQ(banner->arch, Arch::arm64);
  EXPECT_EQ(banner->debug, false);
}

TEST(Banner, OfADistribution) {
  const auto banner = parse_banner(
      "Xen version 4.17.7 (Debian 4.17.7+13-g2445b30a44-0+deb12u1) (pkg-xen-devel@lists.example) "
      "(x86_64-linux-gnu-gcc (Debian 12.2.0-14+deb12u1) 12.2.0) debug=n Wed Nov  4 16:52:28 2026");
  ASSERT_TRUE(banner.has_value());
  EXPECT_EQ(banner->distribution, "Debian 4.17.7+13-g2445b30a44-0+deb12u1");
  EXPECT_EQ(banner->compile_by, "pkg-xen-devel");
  EXPECT_EQ(banner->arch, Arch::x86);
  EXPECT_EQ(banner->debug, false);
}

TEST(Banner, OfARecipeWithSanitizer) {
  const auto banner = parse_banner(
      "Xen version 4.14.1 (xen-4.14+stableAUTOINC+ad844aa352-r0@poky) (aarch64-poky-linux-gcc "
      "(GCC) "
      "10.2.0) debug=y ubsan=y 2020-12-17");
  ASSERT_TRUE(banner.has_value());
  EXPECT_EQ(banner->compile_by, "xen-4.14+stableAUTOINC+ad844aa352-r0");
  EXPECT_EQ(banner->debug, true);
}

TEST(Banner, BuiltWithClangOrForArm32OrNatively) {
  EXPECT_EQ(parse_banner("Xen version 4.14.1 (a@b) (clang version 11.0.1) debug=n")->arch,
            std::nullopt);
  EXPECT_EQ(parse_banner("Xen version 4.14.1 (a@b) (arm-linux-gnueabihf-gcc 9) debug=n")->arch,
            Arch::arm32);
  EXPECT_EQ(parse_banner("Xen version 4.14.1 (a@b) (gcc (Debian 12) 12.2.0) debug=n")->arch,
            std::nullopt);
}

TEST(Banner, CutAnywhereGivesWhatIsLeft) {
  const std::string whole =
      "Xen version 4.14.1 (Debian 4.14.1-1) (user@host) (aarch64-linux-gnu-gcc (GCC) 9) debug=y x";
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    const auto banner = parse_banner(whole.substr(0, length));
    if (length < 15) {
      EXPECT_FALSE(banner.has_value());
    }
    if (length >= 18) {
      ASSERT_TRUE(banner.has_value());
      EXPECT_EQ(banner->version.text(), "4.14.1");
    }
  }
}

TEST(Banner, ParenthesesWithoutEndAreBounded) {
  const std::string open = "Xen version 4.14.1 " + std::string(60000, '(');
  EXPECT_TRUE(parse_banner(open).has_value());
  const std::string pairs = [] {
    std::string text = "Xen version 4.14.1 ";
    for (int i = 0; i < 30000; ++i) text += "()";
    return text;
  }();
  EXPECT_TRUE(parse_banner(pairs).has_value());
}

TEST(Banner, OtherTextIsNone) {
  EXPECT_FALSE(parse_banner("Xen version: 4.14.1").has_value());
  EXPECT_FALSE(parse_banner("Xen versions").has_value());
  EXPECT_FALSE(parse_banner("").has_value());
}

TEST(CrashBanner, OfArmAndX86) {
  const auto arm =
      parse_crash_banner("---[ Xen-4.18-unstable  arm64  debug=y ubsan=y  Tainted:      S ]----");
  ASSERT_TRUE(arm.has_value());
  EXPECT_EQ(arm->version.text(), "4.18-unstable");
  EXPECT_EQ(arm->arch, Arch::arm64);
  EXPECT_EQ(arm->debug, true);
  const auto x86 = parse_crash_banner("----[ Xen-4.14.0  x86_64  debug=n   Not tainted ]----");
  ASSERT_TRUE(x86.has_value());
  EXPECT_EQ(x86->version.text(), "4.14.0");
  EXPECT_EQ(x86->arch, Arch::x86);
  EXPECT_EQ(x86->debug, false);
}

TEST(CrashBanner, OtherTextIsNone) {
  for (const char* text :
       {"", "---", "---[ Xen-", "[ Xen-4.14.0  arm64 ]", "---[ Linux-5.10 ]---"}) {
    EXPECT_FALSE(parse_crash_banner(text).has_value()) << text;
  }
}

TEST(LoaderBanner, NamesVersionAndChangeset) {
  const auto loader = parse_loader_banner(
      "Xen 4.13.0 (c/s Tue Dec 17 14:19:49 2019 +0000 git:a2e84d8e42-dirty) EFI loader");
  ASSERT_TRUE(loader.has_value());
  EXPECT_EQ(loader->version.text(), "4.13.0");
  EXPECT_TRUE(commit_in_changeset(loader->changeset)->dirty);
  EXPECT_FALSE(parse_loader_banner("Xen 4.13.0 (c/s x) loader").has_value());
  EXPECT_FALSE(parse_loader_banner("Xen 4.13.0 EFI loader").has_value());
  EXPECT_FALSE(parse_loader_banner("Xenial").has_value());
  EXPECT_FALSE(parse_loader_banner("Xen x").has_value());
}

TEST(PlainBanner, StandsAlone) {
  EXPECT_EQ(parse_plain_banner(" Xen 4.13-unstable")->text(), "4.13-unstable");
  EXPECT_EQ(parse_plain_banner("Xen 4.14.1\r")->text(), "4.14.1");
  for (const char* text : {"Xen 4.14.1 is old", "Xen 4.14 support found", "I use Xen 4.14.1", "Xen",
                           "Xen 4.14.1, patched"}) {
    EXPECT_FALSE(parse_plain_banner(text).has_value()) << text;
  }
}

TEST(ArchName, OfCompilersAndMachines) {
  EXPECT_EQ(arch_of("aarch64"), Arch::arm64);
  EXPECT_EQ(arch_of("arm64"), Arch::arm64);
  EXPECT_EQ(arch_of("armv7l"), Arch::arm32);
  EXPECT_EQ(arch_of("x86_64"), Arch::x86);
  EXPECT_EQ(arch_of("i686-linux-gnu-gcc"), Arch::x86);
  EXPECT_EQ(arch_of("riscv64"), std::nullopt);
  EXPECT_EQ(arch_of(""), std::nullopt);
}

TEST(DebugState, IsYesNoOrUnknown) {
  EXPECT_EQ(debug_state(" debug=y"), true);
  EXPECT_EQ(debug_state(" debug=n x"), false);
  EXPECT_EQ(debug_state(" debug=maybe"), std::nullopt);
  EXPECT_EQ(debug_state(" debug="), std::nullopt);
  EXPECT_EQ(debug_state(""), std::nullopt);
}

}  // namespace
}  // namespace xic
