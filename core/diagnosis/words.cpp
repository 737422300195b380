#include "core/diagnosis/words.h"

#include <array>
#include <charconv>

#include "core/diagnosis/diagnosis.h"

namespace xic {
namespace {

std::string_view access_text(Access access) {
  switch (access) {
    case Access::read:
      return "read";
    case Access::write:
      return "write";
    case Access::instruction:
      return "instruction fetch";
    case Access::unknown:
      break;
  }
  return "access";
}

}  // namespace

std::string hex(std::uint64_t value) {
  std::array<char, 18> buffer{'0', 'x'};
  const auto end = std::to_chars(buffer.data() + 2, buffer.data() + buffer.size(), value, 16).ptr;
  return {buffer.data(), end};
}

std::string domain_text(const Facts& facts, DomId domain) {
  std::string text = "d" + std::to_string(domain.value());
  const auto name = facts.backends.domain_names.find(domain);
  if (name != facts.backends.domain_names.end() && !name->second.empty()) {
    text += " \"" + name->second + '"';
  }
  return text;
}

std::string fault_text(const FaultGroup& fault) {
  std::string text{access_text(fault.access)};
  if (fault.iova) text += " of " + hex(fault.iova->value());
  if (!fault.device.empty()) text += " by device " + fault.device;
  if (!fault.iommu.empty()) text += (fault.device.empty() ? " by " : " at ") + fault.iommu;
  if (fault.cb) text += " context bank " + std::to_string(*fault.cb);
  if (fault.stream_id) text += " stream " + hex(*fault.stream_id);
  if (fault.domain) text += " (d" + std::to_string(fault.domain->value()) + ')';
  return text;
}

std::string_view class_text(FaultClass klass) {
  switch (klass) {
    case FaultClass::translation:
      return "translation fault";
    case FaultClass::permission:
      return "permission fault";
    case FaultClass::access_flag:
      return "access flag fault";
    case FaultClass::address_size:
      return "address size fault";
    case FaultClass::external_abort:
      return "external abort on a table walk";
    case FaultClass::tlb_conflict:
      return "TLB conflict";
    case FaultClass::unsupported:
      return "unsupported transaction";
    case FaultClass::stream_unknown:
      return "unidentified stream";
    case FaultClass::stream_conflict:
      return "stream match conflict";
    case FaultClass::stream_disabled:
      return "stream without a valid context";
    case FaultClass::configuration:
      return "configuration fault";
    case FaultClass::mixed:
      return "several kinds of fault at once";
    case FaultClass::other:
      break;
  }
  return "kind of fault not told";
}

std::string grant_text(const Facts& facts, const Attribution& attribution) {
  if (!attribution.granter || !attribution.ref) return "";
  std::string text =
      "grant " + hex(attribution.ref->value()) + " of " + domain_text(facts, *attribution.granter);
  if (attribution.role.empty()) return text;
  text += " (" + attribution.role;
  if (!attribution.backend.empty()) text += " of " + attribution.backend;
  return text + ')';
}

std::string hypervisor_text(const Hypervisor& hypervisor) {
  std::string text = hypervisor.version ? "Xen " + hypervisor.version->value.text() : "This Xen";
  if (!hypervisor.arch) return text;
  switch (hypervisor.arch->value) {
    case Arch::arm64:
      return text + " on arm64";
    case Arch::arm32:
      return text + " on arm32";
    case Arch::x86:
      break;
  }
  return text + " on x86";
}

std::string join(const std::vector<std::string>& parts, std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i != 0) text += i + 1 == parts.size() ? last : std::string_view(", ");
    text += parts[i];
  }
  return text;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  std::string text = std::to_string(count) + ' ';
  text += noun;
  if (count != 1) text += 's';
  return text;
}

}  // namespace xic
