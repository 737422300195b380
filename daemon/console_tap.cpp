#include "daemon/console_tap.h"

#include <vector>

namespace xic::daemon {
Expected<RingIndex> ConsoleTap::find_end(RingIndex oldest) {
  RingIndex end = oldest;
  std::vector<char> buffer(ConsoleReader::kBlock);
  for (;;) {
    const auto read = ring_->read(end, buffer);
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
  reader_.emplace(ring_, RingCursor(RingPosition{begin.oldest, *oldest}));
  end_ = begin.oldest;
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

ConsoleTap::Step ConsoleTap::take(const ConsoleChunk& chunk) {
  if (chunk.offset != end_) {
    observer_->note_lost_bytes(chunk.lost);
    observer_->skip(*input_, chunk.offset - end_);
  }
  end_ = chunk.offset + chunk.bytes.size();
  observer_->feed(*input_, chunk.bytes);
  return Step{chunk.bytes.size(), chunk.lost};
}

std::uint64_t ConsoleTap::cursor() const {
  return observer_->unsettled_from(*input_);
}

}  // namespace xic::daemon
