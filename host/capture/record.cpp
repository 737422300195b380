#include "host/capture/record.h"

#include <algorithm>

#include "host/capture/feed.h"
#include "host/capture/recognise.h"
#include "host/capture/trace_testimony.h"

namespace xic {
namespace {

constexpr std::string_view kNotRoot = "not_root";

struct Sorted {
  std::vector<LabelledText> console;    ///< All that may overlap with one another.
  std::vector<LabelledText> continued;  ///< Console texts behind a gap, in order.
  std::vector<LabelledText> identity;
  std::vector<LabelledText> others;
  bool any_evidence = false;
};

/// Bytes lost in front of the text of this name; nothing where it continues no other.
std::uint64_t lost_before(const HostRecord& record, const std::string& name) {
  for (const Observation& observation : record.observations) {
    const auto* gap = std::get_if<ConsoleGap>(&observation);
    if (gap != nullptr && gap->text == name) return gap->bytes;
  }
  return 0;
}

/// The latest; nothing where no recorder ran.
const GrantRecords* grant_records(const HostRecord& record) {
  const GrantRecords* found = nullptr;
  for (const Observation& observation : record.observations) {
    if (const auto* records = std::get_if<GrantRecords>(&observation)) found = records;
  }
  return found;
}

const Document* document(const HostRecord& record, const std::string& name) {
  const auto found = std::find_if(record.texts.begin(), record.texts.end(),
                                  [&](const Document& text) { return text.name == name; });
  return found == record.texts.end() ? nullptr : &*found;
}

/// What a text is by the word of who recorded it, or by its content.
Recognition kind_of(const Document& text) {
  if (!text.kind) return recognise(text.bytes);
  const bool mixed_with_console =
      *text.kind == TextKind::mixed && recognise(text.bytes).mentions_xen;
  return {*text.kind, *text.kind == TextKind::console || mixed_with_console};
}

/// Decides for each text what it is; what is no evidence becomes a source without bytes, or a limit
/// where something in it might have been meant as such.
Sorted sort(const HostRecord& record, Observer* observer) {
  Sorted sorted;
  for (const Document& document : record.texts) {
    const Recognition found = kind_of(document);
    sorted.any_evidence = sorted.any_evidence || is_evidence(found.kind);
    const LabelledText text{document.name, document.bytes, label_of(found),
                            lost_before(record, document.name), document.verbatim};
    switch (found.kind) {
      case TextKind::empty:
      case TextKind::notes:
        feed_text({text.name, {}, text.recognised_as}, observer);
        if (found.mentions_xen) {
          observer->add_limit(
              skipped(text.name,
                      "reads like notes or a report, so the console lines it quotes do "
                      "not count; if they should, give it with --log"));
        }
        break;
      case TextKind::binary:
        observer->add_limit(skipped(text.name, "not a text"));
        break;
      case TextKind::manifest:
      case TextKind::observations:
      case TextKind::grant_trace:
        // Read already, or read behind all others; here they are only named.
        feed_text({text.name, {}, text.recognised_as}, observer);
        break;
      case TextKind::xl_info:
      case TextKind::hypervisor:
        (found.mentions_xen ? sorted.console : sorted.identity).push_back(text);
        break;
      default:
        if (text.lost_before != 0) {
          sorted.continued.push_back(text);
        } else {
          (found.mentions_xen ? sorted.console : sorted.others).push_back(text);
        }
    }
  }
  return sorted;
}

/// Refusals for want of root are one limit that names them all.
void add_limits(const std::vector<Attempt>& tried, Observer* observer) {
  std::string refused;
  for (const Attempt& attempt : tried) {
    if (attempt.ok) continue;
    if (attempt.limit != kNotRoot) {
      observer->add_limit(limit_of(attempt));
      continue;
    }
    if (!refused.empty()) refused += ", ";
    refused += attempt.what;
  }
  if (!refused.empty()) {
    observer->add_limit(
        {std::string(kNotRoot), "", "not root, and without it not seen: " + refused});
  }
}

}  // namespace

bool observe(const HostRecord& record, InputMode mode, Observer* observer) {
  observer->set_mode(mode, record.root);
  const GrantRecords* const grants = grant_records(record);
  const Document* const trace = grants != nullptr ? document(record, grants->text) : nullptr;
  TraceTestimony testimony;
  if (trace != nullptr) observer->set_listener(&testimony);
  add_limits(record.tried, observer);
  const Sorted sorted = sort(record, observer);
  // The console first: a boot banner in it starts afresh, what commands answered is newer.
  feed_merged(sorted.console, observer);
  for (const LabelledText& text : sorted.continued) {
    observer->note_lost_bytes(text.lost_before);
    feed_text(text, observer);
  }
  for (const LabelledText& text : sorted.identity) feed_text(text, observer);
  for (const LabelledText& text : sorted.others) feed_text(text, observer);
  for (const Observation& observation : record.observations) tell(observation, observer);
  observer->finish();
  if (trace != nullptr) {
    observer->set_listener(nullptr);
    testimony.testify(*grants, trace->bytes, observer);
  }
  return sorted.any_evidence || !record.observations.empty();
}

}  // namespace xic
