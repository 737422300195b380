#include "host/inquiry/console_reader.h"

#include <algorithm>

namespace xic {

Expected<std::optional<ConsoleChunk>> ConsoleReader::next() {
  if (filled_) buffer_.resize(std::min(2 * buffer_.size(), kBlock));
  std::optional<RingIndex> after = cursor_.next();
  if (!after) {
    const auto oldest = ring_->oldest();
    if (!oldest) return tl::unexpected(oldest.error());
    after = *oldest;
  }
  const auto read = ring_->read(*after, buffer_);
  if (!read) return tl::unexpected(read.error());
  filled_ = read->count == buffer_.size();
  if (read->count == 0 && cursor_.next() == read->end) return std::optional<ConsoleChunk>{};
  // Asked after the copy: what lies before it may have been overwritten while it was copied.
  const auto oldest = ring_->oldest();
  if (!oldest) return tl::unexpected(oldest.error());
  const RingPiece piece = cursor_.accept(read->count, read->end, *oldest);
  const std::string_view bytes(buffer_.data(), read->count);
  if (read->count == 0 && piece.lost == 0 && !piece.restarted) {
    return std::optional<ConsoleChunk>{};
  }
  return ConsoleChunk{piece.lost, piece.offset, piece.restarted, bytes.substr(piece.skip)};
}

}  // namespace xic
