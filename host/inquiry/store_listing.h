// The part of xenstore that tells of PV devices, as `xenstore-ls -f` prints it.
#pragma once

#include <cstdint>
#include <string>

#include "host/inquiry/deadline.h"
#include "host/ports.h"

namespace xic {

struct StoreListing {
  std::string text;       ///< `/local/domain/1/name = "web01"`, a line a key.
  std::string cut;        ///< Why something is missing, or "".
  bool complete = false;  ///< Nothing is missing.
};

enum class StoreScope : std::uint8_t {
  judged,  ///< What some rule looks at.
  whole,   ///< All keys of the devices and consoles, as a record keeps them.
};

/// Names, backends and frontends of every domain under /local/domain, and nothing else of what
/// guests keep there. Bounded in keys, depth and size of values; what vanishes while it is read (a
/// guest shuts down) is left out and no failure. Keys that hold passwords are never read.
/// An error where not even the list of domains can be had.
[[nodiscard]] Expected<StoreListing> list_store(Store* store, const Deadline& deadline,
                                                StoreScope scope = StoreScope::judged);

}  // namespace xic
