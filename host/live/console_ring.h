// Xen's console ring on this host.
#pragma once

#include "host/live/sysctl.h"
#include "host/ports.h"

namespace xic {

class LiveConsoleRing final : public ConsoleRing {
 public:
  /// `sysctl` must outlive it.
  explicit LiveConsoleRing(Sysctl& sysctl) : sysctl_(sysctl) {}
  Expected<RingRead> read(RingIndex after, std::span<char> buffer) override;
  Expected<RingIndex> oldest() override;

 private:
  Sysctl& sysctl_;
};

}  // namespace xic
