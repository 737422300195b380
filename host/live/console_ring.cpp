#include "host/live/console_ring.h"

namespace xic {

Expected<RingRead> LiveConsoleRing::read(RingIndex after, std::span<char> buffer) {
  return sysctl_.read_console(after, buffer);
}

Expected<RingIndex> LiveConsoleRing::oldest() {
  char byte = 0;
  auto first = sysctl_.read_console(std::nullopt, {&byte, 1});
  if (!first) return tl::unexpected(first.error());
  return RingIndex{first->end.value() - static_cast<std::uint32_t>(first->count)};
}

}  // namespace xic
