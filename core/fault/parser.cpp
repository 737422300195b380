// Which reader a line is for. The readers are one file per IOMMU family.
#include "core/fault/parser.h"

#include "core/fault/assembly.h"
#include "core/fault/family.h"
#include "core/fault/scan.h"
#include "core/scan.h"

namespace xic {
namespace {

using scan::is_blank;
using scan::trim_front;

constexpr std::string_view kLiterals[] = {
    // Xen's drivers; these cover assignments, time-outs and lost events as well.
    "smmu:",
    "SMMUv3:",
    "ipmmu:",
    // x86, Xen's and Linux's.
    "DMAR:",
    "INTR-REMAP:",
    "[VT-D]UNKNOWN:",
    "IO_PAGE_FAULT",
    "_HW_ERROR ",
    "ILLEGAL_",
    "IOTLB_INV_TIMEOUT ",
    "INVALID_DEV_REQUEST ",
    // Linux's own drivers on Arm.
    "arm-smmu",
    "ipmmu-vmsa",
    // Events of Xen's and of dom0's.
    "IOMMU mapping ",
    "deassign ",
    "configure correctly all",
    "Panic on CPU",
    "Xen BUG at",
    "Unexpected Trap",
    " Abort Trap.",
    "FATAL TRAP",
    "FATAL PAGE FAULT",
    "(PC)",
    " HSR=",
    "messages suppressed",
    "crashed on cpu",
    "has been destroyed",
    "has shut down",
    "swiotlb buffer is full",
    "SW-IOMMU space",
    "only able to allocate",
    "Cannot allocate buffer",
    "mapping in shared page",
    // Errors of dom0's drivers.
    "DMA bus error",
    "Host System Error",
    "ADMA error",
    "NETDEV WATCHDOG",
    "DMA Tx error",
    "DMA Rx error",
    "Unit Hang",
    "DMA Status error",
    "PCI error (cmd",
    "OHCI Unrecoverable",
    "host system error",
    "controller is down;",
    ", host bus error",
};

struct Prefix {
  std::string_view text;
  Consumed (*read)(Assembly*, const Message&);
};

/// Drivers that name their IOMMU: "smmu: /smmu@fd800000: ".
constexpr Prefix kNodePrefixes[] = {
    {"smmu:", read_smmuv2}, {"SMMUv3:", read_smmuv3}, {"ipmmu:", read_ipmmu}};

Consumed read_node_message(Assembly* assembly, const Prefix& prefix, const Line& line,
                           std::string_view text, bool last_chance, bool* misfit) {
  const std::string_view rest = trim_front(text.substr(prefix.text.size()));
  // The node ends at the first colon before a blank: PCI names hold colons of their own.
  std::size_t end = 0;
  while (end < rest.size() && !is_blank(rest[end])) ++end;
  const bool named = end > 1 && rest[end - 1] == ':';
  const std::string_view message = named ? trim_front(rest.substr(end)) : std::string_view();
  if (rest.empty() || (named && message.empty()) || (!named && end == rest.size())) {
    return last_chance ? Consumed::no : Consumed::needs_more;
  }
  if (!named) return Consumed::no;
  return prefix.read(
      assembly, {line, FaultOrigin::xen, rest.substr(0, end - 1), message, last_chance, misfit});
}

Consumed read_xen(Assembly* assembly, const Line& line, std::string_view text, bool last_chance,
                  bool* misfit) {
  for (const Prefix& prefix : kNodePrefixes) {
    if (text.front() == prefix.text.front() && text.starts_with(prefix.text)) {
      return read_node_message(assembly, prefix, line, text, last_chance, misfit);
    }
  }
  const Message message{line, FaultOrigin::xen, {}, text, last_chance, misfit};
  switch (text.front()) {
    case '[':
      if (text.starts_with("[VT-D]")) return read_vtd(assembly, message);
      break;
    case 'A':
      if (text.starts_with("AMD-Vi: ")) return read_amdvi(assembly, message);
      break;
    case 'D':
    case 'I':
    case 'P':
    case 'C': {
      // Without a prefix: 4.4's second VT-d line, AMD-Vi's undecoded events. On a line of nobody's
      // they may as well be Linux's.
      if (line.speaker != Speaker::xen) break;
      const Consumed vtd = read_vtd(assembly, message);
      if (vtd != Consumed::no) return vtd;
      const Consumed amd = read_amdvi(assembly, message);
      if (amd != Consumed::no) return amd;
      break;
    }
    default:
      break;
  }
  return read_hypervisor_event(assembly, line, text, last_chance);
}

Consumed read_dom0(Assembly* assembly, const Line& line, std::string_view text, bool last_chance,
                   bool* misfit) {
  const Consumed native =
      read_linux_native(assembly, {line, FaultOrigin::linux_kernel, {}, text, last_chance, misfit});
  if (native != Consumed::no) return native;
  const Consumed error = read_dom0_error(assembly, line, text, last_chance);
  if (error == Consumed::needs_more) return error;
  const Consumed event = read_dom0_event(assembly, line, text);
  return error == Consumed::yes ? error : event;
}

}  // namespace

struct FaultParser::Impl {
  explicit Impl(FaultSink* sink) : assembly(sink) {}

  Consumed consume(const Line& line, bool last_chance) {
    assembly.tick();
    const bool joined = cut.waiting && !last_chance && cut.offset == line.offset &&
                        cut.input == line.input && line.text.size() > cut.size;
    // Xen's own text may begin with a tab that means something; nobody else's does.
    const std::string_view text = line.speaker == Speaker::xen ? line.text : trim_front(line.text);
    Consumed result = Consumed::no;
    bool misfit = false;
    if (!text.empty()) {
      if (line.speaker != Speaker::dom0_kernel) {
        result = read_xen(&assembly, line, text, last_chance, &misfit);
      }
      if (result == Consumed::no && line.speaker != Speaker::xen) {
        result = read_dom0(&assembly, line, text, last_chance, &misfit);
      }
    }
    // What was joined in vain belongs to somebody else; the first line itself has been taken.
    if (joined && misfit) result = Consumed::no;
    cut.waiting = result == Consumed::needs_more;
    if (cut.waiting) {
      cut.offset = line.offset;
      cut.input = line.input;
      cut.size = line.text.size();
    }
    return result;
  }

  /// The message for which more was asked.
  struct Cut {
    bool waiting = false;
    std::uint32_t input = 0;
    std::uint64_t offset = 0;
    std::size_t size = 0;
  };

  Assembly assembly;
  Cut cut;
};

FaultParser::FaultParser(FaultSink* sink) : impl_(std::make_unique<Impl>(sink)) {}
FaultParser::~FaultParser() = default;

std::span<const std::string_view> FaultParser::literals() {
  return kLiterals;
}

Consumed FaultParser::consume(const Line& line, bool last_chance) {
  return impl_->consume(line, last_chance);
}

void FaultParser::finish() {
  impl_->assembly.flush();
}

std::optional<std::uint64_t> FaultParser::earliest_pending(std::uint32_t input) const {
  return impl_->assembly.earliest_pending(input);
}

std::uint64_t FaultParser::damaged_lines() const {
  return impl_->assembly.damaged_lines();
}

}  // namespace xic
