#include "host/live/live_host.h"
#include "tests/xen/scripted_xen.h"

namespace xic {
namespace {

using testing::expect_error;
using testing::Failing;
using testing::kFailing;

class HypervisorInfoTest : public testing::ScriptedXen {
 protected:
  void sys(const std::string& name, std::string_view content) {
    write("root/sys/hypervisor/" + name, content);
  }
  void sys_of_xen() {
    sys("type", "xen\n");
    sys("version/major", "4\n");
    sys("version/minor", "14\n");
    sys("version/extra", ".1-pre\n");
    sys("compilation/compiler", "gcc 10\n");
    sys("compilation/compiled_by", "builder\n");
    sys("compilation/compile_date", "Thu Sep 21 14:55:59 UTC 2023\n");
    sys("properties/capabilities", "xen-3.0-aarch64\n");
    sys("properties/changeset", "\n");
    sys("properties/features", "00006805\n");
    sys("properties/buildid", std::string("\xfd\x09\n0123456789abcdef\n", 20));
  }
  [[nodiscard]] Expected<XenIdentity> identity() const {
    LiveHost host(path("root"));
    return host.ports().hypervisor->identity();
  }
};

TEST_F(HypervisorInfoTest, ByHypercall) {
  start({"version 4 17", "extra .7", "compiler gcc 12", "compile_by pkg-xen-devel",
         "compile_domain lists.alioth.debian.org", "compile_date Wed Nov 4", "capabilities xen-3.0",
         "changeset Mon Feb 8 10:49:32 2021 -0800 git:04085ec1ac", "command_line loglvl=all",
         "build_id 7a00ff0a", "features 0 0x26805"});
  const auto identity = this->identity();
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->major, 4U);
  EXPECT_EQ(identity->minor, 17U);
  EXPECT_EQ(identity->extra, ".7");
  EXPECT_EQ(identity->compiler, "gcc 12");
  EXPECT_EQ(identity->compile_by, "pkg-xen-devel");
  EXPECT_EQ(identity->compile_domain, "lists.alioth.debian.org");
  EXPECT_EQ(identity->compile_date, "Wed Nov 4");
  EXPECT_EQ(identity->capabilities, "xen-3.0");
  EXPECT_EQ(identity->changeset, "Mon Feb 8 10:49:32 2021 -0800 git:04085ec1ac");
  EXPECT_EQ(identity->command_line, "loglvl=all");
  EXPECT_EQ(identity->build_id, "7a00ff0a");
  EXPECT_EQ(identity->features, 0x26805U);
  EXPECT_EQ(identity->source, "XENVER hypercall");
}

TEST_F(HypervisorInfoTest, FieldsThatCutAndThoseThatDoNot) {
  const std::string extra = ".0-a-very-long-name-of-a-vendor";
  start({"version 4 19", "extra " + extra});
  EXPECT_EQ(identity().value().extra, extra.substr(0, 15));
  start({"version 4 20", "extra " + extra, "changeset ", "long_strings"});
  EXPECT_EQ(identity().value().extra, extra);
  EXPECT_EQ(identity().value().changeset, "");
}

TEST_F(HypervisorInfoTest, SecondWordOfFeatures) {
  start({"version 4 25", "features 0 0x26805", "features 1 0x3"});
  EXPECT_EQ(identity().value().features, 0x300026805U);
}

TEST_F(HypervisorInfoTest, WhatIsDeniedIsAbsent) {
  for (const char* strings : {"", "long_strings"}) {
    start({"version 4 17", "extra .7", "compiler gcc", "capabilities c", "changeset abc",
           "command_line x", "build_id 00", "denied", strings});
    const auto identity = this->identity();
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->minor, 17U);
    EXPECT_EQ(identity->extra, "");
    EXPECT_FALSE(identity->compiler);
    EXPECT_FALSE(identity->capabilities);
    EXPECT_FALSE(identity->changeset);
    EXPECT_FALSE(identity->command_line);
    EXPECT_FALSE(identity->build_id);
    EXPECT_FALSE(identity->features);
  }
}

TEST_F(HypervisorInfoTest, WithoutRootFromFiles) {
  start({"fail open_xencall EACCES"});
  sys_of_xen();
  const auto identity = this->identity();
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->major, 4U);
  EXPECT_EQ(identity->minor, 14U);
  EXPECT_EQ(identity->extra, ".1-pre");
  EXPECT_EQ(identity->compile_by, "builder");
  EXPECT_EQ(identity->changeset, "");
  EXPECT_EQ(identity->features, 0x6805U);
  // The kernel gives its bytes, not digits, and no newline of its own.
  EXPECT_EQ(identity->build_id, "fd090a303132333435363738396162636465660a");
  EXPECT_FALSE(identity->command_line);
  EXPECT_EQ(identity->source, "/sys/hypervisor");
}

