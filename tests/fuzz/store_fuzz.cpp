// Any text as a listing, and its keys as those of a live store. What comes out must be bounded and
// answer questions about itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/backend/backend.h"

namespace {

void check(const xic::Backends& backends) {
  if (backends.devices.size() > xic::Backends::kMaxDevices) std::abort();
  for (const xic::Backend& device : backends.devices) {
    if (device.name().empty() || device.rings.size() > xic::Backends::kMaxRings) std::abort();
    if (device.frontend_domain.value() > 0x7fef || device.backend_domain.value() > 0x7fef)
      std::abort();
    for (const xic::RingRef& ring : device.rings) {
      const xic::Backend* const found =
          backends.device_of(device.frontend_domain, ring.ref, nullptr);
      if ((found == nullptr) != (ring.ref < xic::GrantRef{2})) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  xic::StoreParser listing;
  xic::StoreParser live;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    xic::Line line;
    line.text = line.raw = one;
    (void)listing.consume(line);
    const std::size_t assign = one.find('=');
    if (assign != std::string_view::npos) live.add(one.substr(0, assign), one.substr(assign + 1));
  }
  check(listing.snapshot());
  check(live.snapshot());
  return 0;
}
