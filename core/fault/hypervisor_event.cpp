// What Xen and dom0's kernel say that is no fault but explains one.
#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

#include "core/fault/family.h"
#include "core/fault/scan.h"
#include "core/scan.h"

namespace xic {
namespace {

using fault_text::begins;
using fault_text::Match;
using fault_text::Scanner;
using scan::trim;
using scan::trim_front;
using Kind = HypervisorEvent::Kind;
using Number = std::optional<std::uint64_t>;

constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMaxMessage = 512;
/// Paths of source files in front of "HSR=" are short.
constexpr std::size_t kMaxLeader = 128;

struct Phrase {
  std::string_view text;
  Kind kind;
};

/// Messages of the three Arm drivers, behind "smmu: <node>: ", "SMMUv3: <node>: ", "ipmmu: <node>:
/// ".
constexpr Phrase kDriverPhrases[] = {
    {"TLB sync timed out", Kind::tlb_sync_timeout}, {"CMD_SYNC timeout", Kind::cmd_sync_timeout},
    {"CMDQ timeout", Kind::cmd_sync_timeout},       {"EVTQ overflow detected", Kind::events_lost},
    {"PRIQ overflow detected", Kind::events_lost},  {"EVTQ write aborted", Kind::events_lost},
    {"PRIQ write aborted", Kind::events_lost},      {"no translation support!", Kind::init_failed},
};

/// Messages without a driver's prefix, by their beginning.
constexpr Phrase kPlainPhrases[] = {
    {"Panic on CPU ", Kind::hypervisor_crash},
    {"Xen BUG at ", Kind::hypervisor_crash},
    {"Data Abort Trap. Syndrome", Kind::hypervisor_crash},
    {"Instruction Abort Trap. Syndrome", Kind::hypervisor_crash},
    {"FATAL TRAP: ", Kind::hypervisor_crash},
    {"FATAL PAGE FAULT", Kind::hypervisor_crash},
    {"Couldn't configure correctly all the IOMMUs.", Kind::init_failed},
};

/// "d2: ", "d2v0 ", "domain 2: ", "dom2", at the start of `text`.
std::optional<DomId> leading_domain(std::string_view text) {
  for (const std::string_view prefix : {"domain ", "Domain ", "dom", "d"}) {
    if (!text.starts_with(prefix)) continue;
    Number number;
    if (Scanner(text.substr(prefix.size())).decimal(&number, kMax32).ok()) return domain_of(number);
  }
  return std::nullopt;
}

/// "0000:03:00.0", where a driver names a PCI device instead of a node.
bool is_sbdf(std::string_view name) {
  return name.find('/') == std::string_view::npos && name.find(':') != std::string_view::npos &&
         name.find('.') != std::string_view::npos;
}

void name_source(SeenEvent* event, std::string_view printed) {
  printed = printed.substr(0, PendingFault::kMaxName);
  if (is_sbdf(printed)) {
    event->device = printed;
  } else if (printed != "<no-node>") {
    event->iommu = printed;
  }
}

/// 4.5 to master say it in many ways; all hold "deassign", the device and "failed".
Consumed read_deassign(Assembly* assembly, const Line& line, std::string_view text) {
  constexpr std::string_view kVerb = "deassign ";
  const std::size_t verb = text.substr(0, kMaxLeader).find(kVerb);
  if (verb == std::string_view::npos || text.find(" failed") == std::string_view::npos) {
    return Consumed::no;
  }
  std::string_view rest = text.substr(verb + kVerb.size());
  if (rest.starts_with("device ")) rest.remove_prefix(7);
  if (rest.starts_with('(')) rest.remove_prefix(1);
  const std::string_view device = rest.substr(0, rest.find_first_of(") "));
  if (!is_sbdf(device)) return Consumed::no;
  SeenEvent event = new_event(Kind::deassign_failed, line, text);
  event.device = device.substr(0, PendingFault::kMaxName);
  event.domain = leading_domain(text);
  constexpr std::string_view kFrom = " from ";
  const std::size_t from = rest.find(kFrom);
  if (!event.domain && from != std::string_view::npos) {
    event.domain = leading_domain(rest.substr(from + kFrom.size()));
  }
  // The driver refused just before: one failure, said twice.
  if (assembly->recent().said_unattached(event.device, event.domain, assembly->line_number())) {
    return Consumed::yes;
  }
  assembly->event(event);
  return Consumed::yes;
}

/// "traps.c:1983:d0v1 HSR=0x93830045 pc=..", with the file's path from 4.15 on.
Consumed read_guest_abort(Assembly* assembly, const Line& line, std::string_view text) {
  const std::size_t vcpu = text.substr(0, kMaxLeader).find(" HSR=");
  if (vcpu == std::string_view::npos) return Consumed::no;
  const std::string_view leader = text.substr(0, vcpu);
  const std::size_t colon = leader.rfind(':');
  if (colon == std::string_view::npos || leader.find("traps.c:") == std::string_view::npos) {
    return Consumed::no;
  }
  SeenEvent event = new_event(Kind::guest_abort, line, text);
  event.domain = leading_domain(leader.substr(colon + 1));
  assembly->event(event);
  return Consumed::yes;
}

/// "printk: %u messages suppressed."
Consumed read_suppressed(Assembly* assembly, const Line& line, std::string_view text) {
  Number number;
  Scanner scanner(text);
  scanner.literal("printk: ").decimal(&number, kMax32).literal(" messages suppressed");
  if (!scanner.ok()) return Consumed::no;
  SeenEvent event = new_event(Kind::suppressed, line, text);
  event.number = *number;
  assembly->event(event);
  return Consumed::yes;
}

/// "d%d: IOMMU mapping dfn %lx to mfn %lx failed: %d".
Consumed read_map_failed(Assembly* assembly, const Line& line, std::string_view text) {
  const std::size_t at = text.find(": IOMMU mapping ");
  if (at > 8 || text.find(" failed: ") == std::string_view::npos) {
    return Consumed::no;
  }
  SeenEvent event = new_event(Kind::iommu_map_failed, line, text);
  event.domain = leading_domain(text);
  assembly->event(event);
  return Consumed::yes;
}

/// "Domain %d (vcpu#%d) crashed on cpu#%d:" of Xen; "Domain %u has been destroyed" and "Domain %u
/// has shut down, reason code" of xl.
Consumed read_domain_end(Assembly* assembly, const Line& line, std::string_view text) {
  Number number;
  Scanner scanner(text);
  scanner.literal("Domain ").decimal(&number, kMax32).literal(" ");
  if (!scanner.ok()) return Consumed::no;
  const std::string_view rest = scanner.rest();
  const bool crashed =
      rest.starts_with("(vcpu#") && rest.find(") crashed on cpu#") != std::string_view::npos;
  if (!crashed && !rest.starts_with("has been destroyed") && !rest.starts_with("has shut down")) {
    return Consumed::no;
  }
  SeenEvent event = new_event(Kind::domain_destroyed, line, text);
  event.domain = domain_of(number);
  assembly->event(event);
  return Consumed::yes;
}

/// In the call trace after a crash: "   [<000000000024a77c>] smmu.c#find_smmu_master+0x8/0x3c
/// (PC)".
Consumed read_program_counter(Assembly* assembly, const Line& line, std::string_view text) {
  if (!trim(text).ends_with("(PC)") || !assembly->recent().crashed(assembly->line_number())) {
    return Consumed::no;
  }
  const std::size_t bracket = text.find("] ");
  if (bracket == std::string_view::npos) return Consumed::no;
  assembly->event(new_event(Kind::hypervisor_crash, line, trim(text.substr(bracket + 2))));
  return Consumed::yes;
}

}  // namespace

SeenEvent new_event(HypervisorEvent::Kind kind, const Line& line, std::string_view message) {
  SeenEvent event;
  event.kind = kind;
  event.message = trim(message).substr(0, kMaxMessage);
  event.time = line.time;
  event.at = {line.input, line.offset};
  return event;
}

Consumed read_iommu_event(Assembly* assembly, const Message& message) {
  if (message.origin != FaultOrigin::xen) return Consumed::no;
  const std::string_view text = message.text;
  for (const Phrase& phrase : kDriverPhrases) {
    if (text.empty() || text.front() != phrase.text.front()) continue;
    const Match state = begins(text, phrase.text);
    if (state == Match::no) continue;
    if (state == Match::cut) {
      if (!message.last_chance) return Consumed::needs_more;
      continue;
    }
    SeenEvent event = new_event(phrase.kind, message.line, text);
    name_source(&event, message.iommu);
    assembly->event(event);
    return Consumed::yes;
  }
  // "d1: p2maddr 0x..", "d1: Set IPMMU context 1 (pgd 0x..)", and SMMUv3's "SMMUv3: d1: vmid 0x1 ..
  // p2maddr 0x..", whose domain stands where the node does.
  const bool domain_is_node = text.starts_with("vmid 0x");
  const std::size_t colon = text.find(": ");
  const std::string_view said =
      colon == std::string_view::npos ? std::string_view() : trim_front(text.substr(colon + 1));
  if ((domain_is_node && text.find(" p2maddr 0x") != std::string_view::npos) ||
      (text.starts_with('d') &&
       (said.starts_with("p2maddr 0x") || said.starts_with("Set IPMMU context ")))) {
    SeenEvent event = new_event(Kind::assigned, message.line, text);
    event.domain = leading_domain(domain_is_node ? message.iommu : text);
    if (!domain_is_node) name_source(&event, message.iommu);
    assembly->event(event);
    return Consumed::yes;
  }
  for (const std::string_view refusal : {"not attached to ", "Not attached to "}) {
    if (!text.starts_with(refusal)) continue;
    SeenEvent event = new_event(Kind::deassign_failed, message.line, text);
    name_source(&event, message.iommu);
    event.domain = leading_domain(text.substr(refusal.size()));
    assembly->recent().note_unattached(event.device, event.domain, assembly->line_number());
    assembly->event(event);
    return Consumed::yes;
  }
  return Consumed::no;
}

Consumed read_hypervisor_event(Assembly* assembly, const Line& line, std::string_view text,
                               bool last_chance) {
  for (const Phrase& phrase : kPlainPhrases) {
    if (text.front() != phrase.text.front() || !text.starts_with(phrase.text)) continue;
    if (phrase.kind == Kind::hypervisor_crash) {
      assembly->recent().note_crash(assembly->line_number());
    }
    assembly->event(new_event(phrase.kind, line, text));
    return Consumed::yes;
  }
  switch (text.front()) {
    case 'C':
      if (!text.starts_with("CPU") || text.find(": Unexpected Trap: ") == std::string_view::npos) {
        return Consumed::no;
      }
      assembly->recent().note_crash(assembly->line_number());
      assembly->event(new_event(Kind::hypervisor_crash, line, text));
      return Consumed::yes;
    case 'D':
      return read_domain_end(assembly, line, text);
    case 'd':
      if (text.ends_with(" failed") && !last_chance) return Consumed::needs_more;
      if (read_map_failed(assembly, line, text) == Consumed::yes) return Consumed::yes;
      return read_deassign(assembly, line, text);
    case 'p':
      return read_suppressed(assembly, line, text);
    case ' ':
    case '\t':
    case '[':
      return read_program_counter(assembly, line, text);
    default:
      return read_guest_abort(assembly, line, text);
  }
}

Consumed read_dom0_event(Assembly* assembly, const Line& line, std::string_view text) {
  for (const std::string_view phrase :
       {"swiotlb buffer is full", "Out of SW-IOMMU space for ", "Warning: only able to allocate ",
        "software IO TLB: Cannot allocate buffer"}) {
    if (text.find(phrase) == std::string_view::npos) continue;
    assembly->event(new_event(Kind::swiotlb, line, text));
    return Consumed::yes;
  }
  // drivers/xen/xenbus: "vbd vbd-0-51712: 9 mapping in shared page 8 from domain 0".
  constexpr std::string_view kSharedPage = " mapping in shared page ";
  const std::size_t at = text.find(kSharedPage);
  if (at == std::string_view::npos) return Consumed::no;
  Number page;
  Number domain;
  Scanner scanner(text.substr(at));
  scanner.literal(kSharedPage).decimal(&page, kMax32).literal(" from domain ");
  scanner.decimal(&domain, kMax32).word_end();
  if (!scanner.ok() || *domain != kDom0.value()) return Consumed::no;
  SeenEvent event = new_event(Kind::self_grant, line, text);
  event.domain = kDom0;
  assembly->event(event);
  return Consumed::yes;
}

}  // namespace xic
