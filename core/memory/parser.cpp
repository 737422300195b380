// Lines -> MemoryMap.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/memory/iomem.h"
#include "core/memory/memory_map.h"
#include "core/scan.h"

namespace xic {
namespace {

constexpr std::string_view kBootLog = "boot log";
constexpr std::string_view kKernelLog = "dom0 kernel log";
constexpr std::string_view kIomem = "/proc/iomem";
constexpr std::string_view kMemoryNodes = "dom0 device tree /memory";
constexpr std::string_view kHypervisorNode = "dom0 device tree /hypervisor";

constexpr auto kLiterals = std::to_array<std::string_view>({
    "RAM: ",
    "RESVD[",
    "mappings totalling",
    "BANK[",
    "Grant table range",
    "extended region",
    "GICv2 init",
    "GICv3 init",
    "gic_dist_addr",
    "gic_cpu_addr",
    "gic_hyp_addr",
    "gic_vcpu_addr",
    "- region ",
    "Found ITS @",
    "ITS [mem ",
    "GICv2m: ",
    "reserved mem: ",
    "ff : ",
});

constexpr std::string_view kGrantTable = "dom0 grant table";
constexpr std::string_view kExtendedRegion = "dom0 extended region ";

/// Longest name kept; names in /proc/iomem come from device trees and drivers.
constexpr std::size_t kMaxName = 128;

/// An ITS has two pages of 64 KiB: control, and the doorbell (Arm IHI 0069, 12.19).
constexpr std::uint64_t kItsSize = 0x2'0000;

struct Span {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// `last` is the last byte; nothing where the range is backwards or ends with the address space.
std::optional<Span> inclusive(std::uint64_t begin, std::uint64_t last) {
  if (last < begin || last == UINT64_MAX) return std::nullopt;
  return Span{begin, last + 1};
}

std::optional<Span> exclusive(std::uint64_t begin, std::uint64_t end) {
  if (end <= begin) return std::nullopt;
  return Span{begin, end};
}

/// Two addresses with `between` between them.
std::optional<std::pair<std::uint64_t, std::uint64_t>> take_pair(std::string_view* text,
                                                                 std::string_view between) {
  *text = scan::trim_front(*text);
  const auto first = scan::take_hex(text);
  if (!first || !scan::take(text, between)) return std::nullopt;
  const auto second = scan::take_hex(text);
  if (!second) return std::nullopt;
  return std::pair{*first, *second};
}

std::string numbered(std::string_view name, std::uint32_t number, std::string_view behind = {}) {
  std::string text(name);
  text += std::to_string(number);
  text += behind;
  return text;
}

/// What Linux shows within its own RAM: parts of the kernel, and what it keeps from its allocator.
bool is_part_of_kernel_ram(std::string_view name) {
  return name == "reserved" || name.starts_with("Kernel ") || name.starts_with("Crash kernel");
}

bool is_its_name(std::string_view name) {
  return name.starts_with("ITS") || name.find("GITS") != std::string_view::npos ||
         name.find("gic-its") != std::string_view::npos ||
         name.find("msi-controller") != std::string_view::npos;
}

}  // namespace

struct MemoryParser::Impl {
  Consumed consume(const Line& line) {
    bool known = false;
    switch (line.speaker) {
      case Speaker::xen:
        // In mid-line a guest may be the author.
        known = !line.mid_line && read_xen(line.text);
        break;
      case Speaker::dom0_kernel:
        known = read_kernel(line.text);
        break;
      case Speaker::unknown:
        known = read_iomem(line.text) || read_kernel(line.text);
        break;
    }
    return known ? Consumed::yes : Consumed::no;
  }

