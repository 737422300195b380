#include "core/diagnosis/dump_view.h"

#include <algorithm>

namespace xic {
namespace {

constexpr std::uint64_t kFourGiB = std::uint64_t{1} << 32;
constexpr std::uint64_t kLowFrameMask = (kFourGiB - 1) >> kPageShift;

bool is_foreign_map_of_dom0(const Grant& grant) {
  return grant.grantee == kDom0 && grant.granter != kDom0;
}
std::uint64_t low_frame(const Grant* grant) {
  return grant->frame.value() & kLowFrameMask;
}

}  // namespace

DumpView::DumpView(const Facts& facts) {
  if (!facts.latest_dump || facts.faults.empty()) return;
  complete_ = facts.latest_dump->complete();
  index_ = GrantIndex(facts.latest_dump->grants);
  const bool any_below =
      std::any_of(facts.faults.begin(), facts.faults.end(),
                  [](const auto& fault) { return fault.iova && fault.iova->value() < kFourGiB; });
  if (!any_below) return;
  for (const Grant& grant : facts.latest_dump->grants) {
    if (is_foreign_map_of_dom0(grant) && address_of(grant.frame).value() >= kFourGiB) {
      high_.push_back(&grant);
    }
  }
  std::sort(high_.begin(), high_.end(),
            [](const Grant* a, const Grant* b) { return low_frame(a) < low_frame(b); });
}

const Grant* DumpView::mapped_by_dom0(Frame frame) const {
  for (const Grant* grant : index_.find(frame)) {
    if (is_foreign_map_of_dom0(*grant)) return grant;
  }
  return nullptr;
}

const Grant* DumpView::cut_to_32_bits(Iova address) const {
  if (address.value() >= kFourGiB) return nullptr;
  const std::uint64_t wanted = frame_of(address).value();
  const auto found = std::lower_bound(
      high_.begin(), high_.end(), wanted,
      [](const Grant* grant, std::uint64_t low) { return low_frame(grant) < low; });
  return found != high_.end() && low_frame(*found) == wanted ? *found : nullptr;
}

}  // namespace xic
