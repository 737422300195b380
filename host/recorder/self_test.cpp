#include "host/recorder/self_test.h"

#include <algorithm>
#include <optional>

#include "core/grant/grant_trace.h"

namespace xic {
namespace {

std::optional<ReservedPage> touch_one(GrantTables* grants, std::span<const DomId> guests) {
  for (const DomId domain : guests) {
    for (const auto kind : {ReservedPage::Kind::console, ReservedPage::Kind::xenstore}) {
      const auto page = ReservedPage::of(domain, kind);
      if (page && grants->touch(*page)) return page;
    }
  }
  return std::nullopt;
}

}  // namespace

Expected<SelfTest> self_test(GrantRecorder* recorder, GrantTables* grants,
                             std::span<const DomId> guests) {
  constexpr std::uint64_t kStampNs = 1000;  // its stamps are whole microseconds
  const std::uint64_t begin = recorder->now();
  const auto page = touch_one(grants, guests);
  if (!page) return SelfTest::no_guest;
  const auto text = recorder->read();
  if (!text) return tl::unexpected(text.error());
  const GrantTrace trace(*text, recorder->now(), 0);
  const bool seen = std::any_of(
      trace.mappings().begin(), trace.mappings().end(), [&](const TracedMapping& mapping) {
        return mapping.mapped + kStampNs >= begin && mapping.granter == page->domain() &&
               mapping.ref == page->ref() && mapping.unmapped.has_value();
      });
  if (seen) return SelfTest::passed;
  return tl::unexpected(Error{Error::Code::unavailable, 0,
                              "the flight recorder does not see pages being mapped and unmapped",
                              "grants can still be named by a 'g' dump"});
}

}  // namespace xic
