// For what must know when the console was read: between which moments a fault was printed.
#pragma once

#include <cstddef>
#include <optional>

#include "core/fault/fault.h"

namespace xic {

class LookListener {
 public:
  virtual ~LookListener() = default;
  /// Before and after each read of the console; what it gave is fed afterwards.
  virtual void reading_begins() = 0;
  virtual void reading_ended() = 0;
  /// A fault that was fed, with its index into Facts::faults.
  virtual void on_fault(const Fault& fault, std::optional<std::size_t> group) = 0;
  /// All that a look brought was fed, and nothing was told of it yet.
  virtual void looked() = 0;
};

}  // namespace xic
