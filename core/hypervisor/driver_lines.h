// What Xen's IOMMU drivers print besides faults.
#pragma once

#include <string_view>

#include "core/console/line.h"
#include "core/hypervisor/fact_store.h"
#include "core/hypervisor/hypervisor.h"

namespace xic {

/// Reads probe and assignment lines: which IOMMUs there are, and signs that they are in use.
class DriverLines {
 public:
  /// `store` must outlive it.
  explicit DriverLines(FactStore* store) : store_(*store) {}

  bool consume(const Line& line);

 private:
  void read_smmu(const Line& line, std::string_view message, Origin origin);
  /// A driver's line tells the architecture, and suggests that the IOMMU is in use.
  void note_driver(const Line& line, Arch arch, std::string_view kind, bool in_use, Origin origin);

  FactStore& store_;
};

}  // namespace xic