  void reset() {
    for (auto* list : {&map.dom0_banks, &map.host_ram, &map.devices, &map.its, &map.reserved}) {
      std::erase_if(*list, [](const AddressRange& range) { return range.source == kBootLog; });
    }
    // On Arm a boot prints its memory before its banner, by which the new boot is recognised.
    map.host_ram.insert(map.host_ram.end(), early.host_ram.begin(), early.host_ram.end());
    map.reserved.insert(map.reserved.end(), early.reserved.begin(), early.reserved.end());
    early = MemoryMap{};
    banks_are_dom0s = true;
    gic_page = kGicV2Page;
  }

  static void add(std::vector<AddressRange>* list, std::optional<Span> span, std::string name,
                  std::string_view source) {
    if (!span || list->size() >= kMaxRanges) return;
    const bool there = std::any_of(list->begin(), list->end(), [&](const AddressRange& range) {
      return range.begin == span->begin && range.end == span->end && range.name == name;
    });
    if (!there) {
      list->push_back({span->begin, span->end, std::move(name), std::string(source)});
    }
  }

  // ---- dom0's device tree -----------------------------------------------------------------------
  void set_boot_memory(std::span<const AddressRange> nodes) {
    memory_nodes = named(nodes, kMemoryNodes, [](std::size_t) { return "dom0 memory"; });
    std::erase_if(map.dom0_banks, [&](const AddressRange& bank) {
      return bank.source == kMemoryNodes || overlaps_any(memory_nodes, Span{bank.begin, bank.end});
    });
    put_first(&map.dom0_banks, memory_nodes);
  }

  void set_xen_regions(std::span<const AddressRange> regions) {
    xen_regions = named(regions, kHypervisorNode, [](std::size_t index) {
      return index == 0 ? std::string(kGrantTable)
                        : numbered(kExtendedRegion, static_cast<std::uint32_t>(index - 1));
    });
    std::erase_if(map.reserved, [&](const AddressRange& held) {
      const bool printed = held.source == kBootLog && held.name.starts_with("dom0 ");
      return held.source == kHypervisorNode ||
             (printed && overlaps_any(xen_regions, Span{held.begin, held.end}));
    });
    put_first(&map.reserved, xen_regions);
  }

  static std::vector<AddressRange> named(std::span<const AddressRange> ranges,
                                         std::string_view source, const auto& name_of) {
    std::vector<AddressRange> all;
    for (std::size_t i = 0; i < std::min(ranges.size(), kMaxRanges); ++i) {
      if (!exclusive(ranges[i].begin, ranges[i].end)) continue;
      all.push_back({ranges[i].begin, ranges[i].end, name_of(i), std::string(source)});
    }
    return all;
  }

  /// A full list makes room for them.
  static void put_first(std::vector<AddressRange>* list, const std::vector<AddressRange>& ranges) {
    list->resize(std::min(list->size(), kMaxRanges - ranges.size()));
    list->insert(list->begin(), ranges.begin(), ranges.end());
  }

  static bool overlaps_any(const std::vector<AddressRange>& ranges, std::optional<Span> span) {
    return span && std::any_of(ranges.begin(), ranges.end(), [&](const AddressRange& range) {
             return range.begin < span->end && span->begin < range.end;
           });
  }

  // ---- Xen --------------------------------------------------------------------------------------
  bool read_xen(std::string_view text) {
    text = scan::trim_front(text);
    if (scan::take(&text, "RAM: ")) return read_ram(text);
    if (scan::take(&text, "RESVD[")) return read_reserved(text);
    if (!read_layout(text) && !read_gic(text)) return false;
    // Behind the banner: memory lines that follow belong to another boot, or to a copy of this one.
    early = MemoryMap{};
    return true;
  }

  bool read_ram(std::string_view text) {
    const auto pair = take_pair(&text, " - ");
    if (!pair) return false;
    const auto span = inclusive(pair->first, pair->second);
    add(&map.host_ram, span, "host RAM", kBootLog);
    add(&early.host_ram, span, "host RAM", kBootLog);
    return true;
  }

