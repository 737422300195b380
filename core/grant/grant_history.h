// A part of the flight recorder's records: those of one frame, or of one domain.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "core/grant/grant_trace.h"

namespace xic {

/// Whose mappings are wanted.
using HistorySubject = std::variant<Frame, DomId>;

/// "0x62cb1" is a frame, "2" and "d2" are a domain; nothing where it is neither. Names of domains
/// are looked up by the caller.
[[nodiscard]] std::optional<HistorySubject> parse_history_subject(std::string_view text);

struct GrantHistory {
  HistorySubject subject;
  std::vector<TracedMapping> mappings;  ///< The latest ones, oldest first.
  std::uint64_t omitted = 0;            ///< Older ones that were left out.
  TraceCoverage coverage;
};

/// At most `most` of what `trace` has of `subject`.
[[nodiscard]] GrantHistory history_of(const GrantTrace& trace, HistorySubject subject,
                                      std::size_t most);

}  // namespace xic
