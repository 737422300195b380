#include "host/capture/observation.h"

#include <string_view>

namespace xic {
namespace {

constexpr std::string_view kRecordedWithoutId = "capture_source_failed";

std::string hex(std::uint32_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  do {
    digits.insert(digits.begin(), kDigits[value % 16]);
    value /= 16;
  } while (value != 0);
  return "0x" + digits;
}

struct Teller {
  Observer* observer;

  void operator()(const XenIdentity& identity) const { observer->set_identity(identity); }
  void operator()(const SysctlAnswer& answer) const {
    observer->set_sysctl_abi(answer.number, answer.source);
    if (!answer.bridged) return;
    observer->add_limit({"abi_bridged", "",
                         "libxenctrl here is of another release than the hypervisor, which answers "
                         "to interface " +
                             hex(answer.number) + "; it was asked through libxencall"});
  }
  void operator()(const FeatureAnswer& answer) const {
    observer->set_features(answer.words, answer.source);
  }
  void operator()(const PhysicalAnswer& answer) const {
    observer->set_physical_info(answer.info, answer.source);
  }
  void operator()(const KernelAnswer& answer) const {
    observer->set_dom0_kernel(answer.release, answer.source);
  }
  void operator()(const BootMemory& memory) const { observer->set_boot_memory(memory.nodes); }
  void operator()(const XenRegions& found) const { observer->set_xen_regions(found.regions); }
  void operator()(const ConsoleGap&) const {}
  void operator()(const GrantRecords&) const {}
  void operator()(const GrantedNow& answer) const { observer->add_granted_now(answer); }
  void operator()(const InFlight& request) const { observer->add_in_flight(request); }
  void operator()(const ProbeResult& result) const { observer->set_probe(result); }
};

}  // namespace

void tell(const Observation& observation, Observer* observer) {
  std::visit(Teller{observer}, observation);
}

Limit limit_of(const Attempt& attempt) {
  if (attempt.limit.empty()) {
    return {std::string(kRecordedWithoutId), "could not be recorded on the host",
            attempt.what + ": " + attempt.error};
  }
  return {attempt.limit, "", attempt.error};
}

}  // namespace xic