TEST_F(HypervisorInfoTest, BuildIdThatTheKernelCutIsAbsent) {
  start({"fail open_xencall EACCES"});
  sys_of_xen();
  sys("properties/buildid", "\xfd\x09");
  EXPECT_FALSE(identity().value().build_id);
}

TEST_F(HypervisorInfoTest, FilesCompleteWhatHypercallsLack) {
  start({"version 4 14", "extra .1"});
  sys_of_xen();
  const auto identity = this->identity();
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->extra, ".1");
  EXPECT_EQ(identity->compiler, "gcc 10");
  EXPECT_EQ(identity->features, 0x6805U);
  EXPECT_EQ(identity->source, "XENVER hypercall");
}

TEST_F(HypervisorInfoTest, NoXenAtAll) {
  start({"fail open_xencall ENOENT"});
  expect_error(identity(), {"ENOENT", ENOENT, Error::Code::not_found}, "/sys/hypervisor");
  sys("type", "kvm\n");
  EXPECT_FALSE(identity());
}

TEST_F(HypervisorInfoTest, DamagedFiles) {
  start({"fail open_xencall EACCES"});
  sys_of_xen();
  sys("version/major", "four\n");
  ASSERT_FALSE(identity());
  EXPECT_EQ(identity().error().code, Error::Code::malformed);
  std::filesystem::remove(path("root/sys/hypervisor/version/major"));
  ASSERT_FALSE(identity());
  EXPECT_EQ(identity().error().code, Error::Code::not_found);
  EXPECT_NE(identity().error().message.find("version/major"), std::string::npos);
  sys_of_xen();
  sys("version/major", std::string(70000, '4'));
  ASSERT_FALSE(identity());
  EXPECT_EQ(identity().error().code, Error::Code::too_large);
  sys_of_xen();
  sys("properties/features", "zz\n");
  EXPECT_FALSE(identity().value().features);
}

TEST_F(HypervisorInfoTest, EveryFailureOfEveryQuestion) {
  for (const Failing& failing : kFailing) {
    start({"version 4 17", "extra .7", std::string("fail version:0 ") + failing.name});
    expect_error(identity(), failing, "XENVER");
    for (const int command : {1, 2, 3, 4, 6, 9, 10}) {
      start({"version 4 17", "extra .7", "compiler c", "capabilities c", "changeset c",
             "command_line c", "build_id 00", "features 0 1",
             "fail version:" + std::to_string(command) + ' ' + failing.name});
      const auto identity = this->identity();
      ASSERT_TRUE(identity);
      EXPECT_EQ(identity->extra.empty(), command == 1);
      EXPECT_EQ(identity->compiler.has_value(), command != 2);
      EXPECT_EQ(identity->capabilities.has_value(), command != 3);
      EXPECT_EQ(identity->changeset.has_value(), command != 4);
      EXPECT_EQ(identity->features.has_value(), command != 6);
      EXPECT_EQ(identity->command_line.has_value(), command != 9);
      EXPECT_EQ(identity->build_id.has_value(), command != 10);
    }
  }
}

TEST_F(HypervisorInfoTest, PhysicalInfoByBothRoutes) {
  for (const char* number : {"sysctl 0x15", "sysctl 0x12"}) {
    const Ports ports = host({number, "cpus 4", "physcap 0x2d"});
    const auto info = ports.hypervisor->physical_info();
    ASSERT_TRUE(info) << info.error().message;
    EXPECT_EQ(info->cpus, 4U);
    EXPECT_EQ(info->capabilities, 0x2dU);
    for (const Failing& failing : kFailing) {
      if (failing.sys_errno == EACCES) continue;
      const Ports failing_ports = host({number, std::string("fail physinfo ") + failing.name});
      expect_error(failing_ports.hypervisor->physical_info(), failing, "physinfo");
    }
  }
}

TEST_F(HypervisorInfoTest, MaximumGpfn) {
  const Ports ports = host({"maximum_gpfn 0xbdf5c"});
  EXPECT_EQ(ports.hypervisor->maximum_gpfn().value(), Frame{0xbdf5c});
  for (const Failing& failing : kFailing) {
    const Ports failing_ports =
        host({"maximum_gpfn 1", std::string("fail maximum_gpfn ") + failing.name});
    expect_error(failing_ports.hypervisor->maximum_gpfn(), failing, "XENMEM_maximum_gpfn");
  }
}

}  // namespace
}  // namespace xic
