#include "host/live/dom0_files.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "core/memory/iomem.h"
#include "core/scan.h"
#include "host/capture/file.h"
#include "host/iomem/iomem_file.h"
#include "host/live/device_tree.h"
#include "host/live/failure.h"
#include "host/live/small_file.h"

namespace xic {
namespace {

constexpr std::size_t kMaxIomem = std::size_t{4} * 1024 * 1024;

/// public/features.h: XENFEAT_dom0; common/kernel.c sets it for the hardware domain, on Arm as
/// well.
constexpr unsigned kFeatureDom0 = 11;

/// A file of one value; nothing where there is none.
Expected<std::optional<std::string>> read_if_there(const std::filesystem::path& path) {
  auto text = read_value(path.string());
  if (text) return std::optional(std::move(*text));
  if (text.error().sys_errno == ENOENT) return std::optional<std::string>{};
  return tl::unexpected(text.error());
}

/// The words of /sys/hypervisor/properties/features in hexadecimal, the highest first.
bool is_hardware_domain(std::string_view features) {
  const auto words = scan::take_number<std::uint64_t>(&features, 16);
  return words && features.empty() && (*words >> kFeatureDom0 & 1) != 0;
}

bool shows_addresses(std::string_view iomem) {
  while (!iomem.empty()) {
    const std::size_t end = std::min(iomem.find('\n'), iomem.size());
    if (parse_iomem(iomem.substr(0, end))) return true;
    iomem.remove_prefix(std::min(end + 1, iomem.size()));
  }
  return false;
}

DeviceTree device_tree(const std::filesystem::path& root) {
  DeviceTree tree(root / "sys/firmware/devicetree/base");
  return tree.exists() ? tree : DeviceTree(root / "proc/device-tree");
}

}  // namespace

Expected<DomainRole> Dom0Files::role() {
  const auto capabilities = read_if_there(root_ / "proc/xen/capabilities");
  if (!capabilities) return tl::unexpected(capabilities.error());
  if (*capabilities) {
    return (*capabilities)->find("control_d") != std::string::npos ? DomainRole::dom0
                                                                   : DomainRole::guest;
  }
  const auto type = read_if_there(root_ / "sys/hypervisor/type");
  if (!type) return tl::unexpected(type.error());
  if (!*type || **type != "xen") return DomainRole::bare_metal;
  const auto features = read_if_there(root_ / "sys/hypervisor/properties/features");
  if (!features) return tl::unexpected(features.error());
  return *features && is_hardware_domain(**features) ? DomainRole::dom0 : DomainRole::guest;
}

Expected<std::string> Dom0Files::kernel_release() {
  utsname names{};
  if (::uname(&names) != 0) return tl::unexpected(failure(errno, "ask the kernel for its release"));
  return std::string(names.release);
}

Expected<std::string> Dom0Files::iomem() {
  const std::string path = (root_ / "proc/iomem").string();
  const auto file = open_for_reading(path);
  if (!file) return tl::unexpected(file.error());
  std::string text;
  const auto whole = read_up_to(file->get(), kMaxIomem, path, &text);
  if (!whole) return tl::unexpected(whole.error());
  if (!*whole) {
    return tl::unexpected(Error{Error::Code::too_large, 0, path + " is longer than 4 MiB", ""});
  }
  if (shows_addresses(text)) return text;
  if (text.empty()) {
    return tl::unexpected(Error{Error::Code::malformed, 0, path + " is empty", ""});
  }
  const auto inherited = iomem_of(STDIN_FILENO, path.c_str());
  if (inherited && shows_addresses(*inherited)) return *inherited;
  return tl::unexpected(Error{Error::Code::denied, EPERM,
                              path + " hides its addresses (all are zero)",
                              "run as root, with CAP_SYS_ADMIN"});
}

Expected<std::optional<std::vector<AddressRange>>> Dom0Files::boot_memory() {
  const DeviceTree tree = device_tree(root_);
  if (!tree.exists()) return std::optional<std::vector<AddressRange>>{};
  // drivers/firmware/efi/efi-init.c: memory nodes count for nothing beside EFI's map.
  const auto efi_map = tree.property("chosen", "linux,uefi-mmap-start");
  if (!efi_map) return tl::unexpected(efi_map.error());
  if (*efi_map) return std::optional<std::vector<AddressRange>>{};

  const auto nodes = tree.children();
  if (!nodes) return tl::unexpected(nodes.error());
  std::optional<std::vector<AddressRange>> memory;
  for (const std::string& node : *nodes) {
    if (node != "memory" && !node.starts_with("memory@")) continue;
    const auto type = tree.property(node, "device_type");
    if (!type) return tl::unexpected(type.error());
    if (!*type || !has_string(**type, "memory")) continue;
    auto ranges = tree.reg(node);
    if (!ranges) return tl::unexpected(ranges.error());
    if (!memory) memory.emplace();
    if (memory->size() + ranges->size() > DeviceTree::kMaxRanges) {
      return tl::unexpected(
          Error{Error::Code::too_large, 0, "dom0's device tree has too many ranges of memory", ""});
    }
    memory->insert(memory->end(), ranges->begin(), ranges->end());
  }
  return memory;
}

Expected<std::optional<std::vector<AddressRange>>> Dom0Files::xen_regions() {
  const DeviceTree tree = device_tree(root_);
  if (!tree.exists()) return std::optional<std::vector<AddressRange>>{};
  const auto compatible = tree.property("hypervisor", "compatible");
  if (!compatible) return tl::unexpected(compatible.error());
  if (!*compatible || !has_string(**compatible, "xen,xen")) {
    return std::optional<std::vector<AddressRange>>{};
  }
  auto ranges = tree.reg("hypervisor");
  if (!ranges) return tl::unexpected(ranges.error());
  return std::move(*ranges);
}

}  // namespace xic
