// What the flight recorder may say of a fault.
#pragma once

#include <cstdint>

#include "core/fault/fault.h"

namespace xic::testing {

/// Of a fault within 0.7 ms; the page was mapped 1 ms before, or unmapped 11 ms before.
inline TraceSighting recorded(TraceSighting::State state, std::uint16_t granter = 1,
                              std::uint32_t ref = 0x31) {
  TraceSighting seen;
  seen.state = state;
  seen.granter = DomId{granter};
  seen.ref = GrantRef{ref};
  seen.at = {20'001'000'000, 20'001'700'000};
  seen.mapped = 20'000'000'000;
  if (state == TraceSighting::State::ended) {
    seen.mapped = 19'000'000'000;
    seen.unmapped = 19'990'000'000;
  }
  return seen;
}

}  // namespace xic::testing
