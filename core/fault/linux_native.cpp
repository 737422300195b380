// Linux's own IOMMU drivers: nearly the same texts as Xen's, from another owner of the hardware.
// They are recognised so that they are never taken for Xen's.
#include <array>
#include <limits>
#include <optional>
#include <string_view>

#include "core/fault/amdvi.h"
#include "core/fault/family.h"
#include "core/fault/scan.h"
#include "core/fault/vtd.h"
#include "core/scan.h"

namespace xic {
namespace {

using fault_text::Match;
using fault_text::Scanner;
using scan::is_blank;
using scan::trim_front;
using Number = std::optional<std::uint64_t>;

constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();
/// What other loggers put before a driver's name is short.
constexpr std::size_t kMaxLeader = 160;

struct DeviceMessage {
  std::string_view device;
  std::string_view text;
};

/// "<driver> <device>: text" anywhere near the start of the line. Cut: it ends within the name.
Match find_driver(std::string_view line, std::string_view driver, DeviceMessage* found) {
  const std::size_t at = line.substr(0, kMaxLeader).find(driver);
  if (at == std::string_view::npos || (at != 0 && !is_blank(line[at - 1]))) return Match::no;
  const std::string_view rest = trim_front(line.substr(at + driver.size()));
  const std::size_t colon = rest.find(": ");
  const std::size_t colon_tab = rest.find(":\t");
  const std::size_t end = colon < colon_tab ? colon : colon_tab;
  if (end == std::string_view::npos) {
    return rest.empty() || rest.ends_with(':') ? Match::cut : Match::no;
  }
  found->device = rest.substr(0, end);
  if (found->device.empty() || found->device.find(' ') != std::string_view::npos) return Match::no;
  found->text = trim_front(rest.substr(end + 1));
  return found->text.empty() ? Match::cut : Match::yes;
}

/// "event: C_BAD_STREAMID client: ..": since 6.16 the record once more, in words.
bool is_decoded_event(std::string_view text) {
  return text.starts_with("event: ") && text.find(" sid: ") != std::string_view::npos;
}

/// "0x04:0x00.0" of 5.14 is the "04:00.0" of all others.
class PlainDevice {
 public:
  explicit PlainDevice(std::string_view printed) {
    for (std::size_t i = 0; i < printed.size() && size_ < text_.size(); ++i) {
      if (printed.substr(i).starts_with("0x")) {
        ++i;
        continue;
      }
      text_[size_] = printed[i];
      ++size_;
    }
  }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 32> text_{};
  std::size_t size_ = 0;
};

/// "DMAR: [DMA Write NO_PASID] Request device [04:00.0] fault addr 0x69974000 [fault reason 0x05]
/// ..".
Consumed read_dmar(Assembly* assembly, const Message& m) {
  Scanner scanner(m.text);
  vtd::Request request;
  Number reason;
  scanner.optional("INTR-REMAP: ");
  vtd::read_request(&scanner, &request);
  scanner.literal(" [fault reason ");
  scanner.optional("0x");
  scanner.hex(&reason, 0xff).literal("]");
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    if (request.device.empty()) return Consumed::no;
  }
  Fault fault = new_fault(m.line, FaultKind::vtd, m.origin);
  const PlainDevice device(request.device);
  fault.device = device.view();
  fault.access = request.access;
  if (request.address) fault.iova = Iova{*request.address};
  if (request.index) fault.registers.add("index", *request.index);
  const vtd::ReasonLine text(reason.value_or(0), scan::trim(scanner.rest()));
  if (reason) {
    fault.registers.add("reason", *reason, 2);
    fault.reason = text.view();
  }
  fault.complete = scanner.ok();
  assembly->deliver(fault);
  return Consumed::yes;
}

/// "mpt3sas 0000:41:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0021 address=0x..
/// flags=0x..]"; older kernels name the device inside the brackets.
Consumed read_amd_event(Assembly* assembly, const Message& m, std::string_view before) {
  Fault fault = new_fault(m.line, FaultKind::amdvi, m.origin);
  Number domain;
  Number address;
  Number flags;
  Scanner scanner(m.text);
  scanner.literal("Event logged [IO_PAGE_FAULT ");
  if (scanner.optional("device=")) scanner.until(" \t", &fault.device).literal(" ");
  scanner.literal("domain=0x").hex(&domain, kMax32).literal(" address=0x").hex(&address);
  scanner.literal(" flags=0x").hex(&flags, kMax32).literal("]");
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    if (!address) return Consumed::no;
  }
  if (fault.device.empty()) {
    before = scan::trim(before);
    if (before.ends_with(':')) before.remove_suffix(1);
    const std::size_t blank = before.find_last_of(" \t");
    fault.device = blank == std::string_view::npos ? before : before.substr(blank + 1);
  }
  // "domain" is a number of Linux's IOMMU layer, not of Xen's domains.
  fault.iova = Iova{*address};
  if (flags) amdvi::apply_flags(&fault, *flags, 4);
  fault.complete = scanner.ok();
  assembly->deliver(fault);
  return Consumed::yes;
}

}  // namespace

Consumed read_linux_native(Assembly* assembly, const Message& message) {
  const std::string_view line = message.text;
  struct Driver {
    std::string_view name;
    Consumed (*read)(Assembly*, const Message&);
  };
  static constexpr Driver kDrivers[] = {
      {"arm-smmu ", read_smmuv2}, {"arm-smmu-v3 ", read_smmuv3}, {"ipmmu-vmsa ", read_ipmmu}};
  for (const Driver& driver : kDrivers) {
    DeviceMessage found;
    const Match state = find_driver(line, driver.name, &found);
    if (state == Match::no) continue;
    if (state == Match::cut) return message.last_chance ? Consumed::no : Consumed::needs_more;
    if (driver.read == read_smmuv3 && is_decoded_event(found.text)) return Consumed::yes;
    return driver.read(assembly, {message.line, FaultOrigin::linux_kernel, found.device, found.text,
                                  message.last_chance, message.misfit});
  }
  const std::string_view leader = line.substr(0, kMaxLeader);
  const std::size_t amd = leader.find("AMD-Vi: Event logged [IO_PAGE_FAULT");
  if (amd != std::string_view::npos) {
    constexpr std::size_t kPrefix = std::string_view("AMD-Vi: ").size();
    return read_amd_event(assembly,
                          {message.line,
                           FaultOrigin::linux_kernel,
                           {},
                           line.substr(amd + kPrefix),
                           message.last_chance,
                           message.misfit},
                          line.substr(0, amd));
  }
  const std::size_t dmar = leader.find("DMAR:");
  if (dmar != std::string_view::npos) {
    const std::string_view body = trim_front(line.substr(dmar + 5));
    const Message inner{message.line, FaultOrigin::linux_kernel, {},
                        body,         message.last_chance,       message.misfit};
    // Up to 3.x in two lines, in the words that Xen took over: "DMAR:[DMA Write] Request device
    // ..".
    if (line[dmar + 5 < line.size() ? dmar + 5 : dmar] == '[') {
      Message two_lines = inner;
      two_lines.text = line.substr(dmar);
      return read_vtd(assembly, two_lines);
    }
    if (body.starts_with("[DMA ") || body.starts_with("INTR-REMAP: Request")) {
      return read_dmar(assembly, inner);
    }
  }
  return Consumed::no;
}

}  // namespace xic
