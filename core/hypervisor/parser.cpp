// Lines -> Hypervisor.
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/hypervisor/banner.h"
#include "core/hypervisor/boot_tracker.h"
#include "core/hypervisor/commit.h"
#include "core/hypervisor/fact_store.h"
#include "core/hypervisor/hypervisor.h"
#include "core/hypervisor/tool_lines.h"
#include "core/hypervisor/xen_lines.h"
#include "core/hypervisor/xenver.h"
#include "core/scan.h"

namespace xic {
namespace {

constexpr auto kLiterals = std::to_array<std::string_view>({
    // Identity.
    "Xen version ",
    " Xen 4.",
    "(c/s ",
    "Latest ChangeSet",
    "build-id: ",
    "[ Xen-",
    "support found",
    "Linux version ",
    "xen:",
    "Xen: initializing",
    // xl info.
    "xen_major",
    "xen_minor",
    "xen_extra",
    "xen_version",
    "xen_caps",
    "xen_changeset",
    "xen_commandline",
    "virt_caps",
    "cc_compile",
    "build_id",
    "release      ",
    "machine      ",
    // grep -r . /sys/hypervisor, hypfs.
    "/sys/hypervisor/",
    "properties/",
    "compilation/",
    "version/m",
    "version/extra",
    "/buildinfo/",
    "/params/",
    // Set-up of this boot.
    "Checking for initrd",
    "RAM: ",
    "Command line: ",
    "I/O virtualisation",
    "mappings totalling",
    "extended region",
    "color",
    "Loglevel: ",
    "Allocated console ring",
    "init memory",
    "Unhandled SMC/HVC: 0x84000050",
    "LOADING DOM",
    "kernel from boot module",
    "Serial input",
    " DOM",
    "vpl011",
    // IOMMU drivers and keys.
    "smmu: ",
    "SMMUv3: ",
    "ipmmu: ",
    "AMD-Vi: ",
    "VT-d",
    "[VT-D]",
    "sharing P2M table",
    "showing installed handlers",
    " key '",
    "p2m table shared with MMU",
});

constexpr std::string_view kFromKernelLog = "dom0 kernel log";

}  // namespace

struct HypervisorParser::Impl {
  Consumed consume(const Line& line, bool last_chance) {
    switch (line.speaker) {
      case Speaker::xen:
        store.seen = true;
        return xen_lines.consume(line, last_chance);
      case Speaker::dom0_kernel:
        return read_kernel(line);
      case Speaker::unknown:
        break;
    }
    if (const Consumed done = tool_lines.consume(line, last_chance); done != Consumed::no) {
      return done;
    }
    // A console without printk times may show the kernel's lines like this, too.
    return read_loader(line) ? Consumed::yes : read_kernel(line);
  }

  /// What is printed before Xen's console is up.
  bool read_loader(const Line& line) {
    if (const auto loader = parse_loader_banner(line.text)) {
      if (const auto stale = boots.on_early_line(line)) store.forget(*stale);
      constexpr std::string_view kSource = "EFI loader banner";
      store.offer_version(loader->version, kSource, said(line, Rank::weak));
      store.offer_commit(commit_in_changeset(loader->changeset), kSource, said(line, Rank::weak));
      return true;
    }
    if (auto plain = parse_plain_banner(line.text)) {
      // Prose may look the same: it counts only where the real banner was not seen.
      store.offer_version(std::move(*plain), "boot banner", said(line, Rank::weak));
      return true;
    }
    return false;
  }

  Consumed read_kernel(const Line& line) {
    std::string_view text = line.text;
    if (scan::take(&text, "Linux version ")) {
      const std::string_view release = scan::take_word(&text);
      if (release.empty()) return Consumed::no;
      store.dom0_kernel.offer(bounded_copy(release), kFromKernelLog, said(line, Rank::boot));
      return Consumed::yes;
    }
    if (text.starts_with("Xen ") && text.ends_with(" support found")) {
      const auto found = parse_version(text.substr(4));
      if (!found) return Consumed::no;
      store.seen = true;
      // The kernel reads it from the device tree or XENVER_version: major and minor, no more.
      store.series.offer({found->major, found->minor, {}}, kFromKernelLog, said(line, Rank::weak));
      return Consumed::yes;
    }
    if (text.starts_with("xen:") || text.starts_with("Xen: initializing ")) {
      store.seen = true;
      return Consumed::yes;
    }
    return Consumed::no;
  }

  FactStore store;
  BootTracker boots;
  XenLines xen_lines{&store, &boots};
  ToolLines tool_lines{&store};
};

HypervisorParser::HypervisorParser() : impl_(std::make_unique<Impl>()) {}
HypervisorParser::~HypervisorParser() = default;

std::span<const std::string_view> HypervisorParser::literals() {
  return kLiterals;
}

Consumed HypervisorParser::consume(const Line& line, bool last_chance) {
  return impl_->consume(line, last_chance);
}

void HypervisorParser::set_identity(const XenIdentity& identity) {
  offer_identity(identity, &impl_->store);
}

void HypervisorParser::set_physical_info(const PhysicalInfo& info, const std::string& source) {
  impl_->store.seen = true;
  impl_->store.physical_caps.offer(info.capabilities, source, kGiven);
}

void HypervisorParser::set_dom0_kernel(const std::string& release, const std::string& source) {
  impl_->store.dom0_kernel.offer(bounded_copy(release), source, kGiven);
}

void HypervisorParser::set_sysctl_abi(std::uint32_t number, const std::string& source) {
  impl_->store.seen = true;
  impl_->store.sysctl_abi.offer(number, source, kGiven);
}

void HypervisorParser::set_features(std::uint64_t words, const std::string& source) {
  impl_->store.seen = true;
  impl_->store.features.offer(words, source, kGiven);
}

void HypervisorParser::note_xen_seen() {
  impl_->store.seen = true;
}

bool HypervisorParser::take_new_boot() {
  return impl_->boots.take_new_boot();
}

Hypervisor HypervisorParser::snapshot() const {
  Hypervisor out = impl_->store.snapshot();
  out.boot_start_seen = impl_->boots.start_seen();
  out.boots = impl_->boots.count();
  return out;
}

}  // namespace xic
