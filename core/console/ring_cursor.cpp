#include "core/console/ring_cursor.h"

#include <algorithm>

namespace xic {
namespace {

/// How far `to` lies ahead of `from`; negative where it lies behind. Within half of the counter's
/// range there is no doubt which.
std::int32_t ahead(RingIndex from, RingIndex to) {
  return static_cast<std::int32_t>(to.value() - from.value());
}

}  // namespace

std::optional<RingIndex> RingCursor::next() const {
  if (!position_) return std::nullopt;
  return position_->index;
}

RingPiece RingCursor::accept(std::size_t count, RingIndex end, RingIndex oldest) {
  const RingIndex begin{end.value() - static_cast<std::uint32_t>(count)};
  RingPiece piece;
  if (!position_) position_ = RingPosition{begin.value(), begin};
  const std::int32_t gap = ahead(position_->index, begin);
  if (gap >= 0) {
    piece.lost = static_cast<std::uint64_t>(gap);
  } else {
    // Xen starts at its oldest byte where the index asked for lies beyond its newest one.
    piece.restarted = true;
  }
  if (const std::int32_t torn = ahead(begin, oldest); torn > 0) {
    piece.skip = std::min(count, static_cast<std::size_t>(torn));
    piece.lost += piece.skip;
  }
  piece.offset = position_->offset + piece.lost;
  position_->offset = piece.offset + (count - piece.skip);
  position_->index = end;
  return piece;
}

}  // namespace xic
