#include "core/grant/dump_history.h"

#include <utility>

namespace xic {

bool DumpHistory::add(GrantDump&& dump) {
  if (!dump.complete()) {
    ++damaged_count_;
    if (!damaged_ || dump.grants.size() >= damaged_->grants.size()) damaged_ = std::move(dump);
    return false;
  }
  ++complete_count_;
  complete_ = std::move(dump);
  index_ = GrantIndex(complete_->grants);
  return true;
}

GrantSighting DumpHistory::look_up(Frame frame) const {
  GrantSighting sighting;
  if (!complete_) return sighting;
  sighting.asked = true;
  sighting.dump = complete_->at;
  sighting.dump_time = complete_->begin_time;
  for (const Grant* grant : index_.find(frame)) {
    if (grant->grantee != kDom0 || grant->granter == kDom0) continue;
    sighting.found = true;
    sighting.granter = grant->granter;
    sighting.ref = grant->ref;
    sighting.pin = grant->pin;
    break;
  }
  return sighting;
}

void DumpHistory::forget() {
  index_ = GrantIndex();
  complete_.reset();
  damaged_.reset();
}

std::optional<GrantDump> DumpHistory::latest() const {
  return complete_ ? complete_ : damaged_;
}

}  // namespace xic
