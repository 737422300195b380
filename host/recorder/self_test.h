// Does the flight recorder see what happens? Asked before it is believed.
#pragma once

#include <span>

#include "host/ports.h"

namespace xic {

enum class SelfTest : std::uint8_t {
  passed,
  no_guest,  ///< There is no page to try it on.
};

/// Maps and unmaps one reserved page of one of `guests` (see GrantTables::touch()) while `recorder`
/// records: both must be seen, with the page's domain and reference. An error where they are not:
/// this kernel does something else at the recorder's places.
[[nodiscard]] Expected<SelfTest> self_test(GrantRecorder* recorder, GrantTables* grants,
                                           std::span<const DomId> guests);

}  // namespace xic