  bool read_layout(std::string_view text) {
    if (text.starts_with("Allocating ")) {
      // dom0less domains have banks, too; theirs are addresses within the domain.
      banks_are_dom0s = text.find(" for dom0:") != std::string_view::npos ||
                        text.find(" for d0:") != std::string_view::npos;
      return true;
    }
    if (scan::take(&text, "d0 BANK[")) return read_bank(text);
    if (scan::take(&text, "BANK[")) return banks_are_dom0s && read_bank(text);
    if (scan::take(&text, "Grant table range: ")) {
      const auto pair = take_pair(&text, "-");
      if (!pair) return false;
      add_region(exclusive(pair->first, pair->second), std::string(kGrantTable));
      return true;
    }
    if (scan::take(&text, "d0: extended region ")) {
      const auto number = scan::take_number<std::uint32_t>(&text);
      if (!number || !scan::take(&text, ": ")) return false;
      const auto pair = take_pair(&text, "->");
      if (!pair) return false;
      add_region(exclusive(pair->first, pair->second), numbered(kExtendedRegion, *number));
      return true;
    }
    return false;
  }

  bool read_bank(std::string_view text) {
    const auto number = scan::take_number<std::uint32_t>(&text);
    if (!number || !scan::take(&text, "]")) return false;
    const auto pair = take_pair(&text, "-");
    if (!pair) return false;
    const auto span = exclusive(pair->first, pair->second);
    if (!overlaps_any(memory_nodes, span)) {
      add(&map.dom0_banks, span, numbered("dom0 BANK[", *number, "]"), kBootLog);
    }
    return true;
  }

  void add_region(std::optional<Span> span, std::string name) {
    if (!overlaps_any(xen_regions, span)) add(&map.reserved, span, std::move(name), kBootLog);
  }

  bool read_reserved(std::string_view text) {
    // "RESVD[0]: 0000000083000000 - 0000000085ffffff"; older versions print the end exclusively.
    const auto number = scan::take_number<std::uint32_t>(&text);
    if (!number || !scan::take(&text, "]: ")) return false;
    const auto pair = take_pair(&text, " - ");
    if (!pair) return false;
    const bool last_byte = (pair->second & kPageMask) == kPageMask;
    const auto span =
        last_byte ? inclusive(pair->first, pair->second) : exclusive(pair->first, pair->second);
    const std::string name = numbered("reserved memory ", *number);
    add(&map.reserved, span, name, kBootLog);
    add(&early.reserved, span, name, kBootLog);
    return true;
  }

  bool read_gic(std::string_view text) {
    if (text.starts_with("GICv3 init")) {
      gic_page = kGicV3Page;
      return true;
    }
    if (text.starts_with("GICv2 init")) {
      gic_page = kGicV2Page;
      return true;
    }
    // "gic_dist_addr=0x00000008000000"; GICv2 prints no "0x". Sizes: Arm IHI 0048, IHI 0069.
    struct Part {
      std::string_view key;
      std::string_view name;
      std::uint64_t size;
    };
    const std::array parts = {
        Part{"gic_dist_addr=", "GIC distributor", gic_page},
        Part{"gic_cpu_addr=", "GIC CPU interface", 2 * kGicV2Page},
        Part{"gic_hyp_addr=", "GIC hypervisor interface", 2 * kGicV2Page},
        Part{"gic_vcpu_addr=", "GIC virtual CPU interface", 2 * kGicV2Page},
    };
    for (const Part& part : parts) {
      if (!scan::take(&text, part.key)) continue;
      const auto base = scan::take_hex(&text);
      if (!base || *base > UINT64_MAX - part.size) return false;
      add(&map.devices, Span{*base, *base + part.size}, std::string(part.name), kBootLog);
      return true;
    }
    if (scan::take(&text, "- region ")) {
      // "- region 0: 0x000000080a0000 - 0x00000009000000", under "redistributor regions:"
      const auto number = scan::take_number<std::uint32_t>(&text);
      if (!number || !scan::take(&text, ": ")) return false;
      const auto pair = take_pair(&text, " - ");
      if (!pair) return false;
      add(&map.devices, exclusive(pair->first, pair->second),
          numbered("GIC redistributors ", *number), kBootLog);
      return true;
    }
    if (scan::take(&text, "GICv3: Found ITS @")) {
      const auto base = scan::take_hex(&text);
      if (!base || *base > UINT64_MAX - kItsSize) return false;
      add(&map.its, Span{*base, *base + kItsSize}, "ITS", kBootLog);
      return true;
    }
    return false;
  }

