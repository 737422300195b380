// SMMUv3: xen/drivers/passthrough/arm/smmu-v3.c (4.15 onwards) and Linux's arm-smmu-v3. A record is
// five printk calls, a header and four words, so lines of others may stand in between.
#include "core/fault/smmuv3.h"

#include <limits>
#include <optional>
#include <string_view>

#include "core/fault/family.h"
#include "core/fault/scan.h"
#include "core/scan.h"

namespace xic {
namespace smmuv3 {
namespace {

constexpr EventType kEventTypes[] = {
    {0x01, "F_UUT", "unsupported upstream transaction", FaultClass::unsupported, true, true, true},
    {0x02, "C_BAD_STREAMID", "stream id beyond the stream table", FaultClass::stream_unknown, false,
     false, false},
    {0x03, "F_STE_FETCH", "external abort on reading the stream table entry",
     FaultClass::configuration, false, false, false},
    {0x04, "C_BAD_STE", "invalid stream table entry", FaultClass::stream_disabled, false, false,
     false},
    {0x05, "F_BAD_ATS_TREQ", "ATS translation request not allowed", FaultClass::other, false, false,
     true},
    {0x06, "F_STREAM_DISABLED", "stream disabled", FaultClass::stream_disabled, false, false,
     false},
    {0x07, "F_TRANSL_FORBIDDEN", "pre-translated transaction not allowed",
     FaultClass::stream_disabled, true, false, true},
    {0x08, "C_BAD_SUBSTREAMID", "invalid substream id", FaultClass::configuration, false, false,
     false},
    {0x09, "F_CD_FETCH", "external abort on reading the context descriptor",
     FaultClass::configuration, false, false, false},
    {0x0a, "C_BAD_CD", "invalid context descriptor", FaultClass::configuration, false, false,
     false},
    {0x0b, "F_WALK_EABT", "external abort on a table walk", FaultClass::external_abort, true, true,
     true},
    {0x10, "F_TRANSLATION", "translation fault: no entry", FaultClass::translation, true, true,
     true},
    {0x11, "F_ADDR_SIZE", "address size fault", FaultClass::address_size, true, true, true},
    {0x12, "F_ACCESS", "access flag fault", FaultClass::access_flag, true, true, true},
    {0x13, "F_PERMISSION", "permission fault: the entry refuses this access",
     FaultClass::permission, true, true, true},
    {0x20, "F_TLB_CONFLICT", "TLB conflict", FaultClass::tlb_conflict, true, true, true},
    {0x21, "F_CFG_CONFLICT", "configuration cache conflict", FaultClass::configuration, false,
     false, false},
    {0x24, "E_PAGE_REQUEST", "page request", FaultClass::other, false, false, true},
    {0x25, "F_VMS_FETCH", "external abort on reading the virtual machine structure",
     FaultClass::other, false, false, false},
};

}  // namespace

const EventType* event_type(std::uint64_t number) {
  for (const EventType& type : kEventTypes) {
    if (type.number == number) return &type;
  }
  return nullptr;
}

std::optional<std::uint64_t> event_number(const RegisterSet& registers) {
  if (const auto header = registers.get("event")) return header;
  if (const auto word = registers.get(kWordNames[0])) return *word & 0xff;
  return std::nullopt;
}

}  // namespace smmuv3

namespace {

using fault_text::begins;
using fault_text::Match;
using fault_text::Scanner;
using Stage = PendingFault::Stage;
using Number = std::optional<std::uint64_t>;

constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kWordDigits = 16;

/// Takes what the words say into the fault.
void decode(PendingFault* pending) {
  Fault& fault = pending->fault;
  const std::size_t count = pending->word_count;
  for (std::size_t i = 0; i < count; ++i) {
    fault.registers.add(smmuv3::kWordNames[i], pending->words[i], kWordDigits);
  }
  const smmuv3::EventType* const type =
      smmuv3::event_type(smmuv3::event_number(fault.registers).value_or(0));
  if (type == nullptr) return;
  if (count > 0) fault.stream_id = static_cast<std::uint32_t>(pending->words[0] >> 32);
  if (count > 1 && type->has_access) {
    const std::uint64_t word = pending->words[1];
    if (type->has_attributes) fault.privileged = (word & smmuv3::kPrivileged) != 0;
    if (type->has_attributes && (word & smmuv3::kInstruction) != 0) {
      fault.access = Access::instruction;
    } else {
      fault.access = (word & smmuv3::kRead) != 0 ? Access::read : Access::write;
    }
  }
  if (count > 2 && type->has_address) fault.iova = Iova{pending->words[2]};
}

Consumed read_event_header(Assembly* assembly, const Message& m) {
  Number number;
  Scanner scanner(m.text);
  scanner.literal("event 0x").hex(&number, 0xff).literal(" received:");
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    if (!number) return damaged(assembly, m);
  }
  if (PendingFault* const stray = assembly->find(m.origin, m.iommu, Stage::stray_words)) {
    assembly->settle(stray);
  }
  Fault fault = new_fault(m.line, FaultKind::smmuv3_event, m.origin);
  fault.iommu = m.iommu;
  fault.registers.add("event", *number, 2);
  assembly->open(Stage::event, fault, m.line);
  return Consumed::yes;
}

/// "\t0x%016llx": the next word of the record, or of a command that was skipped.
Consumed read_word(Assembly* assembly, const Message& m) {
  const std::string_view digits = scan::trim(m.text.substr(2));
  Number word;
  Scanner scanner(digits);
  scanner.hex(&word);
  if (!scanner.ok() || !scanner.at_end() || digits.size() != kWordDigits) {
    // Other messages may begin with a number; only what looks like a broken word is one.
    const bool broken = digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    return broken ? damaged(assembly, m) : Consumed::no;
  }
  PendingFault* pending = assembly->find_words(m.origin, m.iommu);
  if (pending == nullptr) {
    Fault fault = new_fault(m.line, FaultKind::smmuv3_event, m.origin);
    fault.iommu = m.iommu;
    pending = &assembly->open(Stage::stray_words, fault, m.line);
  } else {
    pending->add_line(m.line, uncertain_author(m.line, m.origin));
  }
  pending->words[pending->word_count] = *word;
  ++pending->word_count;
  const std::size_t wanted = pending->stage == Stage::skipped_command ? 2 : pending->words.size();
  if (pending->word_count == wanted) assembly->settle(pending);
  return Consumed::yes;
}

/// "\tsid 0x%08x.0x%05x: [%u%s] %sprivileged %s%s%s access at iova 0x%016llx".
Consumed read_page_request(Assembly* assembly, const Message& m) {
  Number sid;
  Number ssid;
  Number group;
  Number iova;
  std::string_view rights;
  Scanner scanner(m.text);
  scanner.literal("sid 0x").hex(&sid, kMax32).literal(".0x").hex(&ssid, kMax32).literal(": [");
  scanner.decimal(&group, kMax32);
  scanner.optional("L");
  scanner.literal("] ");
  const bool unprivileged = scanner.optional("un");
  scanner.literal("privileged ");
  scanner.until(" ", &rights).literal(" access at iova 0x").hex(&iova).word_end();
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    if (!sid) return damaged(assembly, m);
  }
  PendingFault* const header = assembly->find(m.origin, m.iommu, Stage::page_request);
  Fault lone = new_fault(m.line, FaultKind::smmuv3_event, m.origin);
  lone.iommu = m.iommu;
  lone.reason = "unexpected PRI request";
  Fault& fault = header != nullptr ? header->fault : lone;
  fault.stream_id = static_cast<std::uint32_t>(*sid);
  fault.registers.add("sid", *sid, 8);
  if (ssid) fault.registers.add("ssid", *ssid, 5);
  if (scanner.ok()) {
    fault.privileged = !unprivileged;
    fault.iova = Iova{*iova};
    if (rights.find('X') != std::string_view::npos) {
      fault.access = Access::instruction;
    } else if (rights.find('W') != std::string_view::npos) {
      fault.access = Access::write;
    } else if (rights.find('R') != std::string_view::npos) {
      fault.access = Access::read;
    }
  }
  fault.complete = header != nullptr && scanner.ok();
  if (header != nullptr) {
    header->add_line(m.line, uncertain_author(m.line, m.origin));
    assembly->deliver(fault);
    assembly->drop(header);
  } else {
    assembly->deliver(fault);
  }
  return Consumed::yes;
}

