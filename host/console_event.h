// What is readable when Xen has printed.
#pragma once

#include "core/types.h"

namespace xic {

/// VIRQ_CON_RING, held for as long as this object lives.
class ConsoleEvent {
 public:
  virtual ~ConsoleEvent() = default;
  [[nodiscard]] virtual int fd() const = 0;
  /// Takes what made fd() readable, so that the next print makes it so again. Never blocks.
  [[nodiscard]] virtual Expected<void> acknowledge() = 0;
};

}  // namespace xic
