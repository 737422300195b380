// SMMUv1/v2: xen/drivers/passthrough/arm/smmu.c in its forms of 4.5, 4.6 to 4.11 and 4.12 onwards,
// and Linux's drivers/iommu/arm/arm-smmu, which prints nearly the same texts.
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
using scan::is_blank;
using Stage = PendingFault::Stage;
using Number = std::optional<std::uint64_t>;

constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();

// SMMU_CBn_FSYNR0 (IHI 0062): which level failed, and what the device wanted.
constexpr std::uint64_t kFsynrLevel = 0x3;
constexpr std::uint64_t kFsynrWrite = 1U << 4;
constexpr std::uint64_t kFsynrPrivileged = 1U << 5;
constexpr std::uint64_t kFsynrInstruction = 1U << 6;
// SMMU_sGFSYNR0: the same questions, other places.
constexpr std::uint64_t kGfsynrWrite = 1U << 1;
constexpr std::uint64_t kGfsynrPrivileged = 1U << 2;
constexpr std::uint64_t kGfsynrInstruction = 1U << 3;
constexpr std::uint64_t kMulti = 1U << 31;

struct ContextFields {
  Number fsr, iova, fsynr, fsynr1, cbfrsynra, cb;
};

Access access_of(bool instruction, bool write) {
  if (instruction) return Access::instruction;
  return write ? Access::write : Access::read;
}

void apply_fsr(Fault* fault, const Number& fsr) {
  if (!fsr) return;
  fault->registers.add("fsr", *fsr);
  fault->multiple = (*fsr & kMulti) != 0;
}

void apply_fsynr(Fault* fault, const Number& fsynr) {
  if (!fsynr) return;
  fault->registers.add("fsynr", *fsynr);
  fault->access = access_of((*fsynr & kFsynrInstruction) != 0, (*fsynr & kFsynrWrite) != 0);
  fault->privileged = (*fsynr & kFsynrPrivileged) != 0;
  fault->level = static_cast<std::uint8_t>(*fsynr & kFsynrLevel);
}

void apply(Fault* fault, const ContextFields& fields) {
  apply_fsr(fault, fields.fsr);
  if (fields.iova) fault->iova = Iova{*fields.iova};
  apply_fsynr(fault, fields.fsynr);
  if (fields.fsynr1) fault->registers.add("fsynr1", *fields.fsynr1);
  if (fields.cbfrsynra) {
    fault->registers.add("cbfrsynra", *fields.cbfrsynra);
    fault->stream_id = static_cast<std::uint32_t>(*fields.cbfrsynra & 0xffff);
  }
  if (fields.cb) fault->cb = static_cast<std::uint32_t>(*fields.cb);
}

/// The field that `key` names; null for a key that no form prints.
Number* field_named(ContextFields* fields, std::string_view key) {
  if (key == "fsr") return &fields->fsr;
  if (key == "iova") return &fields->iova;
  if (key == "fsynr" || key == "fsynr0") return &fields->fsynr;
  if (key == "cb") return &fields->cb;
  if (key == "cbfrsynra") return &fields->cbfrsynra;
  if (key == "fsynr1") return &fields->fsynr1;
  return nullptr;
}

/// Steps over `expected`; false where something else stands.
bool step(std::string_view* text, std::string_view expected) {
  if (!text->starts_with(expected)) return false;
  text->remove_prefix(expected.size());
  return true;
}

/// Steps over the digits of a number below 2^`bits`.
template <unsigned base>
bool step(std::string_view* text, unsigned bits, Number* value) {
  std::uint64_t parsed = 0;
  std::size_t i = 0;
  for (; i < text->size(); ++i) {
    const char c = (*text)[i];
    unsigned digit = static_cast<unsigned>(c - '0');
    if (base == 16 && digit > 9) digit = static_cast<unsigned>(c - 'a') + 10;
    if (digit >= base || (c > '9' && c < 'a')) break;
    if ((parsed >> (bits - 4)) != 0) return false;
    parsed = parsed * base + digit;
  }
  if (i == 0) return false;
  text->remove_prefix(i);
  *value = parsed;
  return true;
}

