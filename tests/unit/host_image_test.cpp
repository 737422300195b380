#include <gtest/gtest.h>

#include <string>

#include "host/capture/image.h"

namespace xic {
namespace {

using namespace std::literals;

std::string wide(std::string_view text) {
  std::string bytes;
  for (const char c : text) {
    bytes += c;
    bytes += '\0';
  }
  return bytes;
}

/// An arm64 Image with `data` behind the header.
std::string image(const std::string& data) {
  std::string bytes(64, '\0');
  bytes.replace(0, 2, "MZ");
  bytes.replace(56, 4, "ARM\x64");
  return bytes + std::string(64, '\x90') + data + std::string(64, '\0');
}

std::string loader_banner(std::string_view version, std::string_view changeset) {
  return wide("Xen " + std::string(version) + " (c/s " + std::string(changeset) +
              ") EFI loader\r\n") +
         "\0\0"s;
}

const std::string kCompileInfo =
    "\0Mon Nov 23 01:11:49 UTC 2026\0\0\0\0"
    "01:11:49\0\0\0\0\0\0\0\0builder\0example.org\0\0\0\0\0"
    "aarch64-linux-gnu-gcc (GCC) 12.2.0\0.1\0\0\0\0\0\0"
    "Thu Dec 17 17:47:25 2020 +0100 git:ad844aa352\0<denied>\0"s;

const std::string kDebianInfo =
    "\0Thu Sep 21 14:55:59 UTC 2023\0\0\0\0"
    "14:55:59\0\0\0\0\0\0\0\0Debian\0\0pkg-xen-devel\0\0\0lists.alioth.debian.org\0"
    "4.14.5+86-g1c354767d5-1\0"
    "aarch64-linux-gnu-gcc (Debian 10.2.1-6) 10.2.1 20210110\0.5\0\0\0\0\0\0<denied>\0"s;

TEST(Image, TheLoadersGreetingNamesVersionAndChangeset) {
  const auto found = scan_image(
      image(loader_banner("4.13.0", "Tue Dec 17 14:19:49 2019 +0000 git:a2e84d8e42-dirty")));
  EXPECT_EQ(found.version, "4.13.0");
  EXPECT_EQ(found.changeset, "Tue Dec 17 14:19:49 2019 +0000 git:a2e84d8e42-dirty");
  EXPECT_EQ(found.arch, Arch::arm64);
}

TEST(Image, AnEmptyChangesetIsAFact) {
  const auto found = scan_image(image(loader_banner("4.14.1", "")));
  EXPECT_EQ(found.version, "4.14.1");
  EXPECT_EQ(found.changeset, "");
}

TEST(Image, OtherWideTextIsNoGreeting) {
  EXPECT_FALSE(scan_image(image(wide("Xen EFI Loader options:\r\n") + "\0\0"s)).version);
  EXPECT_FALSE(scan_image(image(wide("Xen x.y (c/s ) EFI loader"))).version);
  EXPECT_EQ(
      scan_image(image(wide("Xen must be loaded") + "\0\0"s + loader_banner("4.15.0", ""))).version,
      "4.15.0");
}

TEST(Image, PlainBannerOfABuildWithoutAnEfiStub) {
  EXPECT_EQ(scan_image(image("\0 Xen 4.12.1\n\0"s)).version, "4.12.1");
  EXPECT_FALSE(scan_image(image("\0 Xen 4.12.1 and more\n\0"s)).version);
}

TEST(Image, CompileInfoOfUpstream) {
  const auto found = scan_image(image("xen,xen-4.14\0"s + kCompileInfo));
  EXPECT_EQ(found.version, "4.14.1");
  EXPECT_EQ(found.compile_by, "builder");
  EXPECT_EQ(found.compile_domain, "example.org");
  EXPECT_EQ(found.compiler, "aarch64-linux-gnu-gcc (GCC) 12.2.0");
  EXPECT_EQ(found.changeset, "Thu Dec 17 17:47:25 2020 +0100 git:ad844aa352");
  EXPECT_FALSE(found.package);
}

TEST(Image, CompileInfoOfDebian) {
  const auto found = scan_image(image(loader_banner("4.14.5", "") + kDebianInfo));
  EXPECT_EQ(found.vendor, "Debian");
  EXPECT_EQ(found.package, "4.14.5+86-g1c354767d5-1");
  EXPECT_EQ(found.compile_by, "pkg-xen-devel");
  EXPECT_EQ(found.compile_domain, "lists.alioth.debian.org");
}

TEST(Image, CompileInfoWithoutUserAndDomain) {
  const auto found =
      scan_image(image(loader_banner("4.14.1", "") + "\0\0\0"
                                                     "01:11:49\0\0\0gcc (GCC) 9.2.0\0.1\0"s));
  EXPECT_FALSE(found.compile_by);
  EXPECT_FALSE(found.compile_domain);
  EXPECT_EQ(found.compiler, "gcc (GCC) 9.2.0");
}

TEST(Image, BuildIdNote) {
  const std::string note =
      "\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0"s +
      "\x95\xce\xb5\x2f\xff\x1b\xbc\xce\x9c\x3b\x5b\x89\x15\x3f\x68\xc4\xf8\x93\xdc\x62"s;
  EXPECT_EQ(scan_image(image(note)).build_id, "95ceb52fff1bbcce9c3b5b89153f68c4f893dc62");
  // A note that reaches past the end of the file.
  EXPECT_FALSE(scan_image(note.substr(0, 30)).build_id);
}

TEST(Image, DebugState) {
  EXPECT_EQ(scan_image(image("\0debug=y\0"s)).debug_build, true);
  EXPECT_EQ(scan_image(image("\0debug=n\0"s)).debug_build, false);
  EXPECT_FALSE(scan_image(image("debug=%c")).debug_build);
}

TEST(Image, ArchitectureOfTheContainer) {
  std::string elf =
      "\x7f"
      "ELF\2\1\1" +
      std::string(64, '\0');
  elf[18] = static_cast<char>(183);
  EXPECT_EQ(scan_image(elf).arch, Arch::arm64);
  elf[18] = 62;
  EXPECT_EQ(scan_image(elf).arch, Arch::x86);
  elf[18] = 99;
  EXPECT_FALSE(scan_image(elf).arch);
  std::string pe(128, '\0');
  pe.replace(0, 2, "MZ");
  pe[60] = 80;
  pe.replace(80, 4, "PE\0\0"s);
  pe.replace(84, 2, "\x64\x86");
  EXPECT_EQ(scan_image(pe).arch, Arch::x86);
  pe[60] = static_cast<char>(0xff);  // The header lies past the end.
  pe[61] = static_cast<char>(0xff);
  EXPECT_FALSE(scan_image(pe).arch);
  std::string zimage(64, '\0');
  zimage.replace(36, 4, "\x18\x28\x6f\x01");
  EXPECT_EQ(scan_image(zimage).arch, Arch::arm32);
}

TEST(Image, NothingInIt) {
  for (const std::string& bytes : {""s, "M"s, std::string(4096, '\xff'), "gcc"s, " git:"s}) {
    const auto found = scan_image(bytes);
    EXPECT_FALSE(found.version) << bytes;
    EXPECT_FALSE(found.changeset) << bytes;
  }
}

TEST(Image, AnImageFullOfMarksIsScannedInBoundedTime) {
  for (const std::string& mark : {"gcc"s, " git:"s, "X\0e\0n\0 \0"s, "\0 Xen "s, "xen,xen-"s}) {
    std::string bytes;
    while (bytes.size() < (2U << 20)) bytes += mark;
    EXPECT_FALSE(scan_image(bytes).version);
  }
}

TEST(Image, IntroducesItselfAsOnItsConsole) {
  const auto found = scan_image(image(loader_banner("4.14.5", "") + kDebianInfo + "\0debug=n\0"s));
  EXPECT_EQ(console_lines(found),
            "(XEN) Xen version 4.14.5 (Debian 4.14.5+86-g1c354767d5-1) "
            "(pkg-xen-devel@lists.alioth.debian.org) "
            "(aarch64-linux-gnu-gcc (Debian 10.2.1-6) 10.2.1 20210110) debug=n\n"
            "(XEN) Latest ChangeSet: \n");
}

TEST(Image, ANativeCompilerGetsTheTargetOfTheContainer) {
  ImageIdentity identity;
  identity.version = "4.14.1";
  identity.compiler = "gcc (GCC) 9.2.0";
  identity.arch = Arch::arm64;
  EXPECT_NE(console_lines(identity).find("(aarch64-gcc (GCC) 9.2.0)"), std::string::npos);
}

TEST(Image, UbootHeaderIsStripped) {
  std::string header = "\x27\x05\x19\x56";
  header.resize(64, '\0');
  const auto bytes = unpack_image(header + "payload", "x");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(*bytes, "payload");
}

TEST(Image, DamagedGzipIsAnError) {
  const auto bytes = unpack_image("\x1f\x8b\x08 and then nothing of the kind", "x");
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().code, Error::Code::malformed);
}

}  // namespace
}  // namespace xic
