#include "daemon/console_tap.h"

#include <string_view>

namespace xic::daemon {
namespace {

/// As long as the largest usual ring's lines of one interrupt storm; more reads follow at once.
constexpr std::size_t kBufferBytes = 32 * 1024;

}  // namespace

ConsoleTap::ConsoleTap(ConsoleRing* ring, Observer* observer)
    : ring_(ring), observer_(observer), buffer_(kBufferBytes) {}

Expected<RingIndex> ConsoleTap::find_end(RingIndex oldest) {
  RingIndex end = oldest;
  for (;;) {
    const auto read = ring_->read(end, buffer_);
    if (!read) return tl::unexpected(read.error());
    if (read->count == 0) return end;
    end = read->end;
  }
}

Expected<ConsoleTap::Begin> ConsoleTap::begin(std::optional<std::uint64_t> saved) {
  const auto oldest = ring_->oldest();
  if (!oldest) return tl::unexpected(oldest.error());
  const auto end = find_end(*oldest);
  if (!end) return tl::unexpected(end.error());

  Begin begin;
  begin.oldest = oldest->value();
  if (saved) {
    // Which of the offsets with this index is meant: the one nearest to the cursor.
    const auto distance =
        static_cast<std::int32_t>(oldest->value() - static_cast<std::uint32_t>(*saved));
    const auto place = static_cast<std::int64_t>(*saved) + distance;
    const std::int64_t held = end->value() - oldest->value();
    if (place >= 0 && static_cast<std::int64_t>(*saved) <= place + held) {
      begin.goes_on = true;
      begin.oldest = static_cast<std::uint64_t>(place);
      if (begin.oldest > *saved) begin.lost = begin.oldest - *saved;
    }
  }
  place_ = RingCursor(RingPosition{begin.oldest, *oldest});
  Observer::InputOptions options;
  options.name = "Xen's console ring";
  options.recognised_as = "console text";
  options.repair_pastes = false;
  options.base_offset = begin.oldest;
  input_ = observer_->open_input(options);
  // What the ring has overwritten may have been the head of its first line.
  if (begin.oldest != 0) observer_->skip(*input_, 0);
  if (begin.lost != 0) observer_->note_lost_bytes(begin.lost);
  return begin;
}

Expected<ConsoleTap::Step> ConsoleTap::step() {
  const auto read = ring_->read(*place_.next(), buffer_);
  if (!read) return tl::unexpected(read.error());
  if (read->count == 0) return Step{};
  const auto oldest = ring_->oldest();
  if (!oldest) return tl::unexpected(oldest.error());
  const std::uint64_t stood = place_.position()->offset;
  const RingPiece piece = place_.accept(read->count, read->end, *oldest);
  if (piece.offset != stood) {
    observer_->note_lost_bytes(piece.lost);
    observer_->skip(*input_, piece.offset - stood);
  }
  const std::string_view text(buffer_.data() + piece.skip, read->count - piece.skip);
  observer_->feed(*input_, text);
  return Step{text.size(), piece.lost};
}

std::uint64_t ConsoleTap::cursor() const {
  return observer_->unsettled_from(*input_);
}

}  // namespace xic::daemon
