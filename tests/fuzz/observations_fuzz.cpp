// A capture's own records, and the recognition that leads to them.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/observer.h"
#include "host/capture/manifest.h"
#include "host/capture/observations.h"
#include "host/capture/recognise.h"
#include "host/capture/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)xic::label_of(xic::recognise(text));
  xic::HostRecord record;
  std::vector<xic::Limit> limits;
  record.tried = xic::read_manifest(text, "manifest.json", &limits).tried;
  record.observations = xic::read_observations(text, "observations.ndjson").found;
  xic::Observer observer;
  (void)xic::observe(record, xic::InputMode::capture, &observer);
  (void)observer.snapshot();
  // What was understood is written and understood again.
  const std::string written = xic::write_observations(record.observations);
  if (xic::read_observations(written, "again").found.size() != record.observations.size()) {
    std::abort();
  }
  return 0;
}