/// The fields exactly as Xen prints them from 4.12 on: what a storm consists of. False for anything
/// else, however near.
bool read_xen_context_fields(std::string_view text, ContextFields* fields) {
  return step(&text, "fsr=0x") && step<16>(&text, 32, &fields->fsr) && step(&text, ", iova=0x") &&
         step<16>(&text, 64, &fields->iova) && step(&text, ", fsynr=0x") &&
         step<16>(&text, 32, &fields->fsynr) && step(&text, ", cb=") &&
         step<10>(&text, 16, &fields->cb) && text.empty();
}

/// "fsr=0x402, iova=0x8424cb148, fsynr=0xb0001, cb=0" in any order: 4.6 to 4.11 lack fsr, Linux
/// adds cbfrsynra, a downstream Linux begins with iova. The list ends where no comma follows.
Match read_context_fields(std::string_view text, ContextFields* fields) {
  std::size_t i = 0;
  while (true) {
    while (i < text.size() && is_blank(text[i])) ++i;
    const std::size_t equals = text.find('=', i);
    if (i == text.size()) return Match::cut;
    if (equals == std::string_view::npos) {
      // Part of a key, as a torn line leaves it, or something else altogether.
      for (const std::string_view key : {"fsr", "iova", "fsynr", "cb"}) {
        if (key.starts_with(text.substr(i))) return Match::cut;
      }
      return Match::no;
    }
    const std::string_view key = text.substr(i, equals - i);
    Number* const field = field_named(fields, key);
    if (field == nullptr || field->has_value()) return Match::no;
    Scanner value(text.substr(equals + 1));
    if (key == "cb") {
      value.decimal(field, kMax32);
    } else {
      value.literal("0x").hex(field,
                              key == "iova" ? std::numeric_limits<std::uint64_t>::max() : kMax32);
    }
    if (!value.ok()) return value.state();
    const std::string_view rest = value.rest();
    if (!rest.empty() && rest.front() == ',') {
      i = text.size() - rest.size() + 1;
      continue;
    }
    const bool whole = fields->iova && fields->fsynr && fields->cb;
    if (whole && (rest.empty() || is_blank(rest.front()))) return Match::yes;
    // The digits may go on, or end in what was never part of them.
    field->reset();
    return Match::no;
  }
}

Consumed read_context_fault(Assembly* assembly, const Message& m, std::string_view text) {
  ContextFields fields;
  Match state = Match::yes;
  if (!read_xen_context_fields(text, &fields)) {
    fields = {};
    state = read_context_fields(text, &fields);
  }
  if (state != Match::yes) {
    if (const auto answer = not_yet(m, state)) return *answer;
    if (!fields.fsr && !fields.iova) return damaged(assembly, m);
  }
  PendingFault* const precursor =
      fields.fsr ? nullptr : assembly->find(m.origin, m.iommu, Stage::context_precursor);
  if (precursor != nullptr) {
    Fault& fault = precursor->fault;
    const Number fsr = fault.registers.get("fsr");
    fault.registers = {};
    fields.fsr = fsr;
    apply(&fault, fields);
    fault.complete = state == Match::yes;
    precursor->add_line(m.line, uncertain_author(m.line, m.origin));
    assembly->deliver(fault);
    assembly->drop(precursor);
    return Consumed::yes;
  }
  Fault fault = new_fault(m.line, FaultKind::smmuv2_context, m.origin);
  fault.iommu = m.iommu;
  fault.complete = state == Match::yes;
  apply(&fault, fields);
  assembly->deliver(fault);
  return Consumed::yes;
}

