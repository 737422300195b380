// Ports that have no adapter yet.
#pragma once

#include <string>

#include "host/ports.h"

namespace xic::unbuilt {

inline tl::unexpected<Error> error(const std::string& what) {
  return tl::unexpected(Error{Error::Code::io, 0, what + ": not built yet", ""});
}

class Xenstore final : public Store {
 public:
  Expected<std::optional<std::string>> read(const std::string&) override {
    return error("xenstore");
  }
  Expected<std::optional<std::vector<std::string>>> list(const std::string&) override {
    return error("xenstore");
  }
  Expected<void> watch(const std::string&, const std::string&) override {
    return error("xenstore");
  }
  Expected<std::optional<StoreEvent>> next_event() override { return error("xenstore"); }
  Expected<int> event_fd() override { return error("xenstore"); }
};

class Kernel final : public KernelLog {
 public:
  Expected<std::optional<std::string>> next() override { return error("kernel log"); }
  [[nodiscard]] std::uint64_t lost() const override { return 0; }
  Expected<int> fd() override { return error("kernel log"); }
};

class System final : public Dom0System {
 public:
  Expected<DomainRole> role() override { return error("domain role"); }
  Expected<std::string> kernel_release() override { return error("kernel release"); }
  Expected<std::string> iomem() override { return error("/proc/iomem"); }
  Expected<std::optional<std::vector<AddressRange>>> boot_memory() override {
    return error("device tree");
  }
  Expected<std::optional<std::vector<AddressRange>>> xen_regions() override {
    return error("device tree");
  }
};

class Clock final : public HostClock {
 public:
  std::int64_t wall() override { return 0; }
  std::uint64_t uptime() override { return 0; }
};

}  // namespace xic::unbuilt
