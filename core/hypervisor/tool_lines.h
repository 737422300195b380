// What tools print that ask the running hypervisor.
#pragma once

#include <string_view>

#include "core/console/line.h"
#include "core/hypervisor/fact_store.h"
#include "core/hypervisor/tree_listing.h"
#include "core/hypervisor/xl_info.h"

namespace xic {

/// Reads `xl info`, `grep -r . /sys/hypervisor` and hypfs.
class ToolLines {
 public:
  /// `store` must outlive it.
  explicit ToolLines(FactStore* store) : store_(*store) {}

  Consumed consume(const Line& line, bool last_chance);

 private:
  Consumed read_xl_info(const Line& line, bool last_chance);
  void read_xl_field(const Line& line, const XlInfoField& field);
  void read_tree(const Line& line, const TreeEntry& entry);

  FactStore& store_;
};

}  // namespace xic
