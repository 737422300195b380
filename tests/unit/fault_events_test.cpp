#include <gtest/gtest.h>

#include <string>

#include "fault_test_support.h"

namespace xic {
namespace {

using Kind = HypervisorEvent::Kind;
using test::Harness;

/// The only event of `text`.
HypervisorEvent event_of(Speaker speaker, std::string_view text) {
  Harness h;
  EXPECT_EQ(h.offer(text, speaker, true), Consumed::yes) << text;
  EXPECT_TRUE(h.sink.faults.empty()) << text;
  EXPECT_EQ(h.sink.events.size(), 1U) << text;
  return h.sink.events.empty() ? HypervisorEvent{} : h.sink.events[0];
}

TEST(FaultEvents, SmmuTroubles) {
  const struct {
    std::string_view text;
    Kind kind;
    std::string_view iommu;
  } cases[] = {
      {"SMMUv3: /iommu@fc900000: CMD_SYNC timeout", Kind::cmd_sync_timeout, "/iommu@fc900000"},
      {"SMMUv3: /i: CMDQ timeout", Kind::cmd_sync_timeout, "/i"},
      {"SMMUv3: /i: EVTQ overflow detected -- events lost", Kind::events_lost, "/i"},
      {"SMMUv3: /i: PRIQ overflow detected -- requests lost", Kind::events_lost, "/i"},
      {"SMMUv3: /i: EVTQ write aborted -- events may have been lost", Kind::events_lost, "/i"},
      {"SMMUv3: /i: no translation support!", Kind::init_failed, "/i"},
      {"smmu: /i: \tno translation support!", Kind::init_failed, "/i"},
      {"smmu: /i: TLB sync timed out -- SMMU may be deadlocked", Kind::tlb_sync_timeout, "/i"},
      {"Couldn't configure correctly all the IOMMUs.", Kind::init_failed, ""},
  };
  for (const auto& c : cases) {
    const HypervisorEvent event = event_of(Speaker::xen, c.text);
    EXPECT_EQ(event.kind, c.kind) << c.text;
    EXPECT_EQ(event.iommu, c.iommu) << c.text;
  }
}

TEST(FaultEvents, Assignments) {
  HypervisorEvent event =
      event_of(Speaker::xen, "smmu: /axi/smmu@fd800000: d1: p2maddr 0x000000087ff22000");
  EXPECT_EQ(event.kind, Kind::assigned);
  EXPECT_EQ(event.domain, DomId{1});
  EXPECT_EQ(event.iommu, "/axi/smmu@fd800000");
  EXPECT_EQ(event.message, "d1: p2maddr 0x000000087ff22000");
  event = event_of(Speaker::xen, "SMMUv3: d2: vmid 0x3 vtcr 0x80043594 p2maddr 0x87ff22000");
  EXPECT_EQ(event.kind, Kind::assigned);
  EXPECT_EQ(event.domain, DomId{2});
  EXPECT_EQ(event.iommu, "");
}

TEST(FaultEvents, DeassignFailures) {
  for (const std::string_view text :
       {"d2: deassign (0000:03:00.0) failed (-3)", "d2: deassign 0000:03:00.0 failed (-19)",
        "d2: deassign device (0000:03:00.0) failed",
        "domain 2: deassign device (0000:03:00.0) failed!",
        "deassign 0000:03:00.0 from dom2 failed (-22)"}) {
    const HypervisorEvent event = event_of(Speaker::xen, text);
    EXPECT_EQ(event.kind, Kind::deassign_failed) << text;
    EXPECT_EQ(event.device, "0000:03:00.0") << text;
    EXPECT_EQ(event.domain, DomId{2}) << text;
  }
  Harness h;
  EXPECT_EQ(h.xen("d2: deassign (something) failed (-3)"), Consumed::no);
  EXPECT_EQ(h.xen("d2: deassign (0000:03:00.0) done"), Consumed::no);
}

TEST(FaultEvents, OneFailureSaidTwiceIsOne) {
  Harness h;
  h.xen("smmu: 0000:03:00.0:  not attached to domain 2");
  h.xen("d2: deassign (0000:03:00.0) failed (-3)");
  ASSERT_EQ(h.sink.events.size(), 1U);
  EXPECT_EQ(h.sink.events[0].kind, Kind::deassign_failed);
  EXPECT_EQ(h.sink.events[0].device, "0000:03:00.0");
  EXPECT_EQ(h.sink.events[0].iommu, "");
  EXPECT_EQ(h.sink.events[0].domain, DomId{2});
  h.xen("d2: deassign (0000:04:00.0) failed (-3)");
  EXPECT_EQ(h.sink.events.size(), 2U);
  for (std::size_t i = 0; i <= FaultParser::kPendingLines; ++i) h.xen("-");
  h.xen("d2: deassign (0000:03:00.0) failed (-3)");
  EXPECT_EQ(h.sink.events.size(), 3U);
}

TEST(FaultEvents, NoNodeAndNoDomain) {
  Harness h;
  h.xen("SMMUv3: <no-node>:  not attached to domain 32753");
  h.xen("d[IO]: deassign (0000:00:01.0) failed (-3)");
  h.xen("ipmmu: /m: Not attached to d3");
  ASSERT_EQ(h.sink.events.size(), 3U);
  EXPECT_EQ(h.sink.events[0].iommu, "");
  EXPECT_FALSE(h.sink.events[0].domain);
  EXPECT_EQ(h.sink.events[1].device, "0000:00:01.0");
  EXPECT_FALSE(h.sink.events[1].domain);
  EXPECT_EQ(h.sink.events[2].domain, DomId{3});
  EXPECT_TRUE(h.sink.faults.empty());
}

TEST(FaultEvents, Crashes) {
  for (const std::string_view text :
       {"Panic on CPU 0:", "Xen BUG at drivers/passthrough/arm/iommu_helpers.c:47",
        "CPU0: Unexpected Trap: Data Abort", "Data Abort Trap. Syndrome=0x5",
        "Instruction Abort Trap. Syndrome=0x5", "FATAL TRAP: vec 6, #UD[0000]",
        "FATAL PAGE FAULT"}) {
    EXPECT_EQ(event_of(Speaker::xen, text).kind, Kind::hypervisor_crash) << text;
    EXPECT_EQ(event_of(Speaker::unknown, text).kind, Kind::hypervisor_crash) << text;
    Harness h;
    EXPECT_EQ(h.dom0(text), Consumed::no) << text;
  }
}

TEST(FaultEvents, CrashNamesItsPlace) {
  Harness h;
  EXPECT_EQ(h.xen("   [<000000000024a77c>] smmu.c#find_smmu_master+0x8/0x3c (PC)"), Consumed::no);
  h.xen("CPU0: Unexpected Trap: Data Abort");
  EXPECT_EQ(h.xen("   [<000000000024a77c>] smmu.c#find_smmu_master+0x8/0x3c (PC)"), Consumed::yes);
  ASSERT_EQ(h.sink.events.size(), 2U);
  EXPECT_EQ(h.sink.events[1].message, "smmu.c#find_smmu_master+0x8/0x3c (PC)");
  EXPECT_EQ(h.xen(" no bracket (PC)"), Consumed::no);
}

TEST(FaultEvents, GuestAbortIsNoFault) {
  HypervisorEvent event = event_of(
      Speaker::xen,
      "traps.c:1983:d0v1 HSR=0x93830045 pc=0x00007fa9df9684 gva=0x7faa26b000 gpa=0x0000401207f000");
  EXPECT_EQ(event.kind, Kind::guest_abort);
  EXPECT_EQ(event.domain, kDom0);
  event = event_of(Speaker::xen, "arch/arm/traps.c:1961:d12v0 HSR=0x93830045 pc=0x7fa9df9684");
  EXPECT_EQ(event.domain, DomId{12});
  Harness h;
  EXPECT_EQ(h.xen("Hypervisor Trap. HSR=0x1 EC=0x0"), Consumed::no);
}

TEST(FaultEvents, SuppressedMessagesAreCounted) {
  const HypervisorEvent event = event_of(Speaker::xen, "printk: 18 messages suppressed.");
  EXPECT_EQ(event.kind, Kind::suppressed);
  EXPECT_EQ(event.number, 18U);
  Harness h;
  EXPECT_EQ(h.xen("printk: many messages suppressed."), Consumed::no);
  EXPECT_EQ(h.dom0("arm_smmu_context_fault: 83 callbacks suppressed"), Consumed::no);
}

TEST(FaultEvents, MappingFailed) {
  const HypervisorEvent event =
      event_of(Speaker::xen, "d0: IOMMU mapping dfn 8424cb to mfn 8424cb failed: -12");
  EXPECT_EQ(event.kind, Kind::iommu_map_failed);
  EXPECT_EQ(event.domain, kDom0);
  EXPECT_EQ(event_of(Speaker::xen, "d0: IOMMU mapping failed: -12").kind, Kind::iommu_map_failed);
  Harness h;
  EXPECT_EQ(h.xen("d0: IOMMU mapping dfn 8424cb to mfn 8424cb failed", false),
            Consumed::needs_more);
}

TEST(FaultEvents, DomainsThatEnd) {
  for (const std::string_view text :
       {"Domain 3 (vcpu#0) crashed on cpu#2:", "Domain 3 has been destroyed.",
        "Domain 3 has shut down, reason code 0 0x0"}) {
    const HypervisorEvent event = event_of(Speaker::unknown, text);
    EXPECT_EQ(event.kind, Kind::domain_destroyed) << text;
    EXPECT_EQ(event.domain, DomId{3}) << text;
  }
  Harness h;
  EXPECT_EQ(h.unknown("Domain 3 has a name"), Consumed::no);
  EXPECT_EQ(h.unknown("Domain heap initialised"), Consumed::no);
}

TEST(FaultEvents, SwiotlbOfDom0) {
  EXPECT_EQ(event_of(Speaker::dom0_kernel,
                     "xen:swiotlb_xen: Warning: only able to allocate 4 MB for "
                     "software IO TLB")
                .kind,
            Kind::swiotlb);
  EXPECT_EQ(event_of(Speaker::dom0_kernel, "software IO TLB: Cannot allocate buffer").kind,
            Kind::swiotlb);
  const HypervisorEvent both =
      event_of(Speaker::dom0_kernel,
               "v3d fec00000.v3d: swiotlb buffer is full (sz: 8294400 bytes), total "
               "32768 (slots), used 1 (slots)");
  EXPECT_EQ(both.kind, Kind::swiotlb);
}

TEST(FaultEvents, SelfGrantOnlyWhereTheGranterIsDom0) {
  const HypervisorEvent event =
      event_of(Speaker::dom0_kernel, "vbd vbd-0-51712: 9 mapping in shared page 8 from domain 0");
  EXPECT_EQ(event.kind, Kind::self_grant);
  EXPECT_EQ(event.domain, kDom0);
  Harness h;
  EXPECT_EQ(h.dom0("vbd vbd-1-51712: 9 mapping in shared page 8 from domain 1"), Consumed::no);
  EXPECT_EQ(h.dom0("vbd vbd-1-51712: 9 mapping in shared page 8 from domain 01x"), Consumed::no);
}

TEST(FaultDom0Error, EveryPhrase) {
  const struct {
    std::string_view text, driver, device, netdev, message;
  } cases[] = {
      {"macb ff0e0000.ethernet eth0: DMA bus error: HRESP not OK", "macb", "ff0e0000.ethernet",
       "eth0", "DMA bus error: HRESP not OK"},
      {"xhci_hcd 0000:01:00.0: WARNING: Host System Error", "xhci_hcd", "0000:01:00.0", "",
       "WARNING: Host System Error"},
      {"xhci-hcd xhci-hcd.2.auto: WARNING: Host System Error", "xhci-hcd", "xhci-hcd.2.auto", "",
       "WARNING: Host System Error"},
      {"mmc0: ADMA error", "mmc", "mmc0", "", "ADMA error"},
      {"mmc0: ADMA error: 0x02000000", "mmc", "mmc0", "", "ADMA error: 0x02000000"},
      {"virtio_net virtio1 enp9s0: NETDEV WATCHDOG: CPU: 2: transmit queue 0 timed out 5172 ms",
       "virtio_net", "virtio1", "enp9s0",
       "NETDEV WATCHDOG: CPU: 2: transmit queue 0 timed out 5172 ms"},
      {"NETDEV WATCHDOG: eth0 (macb): transmit queue 0 timed out", "macb", "", "eth0",
       "NETDEV WATCHDOG: eth0 (macb): transmit queue 0 timed out"},
      {"e1000e 0000:00:1f.6 eth0: Detected Hardware Unit Hang:", "e1000e", "0000:00:1f.6", "eth0",
       "Detected Hardware Unit Hang:"},
      {"igb 0000:01:00.0: Detected Tx Unit Hang", "igb", "0000:01:00.0", "",
       "Detected Tx Unit Hang"},
      {"xilinx_axienet a0000000.ethernet eth1: DMA Tx error 0x5019", "xilinx_axienet",
       "a0000000.ethernet", "eth1", "DMA Tx error 0x5019"},
      {"tg3 0000:02:00.0 eth0: DMA Status error.  Resetting chip.", "tg3", "0000:02:00.0", "eth0",
       "DMA Status error.  Resetting chip."},
      {"r8169 0000:03:00.0 enp3s0: PCI error (cmd = 0x0407, status_errs = 0x0100)", "r8169",
       "0000:03:00.0", "enp3s0", "PCI error (cmd = 0x0407, status_errs = 0x0100)"},
      {"ohci-pci 0000:00:12.0: OHCI Unrecoverable Error, disabled", "ohci-pci", "0000:00:12.0", "",
       "OHCI Unrecoverable Error, disabled"},
      {"nvme nvme0: controller is down; will reset: CSTS=0x3, PCI_STATUS=0x10", "nvme", "nvme0", "",
       "controller is down; will reset: CSTS=0x3, PCI_STATUS=0x10"},
      {"ata1.00: irq_stat 0x20000000, host bus error", "ata", "ata1.00", "",
       "irq_stat 0x20000000, host bus error"},
  };
  for (const auto& c : cases) {
    for (const Speaker speaker : {Speaker::dom0_kernel, Speaker::unknown}) {
      Harness h;
      h.time = {Clock::dom0_uptime, 68290307000};
      EXPECT_EQ(h.offer(c.text, speaker, true), Consumed::yes) << c.text;
      ASSERT_EQ(h.sink.dom0_errors.size(), 1U) << c.text;
      const Dom0Error& error = h.sink.dom0_errors[0];
      EXPECT_EQ(error.driver, c.driver) << c.text;
      EXPECT_EQ(error.device, c.device) << c.text;
      EXPECT_EQ(error.netdev, c.netdev) << c.text;
      EXPECT_EQ(error.message, c.message) << c.text;
      EXPECT_EQ(error.uptime.value, 68290307000U);
    }
    Harness h;
    h.xen(c.text);
    EXPECT_TRUE(h.sink.dom0_errors.empty()) << c.text;
  }
}

TEST(FaultDom0Error, FalseFriends) {
  Harness h;
  for (const std::string_view text :
       {"macb ff0e0000.ethernet: invalid hw address, using random",
        "we saw a DMA bus error: HRESP not OK on our board", "DMA bus error: HRESP not OK",
        "the log says macb eth0: DMA bus error: HRESP not OK",
        "mmc0: SDHCI controller on ff160000.mmc [ff160000.mmc] using ADMA 64-bit",
        "xhci_hcd 0000:01:00.0: USBSTS: HCHalted HSE EINT", "ata1: host bus error counters cleared",
        "NETDEV WATCHDOG: ", ": ADMA error", "foo bar: not an ADMA error"}) {
    EXPECT_EQ(h.dom0(text), Consumed::no) << text;
  }
  EXPECT_TRUE(h.sink.dom0_errors.empty());
}

TEST(FaultDom0Error, Wrapped) {
  Harness h;
  h.read(
      "[   79.444987] v3d fec00000.v3d: swiotlb buffer is full (sz: 8294400\n"
      "bytes), total 32768 (slots), used 1 (slots)\n"
      "[   80.0] macb ff0e0000.ethernet eth0: DMA bus error: HRESP\n"
      "not OK\n");
  ASSERT_EQ(h.sink.dom0_errors.size(), 2U);
  EXPECT_EQ(h.sink.dom0_errors[0].message,
            "swiotlb buffer is full (sz: 8294400 bytes), total 32768 (slots), used 1 (slots)");
  EXPECT_EQ(h.sink.dom0_errors[1].message, "DMA bus error: HRESP not OK");
  EXPECT_EQ(h.dom0("macb ff0e0000.ethernet eth0: DMA bus error: HRESP"), Consumed::no);
}

}  // namespace
}  // namespace xic
