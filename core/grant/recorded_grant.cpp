#include "core/grant/recorded_grant.h"

#include <algorithm>
#include <utility>

namespace xic {
namespace {

using State = TraceSighting::State;

int telling(State state) {
  switch (state) {
    case State::mapped:
      return 3;
    case State::ended:
      return 2;
    case State::unclear:
      return 1;
    case State::never:
    case State::not_covered:
      break;
  }
  return 0;
}

}  // namespace

void join_sighting(TraceSighting sighting, std::optional<RecordedGrant>* group) {
  if (!*group) group->emplace();
  RecordedGrant& all = **group;
  const int now = telling(sighting.state);
  const int before = telling(all.sighting.state);
  if (now != 0 && before != 0) {
    if (sighting.granter != all.sighting.granter) all.differ = true;
    if (sighting.ref != all.sighting.ref) all.refs_differ = true;
  }
  switch (sighting.state) {
    case State::mapped:
      ++all.mapped;
      all.remapped = all.remapped || sighting.remapped;
      all.others = std::max(all.others, sighting.others);
      break;
    case State::ended:
      ++all.ended;
      break;
    case State::unclear:
      ++all.unclear;
      break;
    case State::never:
    case State::not_covered:
      break;
  }
  if (now > before || (now == 0 && before == 0)) all.sighting = std::move(sighting);
}

}  // namespace xic
