// What dom0's kernel says of the machine, in its files.
#pragma once

#include <filesystem>
#include <string>

#include "host/ports.h"

namespace xic {

class Dom0Files final : public Dom0System {
 public:
  /// `root` stands before /proc and /sys.
  explicit Dom0Files(const std::string& root = "") : root_(root.empty() ? "/" : root) {}

  /// By /proc/xen/capabilities ("control_d"); where xenfs is not mounted, by the feature bit that
  /// Xen gives its hardware domain. A kernel that names no Xen in /sys/hypervisor/type runs on bare
  /// metal.
  [[nodiscard]] Expected<DomainRole> role() override;
  [[nodiscard]] Expected<std::string> kernel_release() override;
  [[nodiscard]] Expected<std::string> iomem() override;
  /// Absent, too, where the kernel took its memory from EFI's map instead (/chosen says so).
  [[nodiscard]] Expected<std::optional<std::vector<AddressRange>>> boot_memory() override;
  [[nodiscard]] Expected<std::optional<std::vector<AddressRange>>> xen_regions() override;

 private:
  std::filesystem::path root_;
};

}  // namespace xic