Consumed read_global_error(Assembly* assembly, const Message& m) {
  Number value;
  Scanner scanner(m.text);
  scanner.literal("unexpected global error reported (0x").hex(&value, kMax32).literal(")");
  if (!scanner.ok()) {
    if (const auto answer = not_yet(m, scanner.state())) return *answer;
    return damaged(assembly, m);
  }
  Fault fault = new_fault(m.line, FaultKind::smmuv3_gerror, m.origin);
  fault.iommu = m.iommu;
  fault.registers.add("gerror", *value, 8);
  assembly->deliver(fault);
  return Consumed::yes;
}

}  // namespace

void settle_smmuv3_event(PendingFault* pending) {
  const Number number = pending->fault.registers.get("event");
  pending->fault.complete = pending->word_count == pending->words.size();
  // A first word of another type is not the first word: its line was lost, and which of the other
  // words these are cannot be told.
  if (pending->word_count > 0 && (pending->words[0] & 0xff) != number) {
    pending->word_count = 0;
    pending->fault.complete = false;
  }
  decode(pending);
}

bool settle_stray_words(PendingFault* pending) {
  // Four words in a row are a record whose header was lost; fewer may be any part of one.
  if (pending->word_count != pending->words.size()) return false;
  if (smmuv3::event_type(pending->words[0] & 0xff) == nullptr) return false;
  pending->fault.registers.add("event", pending->words[0] & 0xff, 2);
  pending->fault.complete = false;
  decode(pending);
  return true;
}

Consumed read_smmuv3(Assembly* assembly, const Message& message) {
  const std::string_view text = message.text;
  if (text.starts_with("event 0x")) return read_event_header(assembly, message);
  if (text.starts_with("0x")) return read_word(assembly, message);
  if (text.starts_with("sid 0x")) return read_page_request(assembly, message);
  if (text.starts_with("unexpected PRI")) {
    const Match state = begins(text, "unexpected PRI request received:");
    if (const auto answer = state == Match::yes ? std::nullopt : not_yet(message, state)) {
      return *answer;
    }
    Fault fault = new_fault(message.line, FaultKind::smmuv3_event, message.origin);
    fault.iommu = message.iommu;
    fault.reason = "unexpected PRI request";
    assembly->open(Stage::page_request, fault, message.line);
    return Consumed::yes;
  }
  if (text.starts_with("unexpected global")) return read_global_error(assembly, message);
  if (text.starts_with("skipping command in error state")) {
    const Fault nothing = [&] {
      Fault fault = new_fault(message.line, FaultKind::smmuv3_event, message.origin);
      fault.iommu = message.iommu;
      return fault;
    }();
    assembly->open(Stage::skipped_command, nothing, message.line);
    return Consumed::yes;
  }
  if (text == "event" || text == "sid" || text == "unexpected") {
    return message.last_chance ? Consumed::no : Consumed::needs_more;
  }
  return read_iommu_event(assembly, message);
}

}  // namespace xic
