// Xen's console as one continuous text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/console/ring_cursor.h"
#include "host/ports.h"

namespace xic {

/// A run of console bytes.
struct ConsoleChunk {
  std::uint64_t lost = 0;    ///< Bytes missing in front of it.
  std::uint64_t offset = 0;  ///< Of its first byte; see RingPosition.
  bool restarted = false;    ///< Xen has booted since the last one.
  std::string_view bytes;    ///< Valid until the next read. Empty where all of them were torn.
};

class ConsoleReader {
 public:
  /// Of one read: Xen's default ring at first; while reads fill it, up to what empties most rings.
  /// The library copies all of it, in and out.
  static constexpr std::size_t kFirstBlock = std::size_t{16} * 1024;
  static constexpr std::size_t kBlock = std::size_t{64} * 1024;

  /// `ring` must outlive it.
  explicit ConsoleReader(ConsoleRing* ring, RingCursor cursor = {})
      : ring_(ring), cursor_(cursor), buffer_(kFirstBlock) {}

  /// What is new, at most kBlock bytes of it; nothing where there is none. After an error the same
  /// bytes are read again next time.
  [[nodiscard]] Expected<std::optional<ConsoleChunk>> next();
  [[nodiscard]] const RingCursor& cursor() const { return cursor_; }

 private:
  ConsoleRing* ring_;
  RingCursor cursor_;
  std::vector<char> buffer_;
  bool filled_ = false;  ///< By the last read.
};

}  // namespace xic
