#include "core/grant/grant_history.h"

#include <algorithm>

#include "core/scan.h"

namespace xic {
namespace {

bool concerns(const TracedMapping& mapping, const HistorySubject& subject) {
  if (const auto* frame = std::get_if<Frame>(&subject)) return mapping.frame == *frame;
  return mapping.granter == std::get<DomId>(subject);
}

}  // namespace

std::optional<HistorySubject> parse_history_subject(std::string_view text) {
  if (text.starts_with("0x")) {
    const auto frame = scan::take_hex(&text);
    if (!frame || !text.empty()) return std::nullopt;
    return Frame{*frame};
  }
  (void)scan::take(&text, "d");
  const auto domain = scan::take_number<std::uint16_t>(&text);
  if (!domain || !text.empty()) return std::nullopt;
  return DomId{*domain};
}

GrantHistory history_of(const GrantTrace& trace, HistorySubject subject, std::size_t most) {
  GrantHistory history{subject, {}, 0, trace.coverage()};
  for (const TracedMapping& mapping : trace.mappings()) {
    if (concerns(mapping, subject)) history.mappings.push_back(mapping);
  }
  if (history.mappings.size() > most) {
    history.omitted = history.mappings.size() - most;
    history.mappings.erase(history.mappings.begin(),
                           history.mappings.begin() + static_cast<std::ptrdiff_t>(history.omitted));
  }
  return history;
}

}  // namespace xic