/// "Unexpected context fault (fsr 0x%x)", printed by Xen up to 4.11 before the fault itself when
/// FSR holds one of AFF, ASF, TLBMCF, TLBLKF. 4.5 prints the value in decimal behind the "0x".
Consumed read_context_precursor(Assembly* assembly, const Message& m) {
  Number fsr;
  Scanner scanner(m.text);
  scanner.literal("Unexpected context fault (fsr 0x").hex(&fsr).literal(")");
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    return damaged(assembly, m);
  }
  // Ten decimal digits read as hex can exceed a register; such a value is 4.5's and not needed.
  Fault fault = new_fault(m.line, FaultKind::smmuv2_context, m.origin);
  fault.iommu = m.iommu;
  if (*fsr <= kMax32) fault.registers.add("fsr", *fsr);
  assembly->open(Stage::context_precursor, fault, m.line);
  return Consumed::yes;
}

/// First line of 4.5: "Unhandled context fault for domain %u".
Consumed read_context_header(Assembly* assembly, const Message& m) {
  Number domain;
  Scanner scanner(m.text);
  scanner.literal("Unhandled context fault for domain ").decimal(&domain, kMax32).word_end();
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
  }
  Fault fault = new_fault(m.line, FaultKind::smmuv2_context, m.origin);
  fault.iommu = m.iommu;
  fault.domain = domain_of(domain);
  PendingFault* const precursor = assembly->find(m.origin, m.iommu, Stage::context_precursor);
  if (precursor == nullptr) {
    assembly->open(Stage::context_header, fault, m.line);
    return Consumed::yes;
  }
  // The registers follow on the next line; the precursor's decimal FSR adds nothing.
  precursor->stage = Stage::context_header;
  precursor->fault.registers = {};
  precursor->fault.domain = fault.domain;
  precursor->add_line(m.line, fault.mid_line);
  return Consumed::yes;
}

/// Second line of 4.5: "\tFSR 0x%x, IOVA 0x%llx, FSYNR 0x%x,  CB %d".
Consumed read_context_registers(Assembly* assembly, const Message& m) {
  ContextFields fields;
  Scanner scanner(m.text);
  scanner.literal("FSR 0x").hex(&fields.fsr, kMax32).literal(", IOVA 0x").hex(&fields.iova);
  scanner.literal(", FSYNR 0x").hex(&fields.fsynr, kMax32);
  scanner.literal(", CB ").decimal(&fields.cb, kMax32).word_end();
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    if (!fields.fsr && !fields.iova) return damaged(assembly, m);
  }
  PendingFault* const header = assembly->find(m.origin, m.iommu, Stage::context_header);
  if (header == nullptr) {
    Fault fault = new_fault(m.line, FaultKind::smmuv2_context, m.origin);
    fault.iommu = m.iommu;
    fault.complete = false;
    apply(&fault, fields);
    assembly->deliver(fault);
    return Consumed::yes;
  }
  apply(&header->fault, fields);
  header->fault.complete = scanner.ok();
  header->add_line(m.line, uncertain_author(m.line, m.origin));
  assembly->deliver(header->fault);
  assembly->drop(header);
  return Consumed::yes;
}

/// "Unexpected global fault, this could be serious", or Linux's "Blocked unknown Stream ID 0x%hx;
/// ..".
Consumed read_global_header(Assembly* assembly, const Message& m) {
  Fault fault = new_fault(m.line, FaultKind::smmuv2_global, m.origin);
  fault.iommu = m.iommu;
  if (m.text.starts_with('B')) {
    Number stream;
    Scanner scanner(m.text);
    scanner.literal("Blocked unknown Stream ID 0x").hex(&stream, 0xffff).literal(";");
    if (const auto answer = scanner.ok() ? std::nullopt : not_yet(m, scanner.state()))
      return *answer;
    if (stream) fault.stream_id = static_cast<std::uint32_t>(*stream);
  } else {
    const Match state = begins(m.text, "Unexpected global fault, this could be serious");
    if (state != Match::yes) {
      if (const auto answer = not_yet(m, state)) return *answer;
    }
  }
  assembly->open(Stage::global_header, fault, m.line);
  return Consumed::yes;
}

