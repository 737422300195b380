#include "host/live/dom0_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <cerrno>
#include <filesystem>

#include "host/live/device_tree.h"
#include "tests/unit/host_scratch.h"

namespace xic {
namespace {

std::string cells(std::initializer_list<std::uint32_t> values) {
  std::string bytes;
  for (const std::uint32_t value : values) {
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift & 0xff);
  }
  return bytes;
}

struct Dom0FilesTest : ::testing::Test {
  test::Scratch root;
  Dom0Files system{root.path()};

  void tree(const std::string& property, const std::string& bytes) const {
    root.write("sys/firmware/devicetree/base/" + property, bytes);
  }
  void wide_tree() const {
    tree("#address-cells", cells({2}));
    tree("#size-cells", cells({2}));
  }
  void memory_node(const std::string& name, const std::string& reg) const {
    tree(name + "/device_type", std::string("memory\0", 7));
    tree(name + "/reg", reg);
  }
};

TEST_F(Dom0FilesTest, RoleByCapabilities) {
  root.write("proc/xen/capabilities", "control_d\n");
  EXPECT_EQ(system.role().value(), DomainRole::dom0);
  root.write("proc/xen/capabilities", "");
  root.write("sys/hypervisor/type", "xen\n");
  EXPECT_EQ(system.role().value(), DomainRole::guest);
}

TEST_F(Dom0FilesTest, RoleWithoutXenfs) {
  EXPECT_EQ(system.role().value(), DomainRole::bare_metal);
  root.write("sys/hypervisor/type", "kvm\n");
  EXPECT_EQ(system.role().value(), DomainRole::bare_metal);
  root.write("sys/hypervisor/type", "xen\n");
  EXPECT_EQ(system.role().value(), DomainRole::guest);
  root.write("sys/hypervisor/properties/features", "00000f05\n");
  EXPECT_EQ(system.role().value(), DomainRole::dom0) << "as the rig's dom0";
  for (const char* other : {"00000705\n", "0000000100000705\n", "", "zz\n", "00000f05x\n"}) {
    root.write("sys/hypervisor/properties/features", other);
    EXPECT_EQ(system.role().value(), DomainRole::guest) << other;
  }
}

TEST_F(Dom0FilesTest, KernelReleaseIsUnames) {
  utsname names{};
  ASSERT_EQ(::uname(&names), 0);
  EXPECT_EQ(system.kernel_release().value(), names.release);
}

TEST_F(Dom0FilesTest, Iomem) {
  EXPECT_EQ(system.iomem().error().code, Error::Code::not_found);
  const std::string text = "00000000-07ffffff : System RAM\n08000000-0800ffff : GICD\n";
  root.write("proc/iomem", text);
  EXPECT_EQ(system.iomem().value(), text);
}

// A program may be started anywhere.
TEST_F(Dom0FilesTest, ReadsFromTheRootAndNotFromWhereItWasStarted) {
  root.write("proc/iomem", "00000000-07ffffff : a trap\n");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(root.path());
  const auto text = Dom0Files().iomem();
  std::filesystem::current_path(before);
  EXPECT_EQ(text.value_or("").find("a trap"), std::string::npos);
}

TEST_F(Dom0FilesTest, IomemOfAnOrdinaryUserIsDenied) {
  root.write("proc/iomem", "00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n");
  const auto error = system.iomem().error();
  EXPECT_EQ(error.code, Error::Code::denied);
  EXPECT_NE(error.hint.find("root"), std::string::npos);
  root.write("proc/iomem", "");
  EXPECT_EQ(system.iomem().error().code, Error::Code::malformed);
}

TEST_F(Dom0FilesTest, IomemIsBounded) {
  root.write("proc/iomem", std::string((std::size_t{4} << 20) + 1, 'x'));
  EXPECT_EQ(system.iomem().error().code, Error::Code::too_large);
}

TEST_F(Dom0FilesTest, MemoryNodesOfTheDeviceTree) {
  wide_tree();
  memory_node("memory@40000000", cells({0, 0x4000'0000, 0, 0x2000'0000, 8, 0, 0, 0x4000'0000}));
  memory_node("memory@1000000000", cells({0x10, 0, 1, 0}));
  tree("memory-controller@f8000000/reg", cells({0, 0xf800'0000, 0, 0x1000}));
  tree("memory@0/reg", cells({0, 0, 0, 0x1000}));  // no device_type
  const auto memory = system.boot_memory().value();
  ASSERT_TRUE(memory);
  ASSERT_EQ(memory->size(), 3U);
  EXPECT_EQ((*memory)[0].begin, 0x10'0000'0000U);
  EXPECT_EQ((*memory)[0].end, 0x11'0000'0000U);
  EXPECT_EQ((*memory)[1].begin, 0x4000'0000U);
  EXPECT_EQ((*memory)[1].end, 0x6000'0000U);
  EXPECT_EQ((*memory)[2].begin, 0x8'0000'0000U);
  EXPECT_EQ((*memory)[2].end, 0x8'4000'0000U);
}

TEST_F(Dom0FilesTest, ProcDeviceTreeWhereSysfsHasNone) {
  root.write("proc/device-tree/#address-cells", cells({1}));
  root.write("proc/device-tree/#size-cells", cells({1}));
  root.write("proc/device-tree/memory/device_type", std::string("memory\0", 7));
  root.write("proc/device-tree/memory/reg", cells({0x4000'0000, 0x1000'0000, 0, 0}));
  const auto memory = system.boot_memory().value();
  ASSERT_TRUE(memory);
  ASSERT_EQ(memory->size(), 1U) << "an empty entry is none";
  EXPECT_EQ((*memory)[0].end, 0x5000'0000U);
}

TEST_F(Dom0FilesTest, CellsThatAreNotSaidAreTwoAndOne) {
  memory_node("memory@0", cells({1, 0, 0x1000}));
  EXPECT_EQ(system.boot_memory().value()->front().begin, 0x1'0000'0000U);
  EXPECT_EQ(system.boot_memory().value()->front().end, 0x1'0000'1000U);
}

TEST_F(Dom0FilesTest, NoDeviceTreeIsAbsence) {
  EXPECT_EQ(system.boot_memory().value(), std::nullopt);
  EXPECT_EQ(system.xen_regions().value(), std::nullopt);
}

TEST_F(Dom0FilesTest, UnderAcpiMemoryIsAbsent) {
  // The tree that EFI's stub makes has /chosen only.
  tree("chosen/linux,uefi-system-table", cells({0, 1}));
  EXPECT_EQ(system.boot_memory().value(), std::nullopt);
  EXPECT_EQ(system.xen_regions().value(), std::nullopt);
  // And where there were nodes, EFI's map counts.
  wide_tree();
  memory_node("memory@40000000", cells({0, 0x4000'0000, 0, 0x2000'0000}));
  EXPECT_TRUE(system.boot_memory().value());
  tree("chosen/linux,uefi-mmap-start", cells({0, 1}));
  EXPECT_EQ(system.boot_memory().value(), std::nullopt);
}

TEST_F(Dom0FilesTest, RegionsOfTheHypervisorNode) {
  wide_tree();
  const std::string compatible("xen,xen-4.17\0xen,xen\0", 21);
  tree("hypervisor/compatible", compatible);
  tree("hypervisor/reg", cells({0, 0x6020'0000, 0, 0x4'0000, 0, 0, 0, 0x800'0000}));
  const auto regions = system.xen_regions().value();
  ASSERT_TRUE(regions);
  ASSERT_EQ(regions->size(), 2U);
  EXPECT_EQ((*regions)[0].begin, 0x6020'0000U);
  EXPECT_EQ((*regions)[0].end, 0x6024'0000U);
  EXPECT_EQ((*regions)[1].begin, 0U);
  EXPECT_EQ((*regions)[1].end, 0x800'0000U);
  tree("hypervisor/compatible", std::string("linux,dummy\0", 12));
  EXPECT_EQ(system.xen_regions().value(), std::nullopt);
}

TEST_F(Dom0FilesTest, DamagedTreesAreErrors) {
  wide_tree();
  const std::initializer_list<std::string> damaged = {cells({0, 0x4000'0000, 0}), "x",
                                                      cells({0, 0x4000'0000, 0, 0x1000}) + "\n",
                                                      cells({0xffff'ffff, 0xffff'f000, 0, 0x2000})};
  for (const std::string& reg : damaged) {
    memory_node("memory@0", reg);
    const auto memory = system.boot_memory();
    ASSERT_FALSE(memory);
    EXPECT_EQ(memory.error().code, Error::Code::malformed);
    EXPECT_NE(memory.error().message.find("memory@0/reg"), std::string::npos);
  }
  memory_node("memory@0", cells({0xffff'ffff, 0xffff'f000, 0, 0xfff}));
  EXPECT_TRUE(system.boot_memory()) << "up to the last byte but one";
  for (const std::string& size : {cells({0}), cells({3}), cells({1, 1}), std::string("\1")}) {
    tree("#size-cells", size);
    EXPECT_EQ(system.boot_memory().error().code, Error::Code::malformed);
  }
}

TEST_F(Dom0FilesTest, TreesAreBounded) {
  wide_tree();
  std::string reg;
  for (std::uint32_t i = 0; i <= DeviceTree::kMaxRanges; ++i) reg += cells({i, 0, 0, 0x1000});
  memory_node("memory@0", reg);
  EXPECT_EQ(system.boot_memory().error().code, Error::Code::too_large);
  const std::string half = reg.substr(0, (DeviceTree::kMaxRanges / 2 + 1) * 16);
  memory_node("memory@0", half);
  memory_node("memory@1", half);
  EXPECT_EQ(system.boot_memory().error().code, Error::Code::too_large);
  memory_node("memory@0", std::string(65537, '\0'));
  EXPECT_EQ(system.boot_memory().error().code, Error::Code::too_large);
}

TEST_F(Dom0FilesTest, WhatCannotBeReadIsAnErrorNotAbsence) {
  // A folder where a file should be stands for every failure but "not there".
  root.write("proc/xen/capabilities/x", "");
  EXPECT_EQ(system.role().error().sys_errno, EISDIR);
  root.write("proc/iomem/x", "");
  EXPECT_EQ(system.iomem().error().sys_errno, EISDIR);
  wide_tree();
  tree("memory@0/device_type", std::string("memory\0", 7));
  tree("memory@0/reg/x", "");
  EXPECT_EQ(system.boot_memory().error().sys_errno, EISDIR);
  tree("hypervisor/compatible/x", "");
  EXPECT_EQ(system.xen_regions().error().sys_errno, EISDIR);
}

}  // namespace
}  // namespace xic