  // ---- dom0's kernel ----------------------------------------------------------------------------
  bool read_kernel(std::string_view text) {
    text = scan::trim_front(text);
    if (scan::take(&text, "ITS [mem ")) return read_mem(text, &map.its, "ITS");
    if (scan::take(&text, "GICv2m: range[mem ")) return read_mem(text, &map.devices, "GICv2m");
    if (scan::take(&text, "OF: reserved mem: ")) {
      // "OF: reserved mem: 0x000000005b600000..0x000000005f5fffff (65536 KiB) map reusable
      // linux,cma"
      const auto pair = take_pair(&text, "..");
      if (!pair) return false;
      add(&map.reserved, inclusive(pair->first, pair->second), "reserved memory", kKernelLog);
      return true;
    }
    return false;
  }

  static bool read_mem(std::string_view text, std::vector<AddressRange>* list,
                       std::string_view name) {
    const auto pair = take_pair(&text, "-");
    if (!pair) return false;
    add(list, inclusive(pair->first, pair->second), std::string(name), kKernelLog);
    return true;
  }

  // ---- /proc/iomem ------------------------------------------------------------------------------
  bool read_iomem(std::string_view text) {
    const auto entry = parse_iomem(text);
    if (!entry) return false;
    const auto span = inclusive(entry->begin, entry->last);
    const std::string_view name = entry->name.substr(0, kMaxName);
    if (name.starts_with("System RAM")) {
      add(&map.kernel_ram, span, std::string(name), kIomem);
    } else if (is_part_of_kernel_ram(name) && within_kernel_ram(*entry)) {
      return true;
    } else if (name == "Xen scratch" || name.starts_with("Unallocated") ||
               name.starts_with("reserved") || name.starts_with("Reserved")) {
      add(&map.reserved, span, std::string(name), kIomem);
    } else if (is_its_name(name)) {
      add(&map.its, span, std::string(name), kIomem);
    } else {
      add(&map.devices, span, std::string(name), kIomem);
    }
    return true;
  }

  [[nodiscard]] bool within_kernel_ram(const IomemEntry& entry) const {
    // A nested line follows its parent, so only the latest range matters.
    return !map.kernel_ram.empty() && map.kernel_ram.back().contains(entry.begin);
  }

  static constexpr std::uint64_t kGicV2Page = 0x1000;
  static constexpr std::uint64_t kGicV3Page = 0x1'0000;

  MemoryMap map;
  std::vector<AddressRange> memory_nodes;  ///< Of dom0's device tree; in `map`, too.
  std::vector<AddressRange> xen_regions;   ///< As above.
  MemoryMap early;  ///< What was printed since the last line from behind a banner.
  bool banks_are_dom0s = true;
  std::uint64_t gic_page = kGicV2Page;
};

MemoryParser::MemoryParser() : impl_(std::make_unique<Impl>()) {}
MemoryParser::~MemoryParser() = default;

std::span<const std::string_view> MemoryParser::literals() {
  return kLiterals;
}
Consumed MemoryParser::consume(const Line& line) {
  return impl_->consume(line);
}
void MemoryParser::set_boot_memory(std::span<const AddressRange> nodes) {
  impl_->set_boot_memory(nodes);
}
void MemoryParser::set_xen_regions(std::span<const AddressRange> regions) {
  impl_->set_xen_regions(regions);
}
void MemoryParser::reset() {
  impl_->reset();
}
const MemoryMap& MemoryParser::map() const {
  return impl_->map;
}

}  // namespace xic