/// "\tGFSR 0x%08x, GFSYNR0 0x%08x, GFSYNR1 0x%08x, GFSYNR2 0x%08x".
Consumed read_global_registers(Assembly* assembly, const Message& m) {
  Number gfsr;
  Number syndrome0;
  Number syndrome1;
  Number syndrome2;
  Scanner scanner(m.text);
  scanner.literal("GFSR 0x").hex(&gfsr, kMax32).literal(", GFSYNR0 0x").hex(&syndrome0, kMax32);
  scanner.literal(", GFSYNR1 0x").hex(&syndrome1, kMax32);
  scanner.literal(", GFSYNR2 0x").hex(&syndrome2, kMax32).word_end();
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    if (!gfsr) return damaged(assembly, m);
  }
  PendingFault* const header = assembly->find(m.origin, m.iommu, Stage::global_header);
  Fault lone = new_fault(m.line, FaultKind::smmuv2_global, m.origin);
  lone.iommu = m.iommu;
  Fault& fault = header != nullptr ? header->fault : lone;
  if (gfsr) {
    fault.registers.add("gfsr", *gfsr, 8);
    fault.multiple = (*gfsr & kMulti) != 0;
  }
  if (syndrome0) {
    fault.registers.add("gfsynr0", *syndrome0, 8);
    fault.access =
        access_of((*syndrome0 & kGfsynrInstruction) != 0, (*syndrome0 & kGfsynrWrite) != 0);
    fault.privileged = (*syndrome0 & kGfsynrPrivileged) != 0;
  }
  if (syndrome1) {
    fault.registers.add("gfsynr1", *syndrome1, 8);
    fault.stream_id = static_cast<std::uint32_t>(*syndrome1 & 0xffff);
  }
  if (syndrome2) fault.registers.add("gfsynr2", *syndrome2, 8);
  fault.complete = header != nullptr && scanner.ok();
  if (header != nullptr) {
    header->add_line(m.line, uncertain_author(m.line, m.origin));
    assembly->deliver(header->fault);
    assembly->drop(header);
  } else {
    assembly->deliver(lone);
  }
  return Consumed::yes;
}

/// "Unhandled context fault: " behind other blanks than Xen prints.
Consumed read_respaced_context_fault(Assembly* assembly, const Message& m) {
  Scanner scanner(m.text);
  scanner.literal("Unhandled context fault: ");
  return read_context_fault(assembly, m, scanner.rest());
}

struct Opening {
  std::string_view text;
  Consumed (*read)(Assembly*, const Message&);
  std::optional<FaultOrigin> printed_by;  ///< Nothing: by both.
};

constexpr Opening kOpenings[] = {
    {"Unhandled context fault: ", read_respaced_context_fault, std::nullopt},
    {"Unhandled context fault for domain ", read_context_header, FaultOrigin::xen},
    {"Unexpected context fault (fsr", read_context_precursor, std::nullopt},
    {"Unexpected global fault", read_global_header, std::nullopt},
    {"GFSR 0x", read_global_registers, std::nullopt},
    {"FSR 0x", read_context_registers, FaultOrigin::xen},
    {"Blocked unknown Stream ID", read_global_header, FaultOrigin::linux_kernel},
};

}  // namespace

void settle_context_precursor(PendingFault* pending) {
  // Decimal (4.5) or hex (4.6 onwards) cannot be told from the digits, so the value is not kept.
  pending->fault.registers = {};
  pending->fault.complete = false;
}

Consumed read_smmuv2(Assembly* assembly, const Message& message) {
  constexpr std::string_view kContext = "Unhandled context fault: ";
  if (message.text.starts_with(kContext)) {
    return read_context_fault(assembly, message, message.text.substr(kContext.size()));
  }
  bool cut = false;
  for (const Opening& opening : kOpenings) {
    if (opening.printed_by && *opening.printed_by != message.origin) continue;
    switch (begins(message.text, opening.text)) {
      case Match::yes:
        return opening.read(assembly, message);
      case Match::cut:
        cut = true;
        break;
      case Match::no:
        break;
    }
  }
  if (cut && !message.last_chance) return Consumed::needs_more;
  if (!message.text.starts_with("Unhandled context")) return read_iommu_event(assembly, message);
  if (const auto answer = not_yet(message, Match::no)) return *answer;
  return damaged(assembly, message);
}

}  // namespace xic
