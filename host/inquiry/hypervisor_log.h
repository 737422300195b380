// xenconsoled's copy of the hypervisor's console, where the ring itself cannot be read.
#pragma once

#include <cstdint>
#include <string>

#include "host/capture/file.h"
#include "host/ports.h"

namespace xic {

/// Follows the file like a ring that never overwrites: its indices count the bytes read. Begins
/// with the last MiB, at the beginning of a line. When the file is rotated or cut, the rest of the
/// old one is read first, then the new one from its beginning.
class HypervisorLog final : public ConsoleRing {
 public:
  explicit HypervisorLog(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] Expected<RingRead> read(RingIndex after, std::span<char> buffer) override;
  [[nodiscard]] Expected<RingIndex> oldest() override;

 private:
  /// Opens it at its last MiB, or from its beginning where it took another's place.
  [[nodiscard]] Expected<void> open(bool from_beginning);
  /// Another file has its name now, or it became shorter than what was read of it.
  [[nodiscard]] bool replaced() const;

  std::string path_;
  UniqueFd fd_;
  std::uint64_t place_ = 0;  ///< In the file.
  RingIndex begin_;          ///< Of the last read.
  RingIndex end_;            ///< Behind the last byte read.
};

}  // namespace xic
