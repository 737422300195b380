// What lies at a machine address.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/line.h"
#include "core/types.h"

namespace xic {

struct AddressRange {
  std::uint64_t begin = 0;  ///< First byte.
  std::uint64_t end = 0;    ///< One past the last.
  std::string name;         ///< "dom0 BANK[0]", "GICD", "Xen scratch" ...
  std::string source;       ///< Where it was read.
  [[nodiscard]] bool contains(std::uint64_t address) const {
    return address >= begin && address < end;
  }
};

enum class AddressClass : std::uint8_t {
  dom0_ram,     ///< In a bank Xen allocated to dom0 (BANK[] lines, dom0's device-tree /memory).
  foreign_ram,  ///< Host RAM (Xen's RAM: lines) that is not dom0's: a guest's, Xen's, or free.
  mmio,
  its,       ///< A GIC ITS page: the MSI doorbell lies at +0x10040 (GITS_TRANSLATER).
  reserved,  ///< Reserved memory, Xen scratch, grant-table or extended region of dom0.
  not_ram,   ///< Host RAM is known and this is outside it, and in no known device.
  unknown,   ///< Not enough is known.
};

struct AddressInfo {
  AddressClass klass = AddressClass::unknown;
  std::string detail;  ///< "in BANK[0] 0x40000000-0x60000000 (boot log)"
};

/// What the inputs tell of the physical address space. "System RAM" of /proc/iomem is kept apart
/// from dom0's banks: Linux hot-plugs ranges over guests' frames (seen with 5.10 on Xen 4.14.6).
struct MemoryMap {
  std::vector<AddressRange> dom0_banks;
  std::vector<AddressRange> host_ram;
  std::vector<AddressRange> kernel_ram;  ///< dom0 kernel's "System RAM"; only a hint, see above.
  std::vector<AddressRange> devices;     ///< MMIO, from /proc/iomem and Xen's boot lines.
  std::vector<AddressRange> its;
  std::vector<AddressRange> reserved;

  [[nodiscard]] AddressInfo classify(Iova address) const;
};

/// Reads Xen's boot lines ("RAM:", "BANK[", "Grant table range", "gic_dist_addr", ITS lines,
/// "extended region"), /proc/iomem and dom0's kernel lines ("GICv3: ... ITS", e.g.
/// "ITS [mem 0x08080000-0x0809ffff]").
class MemoryParser {
 public:
  static constexpr std::size_t kMaxRanges = 1024;  ///< Of each list.
  MemoryParser();
  ~MemoryParser();
  MemoryParser(const MemoryParser&) = delete;
  MemoryParser& operator=(const MemoryParser&) = delete;

  [[nodiscard]] static std::span<const std::string_view> literals();
  Consumed consume(const Line& line);
  /// The memory nodes of dom0's device tree, which Xen writes from the banks it allocated
  /// (xen/arch/arm/domain_build.c, make_memory_node). They are of the running boot: a BANK line
  /// that overlaps one of them is dropped, others stay. Names and sources are set here.
  void set_boot_memory(std::span<const AddressRange> nodes);
  /// `reg` of its /hypervisor node: the grant table's place, then extended regions
  /// (make_hypervisor_node; Linux: Documentation/devicetree/bindings/arm/xen.txt).
  void set_xen_regions(std::span<const AddressRange> regions);
  /// A new boot in the text: forget what the hypervisor printed.
  void reset();
  [[nodiscard]] const MemoryMap& map() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xic
