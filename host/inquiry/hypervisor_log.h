// xenconsoled's copy of the hypervisor's console, where the ring itself cannot be read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "host/capture/file.h"
#include "host/ports.h"

namespace xic {

/// One file of a log that is rotated, and where its first byte stands in the text as a whole.
struct LogPlace {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  /// Of its first bytes: a file that was cut and written anew is another one.
  std::uint64_t head_bytes = 0;
  std::uint64_t head_hash = 0;
  std::uint64_t base = 0;
};

/// Follows the file like a ring that never overwrites: its indices count the bytes of the first
/// file and of all that took its place. Begins with the last `read_back` bytes, at the beginning of
/// a line. When the file is rotated or cut, the rest of the old one is read first, then the new one
/// from its beginning.
class HypervisorLog final : public ConsoleRing {
 public:
  static constexpr std::uint64_t kReadBack = std::uint64_t{1} << 20;

  explicit HypervisorLog(std::string path, std::uint64_t read_back = kReadBack)
      : path_(std::move(path)), read_back_(read_back) {}

  [[nodiscard]] Expected<RingRead> read(RingIndex after, std::span<char> buffer) override;
  [[nodiscard]] Expected<RingIndex> oldest() override;

  /// The file at hand, which is opened if none is.
  [[nodiscard]] Expected<LogPlace> place();
  /// It is the one that `known` tells of, as far as one can see.
  [[nodiscard]] Expected<bool> is(const LogPlace& known);
  /// Its first byte stands at `base`: to be said before anything is read.
  void count_from(std::uint64_t base) { base_ = base; }
  /// Another file has taken its place; called before anything of that one is given.
  std::function<void(const LogPlace&)> on_new_file;

 private:
  [[nodiscard]] Expected<void> open(bool from_beginning);
  [[nodiscard]] Expected<void> open_if_needed();
  [[nodiscard]] Expected<std::uint64_t> hash_of_head(std::uint64_t bytes) const;
  /// Another file has its name now, or it became shorter than what was read of it.
  [[nodiscard]] bool replaced() const;
  /// Back to what was given before, where somebody asks for it again.
  void seek(RingIndex after);
  [[nodiscard]] RingIndex index() const {
    return RingIndex{static_cast<std::uint32_t>(base_ + place_)};
  }

  std::string path_;
  std::uint64_t read_back_;
  UniqueFd fd_;
  std::uint64_t base_ = 0;          ///< Of the file's first byte in the text as a whole.
  std::uint64_t start_ = 0;         ///< In the file: before it nothing is given.
  std::uint64_t place_ = 0;         ///< In the file: what is read next.
  std::optional<RingIndex> begin_;  ///< Of the last read.
};

}  // namespace xic
