#include "daemon/seen_fault.h"

#include <algorithm>

#include "report/describe.h"

namespace xic::daemon {
namespace {

constexpr std::size_t kMaxName = 256;

std::string joined_lines(const Fault& fault) {
  std::string text;
  for (std::size_t i = 0; i < fault.raw_count && text.size() < SeenFault::kMaxRawBytes; ++i) {
    if (i != 0) text += '\n';
    text += fault.raw[i].substr(0, SeenFault::kMaxRawBytes - text.size());
  }
  return text;
}

}  // namespace

SeenFault keep(const Fault& fault) {
  SeenFault seen;
  seen.id.offset = fault.offset;
  seen.kind = fault.kind;
  seen.access = fault.access;
  seen.complete = fault.complete;
  seen.uncertain_author = fault.mid_line;
  seen.iommu = fault.iommu.substr(0, kMaxName);
  seen.device = fault.device.substr(0, kMaxName);
  seen.iova = fault.iova;
  seen.cb = fault.cb;
  seen.stream_id = fault.stream_id;
  seen.domain = fault.domain;
  seen.registers = fault.registers;
  seen.time = fault.time;
  seen.raw = joined_lines(fault);
  return seen;
}

std::string stream_words(const SeenFault& fault) {
  if (fault.cb) return "cb" + std::to_string(*fault.cb);
  if (fault.stream_id) return "stream " + render::hex(*fault.stream_id);
  return {};
}

FaultIdentity identity_of(const SeenFault& fault) {
  FaultIdentity identity;
  identity.iommu = fault.iommu.empty() ? fault.device : fault.iommu;
  identity.stream = stream_words(fault);
  if (fault.iova) identity.frame = frame_of(*fault.iova);
  identity.access = fault.access;
  return identity;
}

}  // namespace xic::daemon
