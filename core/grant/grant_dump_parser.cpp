// Lines of debug key 'g' -> GrantDump.
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "core/grant/entry.h"
#include "core/grant/grant.h"

namespace xic {
namespace {

constexpr std::string_view kMarker = "gnttab_usage_print_all";
constexpr std::string_view kBegin = "gnttab_usage_print_all [";
constexpr std::string_view kEnd = "gnttab_usage_print_all ] done";
constexpr std::string_view kHeader = "grant-table for remote d";
constexpr std::string_view kHeaderStart = "grant-table for remote";
constexpr std::string_view kNoEntries = "no active grant table";

/// "grant-table for remote d1 (v1)", until 4.9 "grant-table for remote domain:    1 (v1)" or
/// "grant-table for remote domain:    1 ... no active grant table entries".
std::optional<DomId> granter_of(std::string_view text) {
  constexpr std::string_view kOldForm = "omain:";
  constexpr std::uint16_t kMaxDomId = 0x7fef;
  if (!text.starts_with(kHeader)) return std::nullopt;
  text.remove_prefix(kHeader.size());
  if (text.starts_with(kOldForm)) {
    text.remove_prefix(kOldForm.size());
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  std::uint16_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  // A number at the very end may have lost digits.
  if (error != std::errc{} || number > kMaxDomId || rest == end || *rest != ' ')
    return std::nullopt;
  return DomId{number};
}

}  // namespace

struct GrantDumpParser::Impl {
  explicit Impl(GrantDumpSink* s) : sink(s) {}

  Consumed consume(const Line& line) {
    // dom0's kernel prints nothing of a dump.
    if (line.speaker == Speaker::dom0_kernel) return Consumed::no;
    std::string_view text = line.text;
    while (text.starts_with(' ')) text.remove_prefix(1);
    if (text.empty()) return Consumed::no;
    switch (text.front()) {
      case '[':
        return on_entry(text, line);
      case 'g':
        if (text.starts_with(kMarker)) return on_marker(text, line);
        if (text.starts_with(kHeaderStart)) return on_header(text, line);
        return Consumed::no;
      case 'n':
        return active && text.starts_with(kNoEntries) ? Consumed::yes : Consumed::no;
      default:
        return Consumed::no;
    }
  }

  Consumed on_entry(std::string_view text, const Line& line) {
    Grant grant;
    const EntryForm form = parse_entry(text, &grant);
    if (form == EntryForm::no_entry) return Consumed::no;
    if (!active) {
      // Only what cannot be anything else shows that the text begins inside a dump.
      if (form != EntryForm::whole || line.mid_line) return Consumed::no;
      start(line);
    }
    // Behind other text a guest may have written it.
    if (form == EntryForm::broken || line.mid_line || !granter) {
      dump.damaged = true;
      return Consumed::yes;
    }
    if (dump.grants.size() >= kMaxEntries) {
      ++dump.dropped;
      return Consumed::yes;
    }
    grant.granter = *granter;
    dump.grants.push_back(grant);
    return Consumed::yes;
  }

  Consumed on_header(std::string_view text, const Line& line) {
    if (!active) start(line);
    granter = granter_of(text);
    if (!granter || line.mid_line) {
      granter.reset();
      dump.damaged = true;
    }
    return Consumed::yes;
  }

  Consumed on_marker(std::string_view text, const Line& line) {
    if (text.starts_with(kBegin)) {
      // On a serial console it stands behind the echo of the command that sent the key; that alone
      // is no reason for doubt.
      deliver();
      start(line);
      dump.begin_seen = true;
      return Consumed::yes;
    }
    if (!active) start(line);
    if (!text.starts_with(kEnd)) {
      dump.damaged = true;
      return Consumed::yes;
    }
    dump.end_seen = true;
    dump.end_time = line.time;
    if (line.mid_line) dump.damaged = true;
    deliver();
    return Consumed::yes;
  }

  void start(const Line& line) {
    active = true;
    granter.reset();
    dump = GrantDump{};
    dump.begin_time = line.time;
    dump.at = {line.input, line.offset};
  }

  void deliver() {
    if (!active) return;
    active = false;
    granter.reset();
    sink->on_grant_dump(std::exchange(dump, GrantDump{}));
  }

  GrantDumpSink* sink;
  bool active = false;
  std::optional<DomId> granter;  // Nothing: not known whose entries follow.
  GrantDump dump;
};

GrantDumpParser::GrantDumpParser(GrantDumpSink* sink) : impl_(std::make_unique<Impl>(sink)) {}
GrantDumpParser::~GrantDumpParser() = default;

std::span<const std::string_view> GrantDumpParser::literals() {
  // "[0x" stands in every entry since 4.9, "]    " in every one before (and in lines that something
  // indents behind a stamp, some ten in a boot log).
  static constexpr std::array<std::string_view, 5> kLiterals = {kMarker, kHeaderStart, kNoEntries,
                                                                "[0x", "]    "};
  return kLiterals;
}

Consumed GrantDumpParser::consume(const Line& line) {
  return impl_->consume(line);
}

void GrantDumpParser::note_gap() {
  if (impl_->active) impl_->dump.damaged = true;
}

void GrantDumpParser::finish() {
  impl_->deliver();
}

}  // namespace xic
