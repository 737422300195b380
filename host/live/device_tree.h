// Address ranges in a device tree as the kernel shows it: a folder per node, a file per property.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/memory/memory_map.h"
#include "core/types.h"

namespace xic {

/// Devicetree Specification 0.4; numbers are big-endian.
class DeviceTree {
 public:
  static constexpr std::size_t kMaxRanges = MemoryParser::kMaxRanges;

  /// `base`: the folder of the root node.
  explicit DeviceTree(std::filesystem::path base) : base_(std::move(base)) {}

  [[nodiscard]] bool exists() const;
  /// Bytes of the property of a node below the root ("" is the root itself); nothing where there is
  /// none. At most 64 KiB.
  [[nodiscard]] Expected<std::optional<std::string>> property(const std::string& node,
                                                              const std::string& name) const;
  /// `reg` of a child of the root, split by the root's #address-cells and #size-cells. Empty ranges
  /// are left out; a length that does not fit, or a range beyond 2^64, is an error.
  [[nodiscard]] Expected<std::vector<AddressRange>> reg(const std::string& node) const;
  /// Names of the root's children, sorted.
  [[nodiscard]] Expected<std::vector<std::string>> children() const;

 private:
  [[nodiscard]] Expected<std::size_t> cells(const std::string& name, std::uint32_t otherwise) const;

  std::filesystem::path base_;
};

/// Whether one of the strings of a property ("xen,xen-4.17\0xen,xen\0") is `text`.
[[nodiscard]] bool has_string(std::string_view property, std::string_view text);

}  // namespace xic
