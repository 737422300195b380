#include "host/live/xencall_route.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

namespace xic {
namespace {

constexpr std::size_t kDataSize = 65536;

// Commands of public/sysctl.h.
constexpr std::uint32_t kReadConsole = 1;
constexpr std::uint32_t kPhysicalInfo = 3;
constexpr std::uint32_t kDebugKeys = 7;

}  // namespace

/// struct xen_sysctl of public/sysctl.h, as far as it is used here.
struct XencallRoute::Layout {
  std::uint32_t command;
  std::uint32_t interface_version;
  union {
    struct {
      std::uint8_t clear;
      std::uint8_t incremental;
      std::uint8_t pad[2];
      std::uint32_t index;
      std::uint64_t buffer;
      std::uint32_t count;
    } read_console;
    struct {
      std::uint64_t keys;
      std::uint32_t count;
    } debug_keys;
    struct {
      std::uint32_t threads_per_core;
      std::uint32_t cores_per_socket;
      std::uint32_t cpus;
      std::uint32_t max_cpu_id;
      std::uint32_t nodes;
      std::uint32_t max_node_id;
      std::uint32_t cpu_khz;
      std::uint32_t capabilities;
      // What follows is not the same in all releases.
    } physical_info;
    std::uint8_t all[128];
  } u;
};

XencallRoute::XencallRoute(XenCall& call, HypercallBuffer argument, HypercallBuffer data)
    : call_(call), argument_(std::move(argument)), data_(std::move(data)) {
  static_assert(sizeof(Layout) == 136);
  static_assert(offsetof(Layout, interface_version) == 4);
  static_assert(offsetof(Layout, u) == 8);
  static_assert(offsetof(Layout, u.read_console.incremental) == 9);
  static_assert(offsetof(Layout, u.read_console.index) == 12);
  static_assert(offsetof(Layout, u.read_console.buffer) == 16);
  static_assert(offsetof(Layout, u.read_console.count) == 24);
  static_assert(offsetof(Layout, u.debug_keys.count) == 16);
  static_assert(offsetof(Layout, u.physical_info.cpus) == 16);
  static_assert(offsetof(Layout, u.physical_info.capabilities) == 36);
}

Expected<std::unique_ptr<XencallRoute>> XencallRoute::open(XenCall& call) {
  if (auto opened = call.open(); !opened) return tl::unexpected(opened.error());
  auto argument = call.allocate(sizeof(Layout));
  if (!argument) return tl::unexpected(argument.error());
  auto data = call.allocate(kDataSize);
  if (!data) return tl::unexpected(data.error());
  return std::unique_ptr<XencallRoute>(
      new XencallRoute(call, std::move(*argument), std::move(*data)));
}

int XencallRoute::issue(std::uint32_t command, Layout& layout) {
  layout.command = command;
  layout.interface_version = number_;
  std::memcpy(argument_.data(), &layout, sizeof layout);
  const XenCall::Answer answer = call_.sysctl(argument_);
  if (!answer) return answer.error();
  std::memcpy(&layout, argument_.data(), sizeof layout);
  return 0;
}

int XencallRoute::read_console(ConsoleRead& read, std::span<char> buffer) {
  Layout layout{};
  layout.u.read_console.incremental = read.incremental ? 1 : 0;
  layout.u.read_console.index = read.index;
  layout.u.read_console.buffer = data_.address();
  layout.u.read_console.count = static_cast<std::uint32_t>(std::min(buffer.size(), data_.size()));
  if (const int error = issue(kReadConsole, layout); error != 0) return error;
  read.index = layout.u.read_console.index;
  read.count = layout.u.read_console.count;
  std::memcpy(buffer.data(), data_.data(),
              std::min({std::size_t{read.count}, buffer.size(), data_.size()}));
  return 0;
}

int XencallRoute::print_grant_tables() {
  Layout layout{};
  data_.data()[0] = std::byte{'g'};
  layout.u.debug_keys.keys = data_.address();
  layout.u.debug_keys.count = 1;
  return issue(kDebugKeys, layout);
}

int XencallRoute::physical_info(PhysicalInfo& info) {
  Layout layout{};
  if (const int error = issue(kPhysicalInfo, layout); error != 0) return error;
  info = {layout.u.physical_info.cpus, layout.u.physical_info.capabilities};
  return 0;
}

}  // namespace xic
