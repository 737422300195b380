// A capture's own records, and the recognition that leads to them.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/observer.h"
#include "host/capture/observations.h"
#include "host/capture/recognise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)xic::label_of(xic::recognise(text));
  xic::Observer observer;
  xic::read_manifest(text, "manifest.json", &observer);
  xic::read_observations(text, "observations.ndjson", &observer);
  (void)observer.snapshot();
  return 0;
}
