// Where a reader stands in Xen's console ring, and what was lost on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/types.h"

namespace xic {

/// A place in the console since the reader began, kept across restarts of the reader.
struct RingPosition {
  std::uint64_t offset = 0;  ///< Bytes, counted on over wraps of the index and over reboots.
  RingIndex index;           ///< Xen's free-running counter there.
};

/// What one read of the ring adds to the text.
struct RingPiece {
  std::uint64_t lost = 0;    ///< Bytes missing in front of it: overwritten or cleared.
  std::size_t skip = 0;      ///< Of the bytes read, this many at the front may be torn: `lost`
                             ///< counts them, and they are to be dropped.
  std::uint64_t offset = 0;  ///< Of the first byte that is left.
  bool restarted = false;    ///< The hypervisor counts anew: it has booted since the last read.
};

/// Turns Xen's 32-bit indices (drivers/char/console.c: conringc, conringp) into one continuous
/// text with exact losses. Pure; the reading is done by its owner.
class RingCursor {
 public:
  /// Begins at whatever is oldest; what had been overwritten before counts as no loss.
  RingCursor() = default;
  /// Goes on where an earlier reader of the same boot stood.
  explicit RingCursor(RingPosition saved) : position_(saved) {}

  /// The index to ask for; nothing before the first read.
  [[nodiscard]] std::optional<RingIndex> next() const;
  /// Where the text ends; nothing before the first read.
  [[nodiscard]] const std::optional<RingPosition>& position() const { return position_; }

  /// The answer to a read of next(): `count` bytes that end at `end`. `oldest` is the oldest index
  /// in the ring *after* the bytes were copied: the copy is made without a lock, so what lies
  /// before it may have been overwritten meanwhile (sysctl.c: XEN_SYSCTL_readconsole).
  RingPiece accept(std::size_t count, RingIndex end, RingIndex oldest);

 private:
  std::optional<RingPosition> position_;
};

}  // namespace xic
