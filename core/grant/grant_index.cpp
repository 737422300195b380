// Frame -> grants: buckets by a hash of the frame, each a run of one array.
#include <algorithm>
#include <bit>

#include "core/grant/grant.h"

namespace xic {
namespace {

/// Neighbouring frames land in far buckets (Knuth's multiplicative hash, 2^64 / golden ratio).
std::size_t bucket_of(Frame frame, unsigned shift) {
  return static_cast<std::size_t>((frame.value() * 0x9e3779b97f4a7c15ULL) >> shift);
}

/// By frame; equal ones in the order they were printed, which is their order in memory.
bool before(const Grant* a, const Grant* b) {
  return a->frame != b->frame ? a->frame < b->frame : a < b;
}

}  // namespace

GrantIndex::GrantIndex(std::span<const Grant> grants) {
  if (grants.empty()) return;
  // 2 to 4 buckets a grant; at least 2, so that the shift stays below 64.
  const auto bits = static_cast<unsigned>(std::bit_width(grants.size() - 1)) + 1;
  shift_ = 64 - bits;
  const std::size_t count = std::size_t{1} << bits;

  // Counting sort: buckets_[b] ends up as the begin of bucket b, its end being the next one's
  // begin.
  buckets_.assign(count + 1, 0);
  for (const Grant& grant : grants) ++buckets_[bucket_of(grant.frame, shift_)];
  std::uint32_t end = 0;
  for (std::uint32_t& bucket : buckets_) bucket = end += bucket;
  sorted_.resize(grants.size());
  for (std::size_t i = grants.size(); i-- > 0;)
    sorted_[--buckets_[bucket_of(grants[i].frame, shift_)]] = &grants[i];

  for (std::size_t b = 0; b < count; ++b) {
    const auto first = sorted_.begin() + static_cast<std::ptrdiff_t>(buckets_[b]);
    const auto last = sorted_.begin() + static_cast<std::ptrdiff_t>(buckets_[b + 1]);
    if (last - first > 1) std::sort(first, last, before);
  }
  frames_.reserve(sorted_.size());
  for (const Grant* grant : sorted_) frames_.push_back(grant->frame);
}

std::span<const Grant* const> GrantIndex::find(Frame frame) const {
  if (sorted_.empty()) return {};
  const std::size_t b = bucket_of(frame, shift_);
  const Frame* first = frames_.data() + buckets_[b];
  const Frame* last = frames_.data() + buckets_[b + 1];
  if (first == last) return {};
  // As a rule a bucket holds one frame; many only where someone chose them to collide.
  if (*first != *(last - 1)) {
    first = std::lower_bound(first, last, frame);
    last = std::upper_bound(first, last, frame);
  } else if (*first != frame) {
    return {};
  }
  return {sorted_.data() + (first - frames_.data()), static_cast<std::size_t>(last - first)};
}

}  // namespace xic
