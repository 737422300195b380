#include "core/memory/memory_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "core/memory/iomem.h"
#include "tests/unit/hypervisor_test_support.h"

namespace xic {
namespace {

struct Reader {
  MemoryParser parser;
  void feed(std::string_view text) {
    for (const auto line : testing::physical_lines(text)) parser.consume(testing::line_of(line));
  }
  [[nodiscard]] const MemoryMap& map() const { return parser.map(); }
};

MemoryMap read(std::string_view text) {
  Reader reader;
  reader.feed(text);
  return reader.map();
}

AddressClass class_of(const MemoryMap& map, std::uint64_t address) {
  return map.classify(Iova{address}).klass;
}

constexpr std::string_view kBoot =
    "(XEN) RAM: 0000000040000000 - 00000000bfdfffff\n"
    "(XEN) RAM: 0000000800000000 - 000000087fffffff\n"
    "(XEN) RESVD[0]: 0000000083000000 - 0000000083ffffff\n"
    "(XEN) GICv3 initialization:\n"
    "(XEN)       gic_dist_addr=0x00000008000000\n"
    "(XEN)       redistributor regions:\n"
    "(XEN)         - region 0: 0x000000080a0000 - 0x00000009000000\n"
    "(XEN) GICv3: Found ITS @0x8080000\n"
    "(XEN) Allocating 1:1 mappings totalling 512MB for dom0:\n"
    "(XEN) BANK[0] 0x00000040000000-0x00000060000000 (512MB)\n"
    "(XEN) Grant table range: 0x00000060200000-0x00000060240000\n"
    "(XEN) d0: extended region 0: 0->0x8000000\n";

TEST(MemoryMap, TheWholeBootLog) {
  const MemoryMap map = read(kBoot);
  ASSERT_EQ(map.dom0_banks.size(), 1U);
  EXPECT_EQ(map.dom0_banks[0].begin, 0x4000'0000U);
  EXPECT_EQ(map.dom0_banks[0].end, 0x6000'0000U);
  EXPECT_EQ(map.dom0_banks[0].name, "dom0 BANK[0]");
  EXPECT_EQ(map.dom0_banks[0].source, "boot log");
  ASSERT_EQ(map.host_ram.size(), 2U);
  EXPECT_EQ(map.host_ram[0].end, 0xbfe0'0000U) << "RAM lines name the last byte";
  EXPECT_EQ(class_of(map, 0x4000'0000), AddressClass::dom0_ram);
  EXPECT_EQ(class_of(map, 0x5fff'ffff), AddressClass::dom0_ram);
  EXPECT_EQ(class_of(map, 0x6000'0000), AddressClass::foreign_ram);
  EXPECT_EQ(class_of(map, 0x8'424c'b148), AddressClass::foreign_ram);
  EXPECT_EQ(class_of(map, 0x6020'0000), AddressClass::reserved);
  EXPECT_EQ(class_of(map, 0x6024'0000), AddressClass::foreign_ram);
  EXPECT_EQ(class_of(map, 0x8300'1000), AddressClass::reserved);
  EXPECT_EQ(class_of(map, 0x0800'ffff), AddressClass::mmio);
  EXPECT_EQ(class_of(map, 0x080a'0000), AddressClass::mmio);
  EXPECT_EQ(class_of(map, 0x0808'0000), AddressClass::its);
  EXPECT_EQ(class_of(map, 0xbfdf'ffff), AddressClass::foreign_ram);
  EXPECT_EQ(class_of(map, 0xbfe0'0000), AddressClass::not_ram);
  EXPECT_EQ(class_of(map, 0x9000'0000'0000), AddressClass::not_ram);
  EXPECT_EQ(class_of(map, ~std::uint64_t{0}), AddressClass::not_ram);
}

TEST(MemoryMap, DetailsNameTheRangeAndItsSource) {
  const MemoryMap map = read(kBoot);
  EXPECT_EQ(map.classify(Iova{0x4000'0148}).detail,
            "in dom0 BANK[0] 0x40000000-0x60000000 (boot log)");
  EXPECT_EQ(map.classify(Iova{0x0809'0040}).detail,
            "MSI doorbell (GITS_TRANSLATER) of ITS 0x8080000-0x80a0000 (boot log)");
  EXPECT_EQ(map.classify(Iova{0x0809'0000}).detail,
            "page of the MSI doorbell of ITS 0x8080000-0x80a0000 (boot log)");
  EXPECT_EQ(map.classify(Iova{0x0808'0008}).detail,
            "in ITS 0x8080000-0x80a0000 (boot log), offset 0x8");
  EXPECT_NE(map.classify(Iova{0x1000}).detail.find("extended region 0"), std::string::npos);
}

TEST(MemoryMap, NothingKnownIsUnknown) {
  const AddressInfo info = MemoryMap{}.classify(Iova{0x4000'0000});
  EXPECT_EQ(info.klass, AddressClass::unknown);
  EXPECT_FALSE(info.detail.empty());
}

TEST(MemoryMap, RamWithoutBanksHasNoOwner) {
  const MemoryMap map = read("(XEN) RAM: 0000000040000000 - 00000000bfdfffff\n");
  EXPECT_EQ(class_of(map, 0x4000'0000), AddressClass::unknown);
  EXPECT_NE(map.classify(Iova{0x4000'0000}).detail.find("banks were not seen"), std::string::npos);
  EXPECT_EQ(class_of(map, 0x1000), AddressClass::not_ram);
}

TEST(MemoryMap, BanksWithoutHostRamLeaveTheRestUnknown) {
  const MemoryMap map = read("(XEN) BANK[0] 0x00000020000000-0x00000060000000 (1024MB)\n");
  EXPECT_EQ(class_of(map, 0x2000'0000), AddressClass::dom0_ram);
  EXPECT_EQ(class_of(map, 0x8'424c'b148), AddressClass::unknown);
}

TEST(MemoryMap, WhatTheKernelCallsItsRamIsNoBank) {
  // Linux 5.10 hot-plugs ranges over other domains' frames.
  const std::string iomem =
      "40000000-5fffffff : System RAM\n  40010000-4165ffff : Kernel code\n"
      "  41660000-41caffff : reserved\n80000000-bfffffff : System RAM\n";
  const MemoryMap alone = read(iomem);
  EXPECT_TRUE(alone.dom0_banks.empty());
  EXPECT_TRUE(alone.reserved.empty()) << "reserved by the kernel within its own RAM";
  EXPECT_TRUE(alone.devices.empty());
  EXPECT_EQ(class_of(alone, 0x8000'0000), AddressClass::unknown);
  EXPECT_NE(alone.classify(Iova{0x8000'0000}).detail.find("System RAM"), std::string::npos);
  const MemoryMap banks = read(iomem + "(XEN) BANK[0] 0x40000000-0x60000000 (512MB)\n");
  EXPECT_EQ(class_of(banks, 0x8000'0000), AddressClass::unknown);
  EXPECT_NE(banks.classify(Iova{0x8000'0000}).detail.find("hot-plugged"), std::string::npos);
  const MemoryMap both = read(iomem + std::string(kBoot));
  EXPECT_EQ(class_of(both, 0x8000'0000), AddressClass::foreign_ram);
  EXPECT_NE(both.classify(Iova{0x8000'0000}).detail.find("hot-plugged"), std::string::npos);
}

AddressRange range(std::uint64_t begin, std::uint64_t end) {
  return {begin, end, "", ""};
}

TEST(MemoryMap, RamHotPluggedOutsideTheMemoryNodesIsNotDom0s) {
  // As Linux 5.10 showed it on Xen 4.14.6; the console's boot lines were overwritten.
  Reader reader;
  reader.feed("40000000-5fffffff : System RAM\n80000000-bfffffff : System RAM\n");
  reader.parser.set_boot_memory(std::vector{range(0x4000'0000, 0x6000'0000)});
  EXPECT_EQ(class_of(reader.map(), 0x5fff'ffff), AddressClass::dom0_ram);
  EXPECT_EQ(class_of(reader.map(), 0x8000'0000), AddressClass::unknown);
  reader.feed("(XEN) RAM: 0000000040000000 - 00000000bfdfffff\n");
  EXPECT_EQ(class_of(reader.map(), 0x8000'0000), AddressClass::foreign_ram);
}

TEST(MemoryParser, MemoryNodesWinOverTheBankLinesTheyMeet) {
  for (const bool nodes_first : {true, false}) {
    Reader reader;
    const auto set = [&] {
      reader.parser.set_boot_memory(std::vector{range(0x4000'0000, 0x5000'0000)});
    };
    if (nodes_first) set();
    reader.feed(
        "(XEN) BANK[0] 0x00000040000000-0x00000060000000 (512MB)\n"
        "(XEN) BANK[1] 0x00000080000000-0x00000090000000 (256MB)\n");
    if (!nodes_first) set();
    ASSERT_EQ(reader.map().dom0_banks.size(), 2U) << nodes_first;
    EXPECT_EQ(reader.map().classify(Iova{0x4000'0000}).detail,
              "in dom0 memory 0x40000000-0x50000000 (dom0 device tree /memory)");
    EXPECT_NE(class_of(reader.map(), 0x5000'0000), AddressClass::dom0_ram);
    EXPECT_EQ(reader.map().classify(Iova{0x8000'0000}).detail,
              "in dom0 BANK[1] 0x80000000-0x90000000 (boot log)");
  }
}

TEST(MemoryParser, TheHypervisorNodeNamesGrantTableAndRegions) {
  for (const bool node_first : {true, false}) {
    Reader reader;
    const auto set = [&] {
      reader.parser.set_xen_regions(
          std::vector{range(0x6020'0000, 0x6024'0000), range(0, 0x800'0000)});
    };
    if (node_first) set();
    reader.feed(kBoot);
    if (!node_first) set();
    EXPECT_EQ(reader.map().classify(Iova{0x6020'0000}).detail,
              "in dom0 grant table 0x60200000-0x60240000 (dom0 device tree /hypervisor)");
    EXPECT_NE(
        reader.map()
            .classify(Iova{0x1000})
            .detail.find("in dom0 extended region 0 0x0-0x8000000 (dom0 device tree /hypervisor)"),
        std::string::npos);
    EXPECT_EQ(reader.map().reserved.size(), 3U) << "and RESVD[0], which is Xen's word";
  }
}

TEST(MemoryParser, TheDeviceTreeOutlivesABootInTheText) {
  Reader reader;
  reader.parser.set_boot_memory(std::vector{range(0x4000'0000, 0x6000'0000)});
  reader.parser.set_xen_regions(std::vector{range(0x6020'0000, 0x6024'0000)});
  reader.feed(kBoot);
  reader.parser.reset();
  EXPECT_EQ(class_of(reader.map(), 0x4000'0000), AddressClass::dom0_ram);
  EXPECT_EQ(class_of(reader.map(), 0x6020'0000), AddressClass::reserved);
}

TEST(MemoryParser, ADeviceTreeToldAgainReplacesItself) {
  Reader reader;
  reader.parser.set_boot_memory(std::vector{range(0x4000'0000, 0x6000'0000)});
  reader.parser.set_boot_memory(
      std::vector{range(0x1'0000'0000, 0x1'1000'0000), range(0x2000, 0x2000), range(0x3000, 0)});
  ASSERT_EQ(reader.map().dom0_banks.size(), 1U) << "empty and backward ranges are none";
  EXPECT_EQ(reader.map().dom0_banks[0].begin, 0x1'0000'0000U);
  reader.parser.set_boot_memory({});
  EXPECT_TRUE(reader.map().dom0_banks.empty());
}

TEST(MemoryParser, AFullListMakesRoomForTheDeviceTree) {
  Reader reader;
  std::vector<AddressRange> many;
  for (std::uint64_t i = 1; i <= 2 * MemoryParser::kMaxRanges; ++i) {
    many.push_back(range(i << 24, (i << 24) + 0x1000));
  }
  for (const AddressRange& bank : many) {
    char line[64];
    std::snprintf(line, sizeof line, "(XEN) BANK[0] 0x%llx-0x%llx\n",
                  static_cast<unsigned long long>(bank.begin),
                  static_cast<unsigned long long>(bank.end));
    reader.feed(line);
  }
  ASSERT_EQ(reader.map().dom0_banks.size(), MemoryParser::kMaxRanges);
  reader.parser.set_boot_memory(std::vector{range(0x1000, 0x2000)});
  EXPECT_EQ(reader.map().dom0_banks.size(), MemoryParser::kMaxRanges);
  EXPECT_EQ(class_of(reader.map(), 0x1000), AddressClass::dom0_ram);
  reader.parser.set_boot_memory(many);
  EXPECT_EQ(reader.map().dom0_banks.size(), MemoryParser::kMaxRanges);
}

TEST(MemoryMap, ExtendedRegionsAreGuestSpace) {
  const std::string region = "(XEN) d0: extended region 0: 0x60400000->0xbfe00000\n";
  EXPECT_EQ(class_of(read(region), 0x6100'0000), AddressClass::reserved);
  EXPECT_EQ(class_of(read(std::string(kBoot) + region), 0x6100'0000), AddressClass::foreign_ram);
  EXPECT_EQ(class_of(read(kBoot), 0x1000), AddressClass::not_ram);
  EXPECT_EQ(class_of(read("c0000000-c7ffffff : Xen scratch\n"), 0xc000'0000),
            AddressClass::reserved);
}

TEST(MemoryMap, TheInnermostDeviceIsNamed) {
  const MemoryMap map =
      read("e0000000-efffffff : pcie@e0000000\n  e0001000-e0001fff : 0000:01:00.0\n");
  EXPECT_NE(map.classify(Iova{0xe000'1004}).detail.find("0000:01:00.0"), std::string::npos);
  EXPECT_NE(map.classify(Iova{0xe000'2000}).detail.find("pcie"), std::string::npos);
}

TEST(MemoryParser, Dom0lessBanksAreNotDom0s) {
  const MemoryMap map = read(
      "(XEN) Allocating 1:1 mappings totalling 512MB for dom0:\n"
      "(XEN) BANK[0] 0x00000040000000-0x00000060000000 (512MB)\n"
      "(XEN) Allocating mappings totalling 128MB for d1:\n"
      "(XEN) BANK[0] 0x00000040000000-0x00000048000000 (128MB)\n"
      "(XEN) d1 BANK[0] 0x00000040000000-0x00000048000000 (128MB)\n"
      "(XEN) d0 BANK[1] 0x00000070000000-0x00000078000000 (128MB)\n");
  ASSERT_EQ(map.dom0_banks.size(), 2U);
  EXPECT_EQ(map.dom0_banks[0].end, 0x6000'0000U);
  EXPECT_EQ(map.dom0_banks[1].name, "dom0 BANK[1]");
}

TEST(MemoryParser, GicV2HasSmallPages) {
  const MemoryMap map = read(
      "(XEN) GICv2 initialization:\n"
      "(XEN)         gic_dist_addr=00000000f9010000\n"
      "(XEN)         gic_cpu_addr=00000000f9020000\n"
      "(XEN)         gic_hyp_addr=00000000f9040000\n"
      "(XEN)         gic_vcpu_addr=00000000f9060000\n");
  ASSERT_EQ(map.devices.size(), 4U);
  EXPECT_EQ(map.devices[0].end, 0xf901'1000U);
  EXPECT_EQ(map.devices[1].end, 0xf902'2000U);
}

TEST(MemoryParser, LinuxsLines) {
  const MemoryMap map = read(
      "[    0.000000] ITS [mem 0x08080000-0x0809ffff]\n"
      "[    0.000000] GICv2m: range[mem 0x08020000-0x08020fff], SPI[80:143]\n"
      "[    0.000000] OF: reserved mem: 0x000000005b600000..0x000000005f5fffff (65536 KiB) map\n");
  ASSERT_EQ(map.its.size(), 1U);
  EXPECT_EQ(map.its[0].end, 0x080a'0000U);
  EXPECT_EQ(map.its[0].source, "dom0 kernel log");
  EXPECT_EQ(class_of(map, 0x0802'0040), AddressClass::mmio);
  EXPECT_EQ(class_of(map, 0x5b60'0000), AddressClass::reserved);
}

TEST(MemoryParser, IomemNames) {
  const MemoryMap map = read(
      "08080000-0809ffff : ITS@8080000\n"
      "08100000-0811ffff : msi-controller@8100000\n"
      "90000000-90ffffff : reserved\n"
      "c0000000-c7ffffff : Xen scratch\n"
      "d0000000-d0ffffff : Unallocated space\n"
      "09010000-09010fff : pl031@9010000\n");
  EXPECT_EQ(map.its.size(), 2U);
  EXPECT_EQ(map.reserved.size(), 3U);
  ASSERT_EQ(map.devices.size(), 1U);
  EXPECT_EQ(map.devices[0].source, "/proc/iomem");
}

TEST(MemoryParser, AnUnreadableIomemTellsNothing) {
  const MemoryMap map = read(
      "00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n"
      "00000000-00000000 : pl031@9010000\n");
  EXPECT_TRUE(map.kernel_ram.empty());
  EXPECT_TRUE(map.devices.empty());
}

TEST(Iomem, OtherTextIsNone) {
  for (const char* text :
       {"", "40000000-5fffffff", "40000000-5fffffff : ", "4000-5fff : System RAM",
        "5fffffff-40000000 : System RAM", "40000000 - 5fffffff : x", "zzzzzzzz-5fffffff : x",
        "00000000400000000-000000005fffffff : x", "40000000-5fffffff: x", "40000000-5fff : x"}) {
    EXPECT_FALSE(parse_iomem(text).has_value()) << text;
  }
  const auto entry = parse_iomem("  0000000840000000-000000087fffffff : System RAM\r");
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->begin, 0x8'4000'0000U);
  EXPECT_EQ(entry->name, "System RAM");
}

TEST(MemoryParser, DamagedLinesTellNothing) {
  for (const char* text : {"(XEN) RAM: ",
                           "(XEN) RAM: 40000000",
                           "(XEN) RAM: 40000000 - ",
                           "(XEN) RAM: 2 - 1",
                           "(XEN) RAM: 0 - ffffffffffffffff",
                           "(XEN) BANK[",
                           "(XEN) BANK[0",
                           "(XEN) BANK[0] ",
                           "(XEN) BANK[0] 0x40000000-",
                           "(XEN) BANK[0] 0x40000000-0x40000000",
                           "(XEN) BANK[x] 0x1-0x2",
                           "(XEN) Grant table range: x",
                           "(XEN) Grant table range: 0x2-0x1",
                           "(XEN) d0: extended region x",
                           "(XEN) d0: extended region 0: x",
                           "(XEN) d0: extended region 0: 0x2->0x2",
                           "(XEN) gic_dist_addr=x",
                           "(XEN) gic_dist_addr=ffffffffffffffff",
                           "(XEN) - region x",
                           "(XEN) - region 0: 0x1",
                           "(XEN) GICv3: Found ITS @x",
                           "(XEN) GICv3: Found ITS @0xffffffffffffffff",
                           "(XEN) RESVD[0]",
                           "(XEN) RESVD[0]: 1",
                           "(XEN) other",
                           "[    0.000000] ITS [mem x]",
                           "[    0.000000] ITS [mem 0x2-0x1]",
                           "[    0.000000] OF: reserved mem: x",
                           "BANK[0] 0x40000000-0x60000000 (512MB)",
                           "[    0.000000] BANK[0] 0x40000000-0x60000000"}) {
    const MemoryMap map = read(text);
    EXPECT_TRUE(map.dom0_banks.empty() && map.host_ram.empty() && map.kernel_ram.empty() &&
                map.devices.empty() && map.its.empty() && map.reserved.empty())
        << text;
  }
}

TEST(MemoryParser, ALineInMidLineMayBeAGuests) {
  MemoryParser parser;
  Line line = testing::line_of("(XEN) BANK[0] 0x40000000-0x60000000 (512MB)");
  line.mid_line = true;
  EXPECT_EQ(parser.consume(line), Consumed::no);
  EXPECT_TRUE(parser.map().dom0_banks.empty());
}

TEST(MemoryParser, ReservedMemoryOfOlderXenEndsExclusively) {
  const MemoryMap map = read("(XEN) RESVD[0]: 0000000083000000 - 0000000084000000\n");
  ASSERT_EQ(map.reserved.size(), 1U);
  EXPECT_EQ(map.reserved[0].end, 0x8400'0000U);
}

TEST(MemoryParser, RepeatedRangesAreOne) {
  Reader reader;
  reader.feed(kBoot);
  reader.feed(kBoot);
  EXPECT_EQ(reader.map().host_ram.size(), 2U);
  EXPECT_EQ(reader.map().dom0_banks.size(), 1U);
}

TEST(MemoryParser, ANewBootForgetsWhatXenSaid) {
  Reader reader;
  reader.feed(kBoot);
  reader.feed("09010000-09010fff : pl031@9010000\n40000000-5fffffff : System RAM\n");
  reader.parser.reset();
  EXPECT_TRUE(reader.map().dom0_banks.empty());
  EXPECT_TRUE(reader.map().host_ram.empty());
  EXPECT_EQ(reader.map().devices.size(), 1U);
  EXPECT_EQ(reader.map().kernel_ram.size(), 1U);
}

TEST(MemoryParser, TheRamPrintedBeforeANewBannerStays) {
  Reader reader;
  reader.feed(kBoot);
  reader.feed(
      "(XEN) RAM: 0000000080000000 - 00000000ffffffff\n"
      "(XEN) RESVD[0]: 0000000083000000 - 0000000083ffffff\n");
  reader.parser.reset();
  EXPECT_EQ(reader.map().reserved.size(), 1U);
  ASSERT_EQ(reader.map().host_ram.size(), 1U);
  EXPECT_EQ(reader.map().host_ram[0].begin, 0x8000'0000U);
}

TEST(MemoryParser, ListsAreBounded) {
  Reader reader;
  std::string text;
  for (unsigned i = 0; i < 3 * MemoryParser::kMaxRanges; ++i) {
    char line[64];
    std::snprintf(line, sizeof line, "%08x-%08x : dev\n", i << 12, (i << 12) + 0xfff);
    text += line;
  }
  reader.feed(text);
  EXPECT_EQ(reader.map().devices.size(), MemoryParser::kMaxRanges);
}

TEST(MemoryParser, LiteralsAreWithinTheReadersBounds) {
  for (const auto literal : MemoryParser::literals()) {
    EXPECT_GE(literal.size(), 3U);
    EXPECT_LE(literal.size(), 32U);
  }
}

TEST(MemoryParser, EveryLineItTakesHoldsALiteral) {
  const auto literals = MemoryParser::literals();
  for (const auto line : testing::physical_lines(kBoot)) {
    Reader reader;
    if (reader.parser.consume(testing::line_of(line)) == Consumed::no) continue;
    EXPECT_TRUE(std::any_of(literals.begin(), literals.end(), [&](std::string_view literal) {
      return line.find(literal) != std::string_view::npos;
    })) << line;
  }
}

}  // namespace
}  // namespace xic
