// A tracefs text of any bytes -> mappings. What comes out must hold together.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/grant/grant_trace.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::uint64_t kNow = 100'000'000'000;
  const xic::GrantTrace trace(text, kNow, 0);
  if (trace.coverage().until != kNow) std::abort();
  for (const xic::TracedMapping& one : trace.mappings()) {
    if (one.granter.value() >= 0x7ff0 || one.frame.value() >> 40 != 0) std::abort();
    if (one.mapper.size() > 15 || one.unmapper.size() > 15) std::abort();
    for (const std::uint64_t span : {std::uint64_t{0}, std::uint64_t{1'000'000}}) {
      const xic::TraceSighting seen = trace.look_up(
          one.frame,
          {one.mapped, one.mapped <= UINT64_MAX - span ? one.mapped + span : one.mapped});
      if (seen.state == xic::TraceSighting::State::never) std::abort();
    }
  }
  return 0;
}
