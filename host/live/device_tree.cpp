#include "host/live/device_tree.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "host/live/failure.h"
#include "host/live/small_file.h"

namespace xic {
namespace {

constexpr std::size_t kCell = 4;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

Error malformed(const std::filesystem::path& what, const std::string& why) {
  return {Error::Code::malformed, 0, what.string() + ": " + why, ""};
}

}  // namespace

bool has_string(std::string_view property, std::string_view text) {
  while (!property.empty()) {
    const std::size_t end = property.find('\0');
    if (property.substr(0, end) == text) return true;
    if (end == std::string_view::npos) break;
    property.remove_prefix(end + 1);
  }
  return false;
}

bool DeviceTree::exists() const {
  std::error_code ignored;
  return std::filesystem::is_directory(base_, ignored);
}

Expected<std::optional<std::string>> DeviceTree::property(const std::string& node,
                                                          const std::string& name) const {
  auto bytes = read_small_file((base_ / node / name).string());
  if (bytes) return *std::move(bytes);
  if (bytes.error().code == Error::Code::not_found) return std::nullopt;
  return tl::unexpected(std::move(bytes.error()));
}

Expected<std::size_t> DeviceTree::cells(const std::string& name, std::uint32_t otherwise) const {
  auto bytes = property("", name);
  if (!bytes) return tl::unexpected(bytes.error());
  if (!*bytes) return otherwise;
  const std::uint64_t value = (*bytes)->size() == kCell ? big_endian(**bytes) : 0;
  if (value < 1 || value > 2) {
    return tl::unexpected(malformed(base_ / name, "neither 1 nor 2"));
  }
  return static_cast<std::size_t>(value);
}

Expected<std::vector<AddressRange>> DeviceTree::reg(const std::string& node) const {
  // Devicetree Specification 0.4, 2.3.5: what they are where nothing is said.
  const auto address_cells = cells("#address-cells", 2);
  if (!address_cells) return tl::unexpected(address_cells.error());
  const auto size_cells = cells("#size-cells", 1);
  if (!size_cells) return tl::unexpected(size_cells.error());
  auto bytes = property(node, "reg");
  if (!bytes) return tl::unexpected(bytes.error());

  const std::filesystem::path path = base_ / node / "reg";
  std::vector<AddressRange> ranges;
  if (!*bytes) return ranges;
  std::string_view rest = **bytes;
  const std::size_t entry = (*address_cells + *size_cells) * kCell;
  if (rest.size() % entry != 0) {
    return tl::unexpected(malformed(
        path, std::to_string(rest.size()) + " bytes, entries have " + std::to_string(entry)));
  }
  for (; !rest.empty(); rest.remove_prefix(entry)) {
    const std::uint64_t begin = big_endian(rest.substr(0, *address_cells * kCell));
    const std::uint64_t size = big_endian(rest.substr(*address_cells * kCell, *size_cells * kCell));
    if (size == 0) continue;
    if (size > UINT64_MAX - begin) {
      return tl::unexpected(malformed(path, "a range that ends beyond the address space"));
    }
    if (ranges.size() == kMaxRanges) {
      return tl::unexpected(
          Error{Error::Code::too_large, 0,
                path.string() + ": more than " + std::to_string(kMaxRanges) + " ranges", ""});
    }
    ranges.push_back({begin, begin + size, node, path.string()});
  }
  return ranges;
}

Expected<std::vector<std::string>> DeviceTree::children() const {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator at(base_, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    if (at->is_directory(ignored)) names.push_back(at->path().filename().string());
  }
  if (error) return tl::unexpected(failure(error.value(), "list " + base_.string()));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace xic
