// What the hypervisor answers about itself becomes facts with their true source.
#include <gtest/gtest.h>

#include "core/observer.h"

namespace xic {
namespace {

XenIdentity identity_of(unsigned minor, std::string extra) {
  XenIdentity identity;
  identity.major = 4;
  identity.minor = minor;
  identity.extra = std::move(extra);
  identity.source = "XENVER hypercall";
  return identity;
}

Hypervisor told(const XenIdentity& identity) {
  Observer observer;
  observer.set_identity(identity);
  return observer.snapshot().hypervisor;
}

TEST(Answers, IdentityIsTold) {
  XenIdentity identity = identity_of(14, ".1");
  identity.changeset = "Thu Dec 17 17:47:25 2020 +0100 git:ad844aa352";
  identity.capabilities = "xen-3.0-aarch64 xen-3.0-armv7l";
  identity.compile_by = "xen-4.14+stable";
  identity.command_line = "console=dtuart loglvl=all";
  identity.build_id = "c0ffee";
  identity.features = 0x2801;
  const Hypervisor xen = told(identity);
  EXPECT_TRUE(xen.seen);
  ASSERT_TRUE(xen.version);
  EXPECT_EQ(xen.version->value.text(), "4.14.1");
  EXPECT_EQ(xen.version->source, "XENVER hypercall");
  ASSERT_EQ(xen.commits.size(), 1U);
  EXPECT_EQ(xen.commits[0].value.hash, "ad844aa352");
  EXPECT_EQ(xen.commits[0].source, "XENVER hypercall");
  EXPECT_EQ(xen.arch->value, Arch::arm64);
  EXPECT_EQ(xen.features->value, 0x2801U);
  EXPECT_EQ(xen.build_id->value, "c0ffee");
  EXPECT_EQ(xen.trust.console_to_ring, false);
}

TEST(Answers, WhatFlaskDeniesIsNotKnown) {
  XenIdentity identity = identity_of(14, "<denied>");
  identity.changeset = "<denied>";
  identity.compile_by = "<denied>";
  identity.command_line = "<denied>";
  identity.build_id = "<denied>";
  const Hypervisor xen = told(identity);
  EXPECT_FALSE(xen.version);
  EXPECT_EQ(xen.series->value.text(), "4.14");
  EXPECT_FALSE(xen.changeset_text);
  EXPECT_FALSE(xen.compile_by);
  EXPECT_FALSE(xen.command_line);
  EXPECT_FALSE(xen.build_id);
}

TEST(Answers, AnswersOutliveTheBannerOfAnEarlierBoot) {
  Observer observer;
  observer.set_identity(identity_of(17, ".7"));
  observer.begin_input({.name = "console"});
  observer.feed("(XEN) Xen version 4.14.1 (@) (aarch64-linux-gnu-gcc) debug=n\n");
  observer.end_input();
  EXPECT_EQ(observer.snapshot().hypervisor.version->value.text(), "4.17.7");
}

TEST(Answers, PhysicalCapabilitiesTellOfTheIommuSince413) {
  const auto enabled = [](unsigned minor, std::uint32_t capabilities) {
    Observer observer;
    observer.set_identity(identity_of(minor, ".0"));
    observer.set_physical_info({4, capabilities}, "physinfo");
    return observer.snapshot().hypervisor;
  };
  constexpr std::uint32_t kHvmDirectioHapShared = 0x2d;
  constexpr std::uint32_t kHvmHap = 0x9;
  EXPECT_EQ(enabled(17, kHvmDirectioHapShared).iommu_enabled(), true);
  EXPECT_EQ(enabled(17, kHvmDirectioHapShared).table_shared->value, true);
  EXPECT_EQ(enabled(17, kHvmHap).iommu_enabled(), false);
  EXPECT_FALSE(enabled(17, kHvmHap).table_shared);
  // Arm's 4.12 says nothing, whatever the IOMMU does.
  EXPECT_EQ(enabled(12, 0).iommu_enabled(), std::nullopt);
}

TEST(Answers, ADumpUnderWayIsDamagedOnlyWhenTheTextsEnd) {
  Observer observer;
  observer.set_mode(InputMode::live, true);
  observer.begin_input({.name = "console"});
  observer.feed("(XEN) gnttab_usage_print_all [ key 'g' pressed\n");
  observer.end_input();
  EXPECT_EQ(observer.snapshot().damaged_dumps, 0U);
  observer.finish();
  EXPECT_EQ(observer.snapshot().damaged_dumps, 1U);
}

}  // namespace
}  // namespace xic
