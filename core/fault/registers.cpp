// What the registers of a fault say: names of bits, sentences, and the class of the failure.
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/fault/amdvi.h"
#include "core/fault/fault.h"
#include "core/fault/smmuv3.h"
#include "core/fault/vtd.h"

namespace xic {
namespace {

struct Bit {
  std::uint64_t mask;
  std::string_view name;
  std::string_view meaning;
  FaultClass fault_class;
};

// SMMU_CBn_FSR (IHI 0062), the most telling first. FORMAT (10:9) is no flag.
constexpr Bit kFsr[] = {
    {1U << 1, "TF", "translation fault: no entry", FaultClass::translation},
    {1U << 3, "PF", "permission fault: the entry refuses this access", FaultClass::permission},
    {1U << 2, "AFF", "access flag fault", FaultClass::access_flag},
    {1U << 7, "ASF", "address size fault", FaultClass::address_size},
    {1U << 4, "EF", "external abort on the table walk", FaultClass::external_abort},
    {1U << 5, "TLBMCF", "TLB match conflict", FaultClass::tlb_conflict},
    {1U << 6, "TLBLKF", "TLB lock fault", FaultClass::tlb_conflict},
    {1U << 8, "UUT", "unsupported upstream transaction", FaultClass::unsupported},
    {1U << 30, "SS", "the transaction is stalled", FaultClass::other},
    {1U << 31, "MULTI", "more faults happened than were recorded", FaultClass::other},
};

// SMMU_sGFSR (IHI 0062).
constexpr Bit kGfsr[] = {
    {1U << 1, "USF", "unidentified stream: no stream match entry", FaultClass::stream_unknown},
    {1U << 0, "ICF", "invalid context: the stream is set to fault", FaultClass::stream_disabled},
    {1U << 2, "SMCF", "stream match conflict: two entries match", FaultClass::stream_conflict},
    {1U << 3, "UCBF", "unimplemented context bank", FaultClass::configuration},
    {1U << 4, "UCIF", "unimplemented context interrupt", FaultClass::configuration},
    {1U << 5, "CAF", "configuration access fault", FaultClass::configuration},
    {1U << 6, "EF", "external fault", FaultClass::external_abort},
    {1U << 7, "PF", "permission fault", FaultClass::permission},
    {1U << 8, "UUT", "unsupported upstream transaction", FaultClass::unsupported},
    {1U << 31, "MULTI", "more faults happened than were recorded", FaultClass::other},
};

// IMSTR of the IPMMU (drivers/passthrough/arm/ipmmu-vmsa.c).
constexpr Bit kImstr[] = {
    {1U << 0, "TF", "translation fault: no entry", FaultClass::translation},
    {1U << 1, "PF", "permission fault: the entry refuses this access", FaultClass::permission},
    {1U << 2, "ABORT", "abort on the table walk", FaultClass::external_abort},
    {1U << 4, "MHIT", "multiple TLB hits", FaultClass::tlb_conflict},
};

// SMMU_GERROR (IHI 0070).
constexpr Bit kGerror[] = {
    {1U << 8, "SFM_ERR", "the SMMU entered Service Failure Mode", FaultClass::other},
    {1U << 0, "CMDQ_ERR", "command queue error", FaultClass::other},
    {1U << 2, "EVTQ_ABT_ERR", "write to the event queue aborted: events may be lost",
     FaultClass::other},
    {1U << 3, "PRIQ_ABT_ERR", "write to the page request queue aborted", FaultClass::other},
    {1U << 4, "MSI_CMDQ_ABT_ERR", "command queue MSI write aborted", FaultClass::other},
    {1U << 5, "MSI_EVTQ_ABT_ERR", "event queue MSI write aborted", FaultClass::other},
    {1U << 6, "MSI_PRIQ_ABT_ERR", "page request queue MSI write aborted", FaultClass::other},
    {1U << 7, "MSI_GERROR_ABT_ERR", "global error MSI write aborted", FaultClass::other},
};

// Flags of an AMD-Vi IO_PAGE_FAULT, by the names Xen prints.
constexpr Bit kAmdFlags[] = {
    {0x100, "TR", "translation request", FaultClass::other},
    {0x80, "RZ", "reserved bit not zero in a table", FaultClass::other},
    {0x40, "PE", "no permission", FaultClass::other},
    {0x20, "RW", "write (where PR is set)", FaultClass::other},
    {0x10, "PR", "the page is present", FaultClass::other},
    {0x8, "I", "interrupt request", FaultClass::other},
    {0x4, "US", "user privilege", FaultClass::other},
    {0x2, "NX", "execute", FaultClass::other},
    {0x1, "GN", "guest address", FaultClass::other},
};

std::string hex(std::uint64_t value, std::size_t digits = 0) {
  std::array<char, 16> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, 16);
  const auto size = static_cast<std::size_t>(end - buffer.data());
  std::string text = "0x";
  if (size < digits) text.append(digits - size, '0');
  return text.append(buffer.data(), size);
}

std::string upper(std::string_view name) {
  std::string text(name);
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

/// "A, B (b), C" from parts that may be empty.
void append(std::string* list, std::string_view part) {
  if (part.empty()) return;
  if (!list->empty()) *list += ", ";
  *list += part;
}

template <std::size_t N>
void names_of(const Bit (&bits)[N], std::uint64_t value, std::vector<std::string_view>* names) {
  for (const Bit& bit : bits) {
    if ((value & bit.mask) != 0) names->push_back(bit.name);
  }
}

template <std::size_t N>
std::string words_of(const Bit (&bits)[N], std::uint64_t value) {
  std::string words;
  for (const Bit& bit : bits) {
    if ((value & bit.mask) == 0) continue;
    append(&words, bit.name);
    words += " (";
    words += bit.meaning;
    words += ')';
  }
  return words;
}

/// The one class of all set bits that have one.
template <std::size_t N>
FaultClass class_of(const Bit (&bits)[N], std::uint64_t value) {
  FaultClass found = FaultClass::other;
  for (const Bit& bit : bits) {
    if ((value & bit.mask) == 0 || bit.fault_class == FaultClass::other) continue;
    if (found != FaultClass::other && found != bit.fault_class) return FaultClass::mixed;
    found = bit.fault_class;
  }
  return found;
}

/// IMSTR, or what is known of it where Xen printed a condition instead of the register.
std::uint64_t imstr_of(const RegisterSet& registers) {
  std::uint64_t value = registers.get("status").value_or(0);
  if (registers.get("abort")) value |= 1U << 2;
  if (registers.get("mhit")) value |= 1U << 4;
  return value;
}

// ---- sentences ----------------------------------------------------------------------------------

std::string describe_fsr(std::uint64_t value) {
  std::string words = words_of(kFsr, value);
  static constexpr std::string_view kFormats[] = {"AArch32 short descriptors", "AArch32 LPAE",
                                                  "AArch64", "reserved"};
  const std::size_t format = (value >> 9) & 3;
  append(&words, "FORMAT ");
  words += static_cast<char>('0' + format);
  words += " (";
  words += kFormats[format];
  words += ')';
  return words;
}

std::string describe_fsynr(std::uint64_t value) {
  std::string words = (value & 0x10) != 0 ? "WNR 1 (write)" : "WNR 0 (read)";
  append(&words, "PLVL ");
  words += static_cast<char>('0' + (value & 3));
  words += " (the walk failed at this level)";
  append(&words, (value & 0x20) != 0 ? "PNU (privileged)" : "unprivileged");
  append(&words, (value & 0x40) != 0 ? "IND (instruction fetch)" : "data");
  if ((value & 0x100) != 0) append(&words, "NSATTR (non-secure attribute)");
  if ((value & 0x400) != 0) append(&words, "PTWF (fault on a table walk)");
  if ((value & 0x800) != 0) append(&words, "AFR (recorded asynchronously)");
  append(&words, "S1CBNDX " + hex((value >> 16) & 0xff, 2));
  words += " (meaningless on a stage-2 bank, which is what Xen uses)";
  return words;
}

std::string describe_gfsynr0(std::uint64_t value) {
  std::string words = (value & 0x2) != 0 ? "WNR 1 (write)" : "WNR 0 (read)";
  append(&words, (value & 0x4) != 0 ? "PNU (privileged)" : "unprivileged");
  append(&words, (value & 0x8) != 0 ? "IND (instruction fetch)" : "data");
  if ((value & 0x1) != 0) append(&words, "Nested");
  if ((value & 0x10) != 0) append(&words, "NSSTATE");
  if ((value & 0x20) != 0) append(&words, "NSATTR");
  return words;
}

std::string describe_event_word(std::size_t index, std::uint64_t value,
                                const smmuv3::EventType* type) {
  std::string words;
  switch (index) {
    case 0:
      append(&words, "StreamID " + hex(value >> 32));
      if ((value & smmuv3::kSubstreamValid) != 0) {
        append(&words, "SubstreamID " + hex((value >> 12) & 0xfffff));
      }
      break;
    case 1:
      if (type != nullptr && type->has_access) {
        append(&words, (value & smmuv3::kRead) != 0 ? "RnW 1 (read)" : "RnW 0 (write)");
      }
      if (type != nullptr && type->has_attributes) {
        static constexpr std::string_view kClasses[] = {
            "CLASS 0 (context descriptor)", "CLASS 1 (table walk)", "CLASS 2 (input address)",
            "CLASS 3 (reserved)"};
        append(&words, (value & smmuv3::kPrivileged) != 0 ? "PnU (privileged)" : "unprivileged");
        append(&words, (value & smmuv3::kInstruction) != 0 ? "InD (instruction fetch)" : "data");
        append(&words, (value & smmuv3::kStage2) != 0 ? "S2 (stage 2)" : "stage 1");
        append(&words, kClasses[(value >> 40) & 3]);
        if ((value & smmuv3::kStalled) != 0) append(&words, "STALL (waiting for a resume)");
      }
      break;
    case 2:
      if (type != nullptr && type->has_address) append(&words, "input address " + hex(value));
      break;
    default:
      if (type != nullptr && type->has_attributes) {
        append(&words, "IPA " + hex(value & 0x000ffffffffff000ULL));
      }
      break;
  }
  return words;
}

std::string describe(FaultKind kind, const Register& r, const RegisterSet& all) {
  switch (kind) {
    case FaultKind::smmuv2_context:
      if (r.name == "fsr") return describe_fsr(r.value);
      if (r.name == "fsynr") return describe_fsynr(r.value);
      if (r.name == "cbfrsynra") return "StreamID " + hex(r.value & 0xffff);
      return {};
    case FaultKind::smmuv2_global:
      if (r.name == "gfsr") return words_of(kGfsr, r.value);
      if (r.name == "gfsynr0") return describe_gfsynr0(r.value);
      if (r.name == "gfsynr1") {
        return "StreamID " + hex(r.value & 0xffff) + ", SSD_Index " + hex(r.value >> 16);
      }
      return "implementation defined";
    case FaultKind::smmuv3_event: {
      const auto number = smmuv3::event_number(all);
      const smmuv3::EventType* const type = number ? smmuv3::event_type(*number) : nullptr;
      if (r.name == "event") {
        if (type == nullptr) return "unknown event type";
        return std::string(type->name) + " (" + std::string(type->meaning) + ")";
      }
      for (std::size_t i = 0; i < smmuv3::kWordNames.size(); ++i) {
        if (r.name == smmuv3::kWordNames[i]) return describe_event_word(i, r.value, type);
      }
      return r.name == "sid" ? "StreamID" : "SubstreamID";
    }
    case FaultKind::smmuv3_gerror:
      return words_of(kGerror, r.value);
    case FaultKind::ipmmu:
      if (r.name == "status") return words_of(kImstr, r.value);
      return r.name == "mhit" ? "MHIT (multiple TLB hits); the register was not printed"
                              : "ABORT (abort on the table walk); the register was not printed";
    case FaultKind::vtd:
      if (r.name == "reason") {
        const std::string_view known = vtd::reason_text(r.value);
        return std::string(known.empty() ? "unknown reason" : known);
      }
      return "entry of the interrupt remapping table";
    case FaultKind::amdvi:
      return r.name == "flags" ? words_of(kAmdFlags, r.value) : std::string();
  }
  return {};
}

FaultClass classify_amdvi(const RegisterSet& registers) {
  const auto flags = registers.get("flags");
  // An interrupt request asks the remapping table, not the page tables.
  if (!flags || (*flags & amdvi::kInterrupt) != 0) return FaultClass::other;
  if ((*flags & amdvi::kReservedBits) != 0) return FaultClass::configuration;
  return (*flags & amdvi::kPresent) != 0 ? FaultClass::permission : FaultClass::translation;
}

FaultClass classify_vtd(const RegisterSet& registers) {
  switch (registers.get("reason").value_or(0)) {
    case 0x1:
    case 0x2:
      return FaultClass::translation;
    case 0x4:
      return FaultClass::address_size;
    case 0x5:
    case 0x6:
      return FaultClass::permission;
    case 0x3:
    case 0x7:
    case 0x8:
    case 0x9:
    case 0xa:
    case 0xb:
    case 0xc:
      return FaultClass::configuration;
    case 0xd:
      return FaultClass::unsupported;
    default:
      return FaultClass::other;
  }
}

}  // namespace

std::vector<std::string_view> flag_names(FaultKind kind, const RegisterSet& registers) {
  std::vector<std::string_view> names;
  switch (kind) {
    case FaultKind::smmuv2_context:
      names_of(kFsr, registers.get("fsr").value_or(0), &names);
      break;
    case FaultKind::smmuv2_global:
      names_of(kGfsr, registers.get("gfsr").value_or(0), &names);
      break;
    case FaultKind::smmuv3_event:
      if (const auto number = smmuv3::event_number(registers)) {
        if (const auto* type = smmuv3::event_type(*number)) names.push_back(type->name);
      } else if (registers.get("sid")) {
        names.emplace_back("PRI");
      }
      break;
    case FaultKind::smmuv3_gerror:
      names_of(kGerror, registers.get("gerror").value_or(0), &names);
      break;
    case FaultKind::ipmmu:
      names_of(kImstr, imstr_of(registers), &names);
      break;
    case FaultKind::vtd:
      break;  // A reason number; its words are in Fault::reason.
    case FaultKind::amdvi:
      names_of(kAmdFlags, registers.get("flags").value_or(0), &names);
      break;
  }
  return names;
}

std::vector<std::string> describe_registers(FaultKind kind, const RegisterSet& registers) {
  std::vector<std::string> lines;
  lines.reserve(registers.size());
  for (const Register& r : registers) {
    std::string line = upper(r.name) + ' ' + hex(r.value, r.digits);
    const std::string words = describe(kind, r, registers);
    if (!words.empty()) line += ": " + words;
    lines.push_back(std::move(line));
  }
  return lines;
}

FaultClass classify(FaultKind kind, const RegisterSet& registers) {
  switch (kind) {
    case FaultKind::smmuv2_context:
      return class_of(kFsr, registers.get("fsr").value_or(0));
    case FaultKind::smmuv2_global:
      return class_of(kGfsr, registers.get("gfsr").value_or(0));
    case FaultKind::smmuv3_event: {
      const auto number = smmuv3::event_number(registers);
      const auto* type = number ? smmuv3::event_type(*number) : nullptr;
      return type != nullptr ? type->fault_class : FaultClass::other;
    }
    case FaultKind::smmuv3_gerror:
      return FaultClass::other;
    case FaultKind::ipmmu:
      return class_of(kImstr, imstr_of(registers));
    case FaultKind::vtd:
      return classify_vtd(registers);
    case FaultKind::amdvi:
      return classify_amdvi(registers);
  }
  return FaultClass::other;
}

}  // namespace xic
