// dom0's kernel log through /dev/kmsg.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/capture/file.h"
#include "host/ports.h"

namespace xic {

/// Opened at the first question. Records that programs wrote to /dev/kmsg are passed over: the
/// kernel's own count only.
class DevKmsg final : public KernelLog {
 public:
  enum class From : std::uint8_t { oldest, now };
  using Read = std::function<ssize_t(int, void*, std::size_t)>;
  /// `read` stands for read(2).
  explicit DevKmsg(From from, std::string path = "/dev/kmsg", Read read = ::read);

  [[nodiscard]] Expected<std::optional<std::string>> next() override;
  /// Counted by sequence numbers, from the first record that was read.
  [[nodiscard]] std::uint64_t lost() const override { return lost_; }
  [[nodiscard]] Expected<int> fd() override;

 private:
  [[nodiscard]] Expected<void> open();
  void count_lost(std::uint64_t sequence);

  From from_;
  std::string path_;
  Read read_;
  UniqueFd file_;
  std::vector<char> buffer_;  ///< For one record.
  std::optional<std::uint64_t> next_sequence_;
  bool overwritten_ = false;  ///< The kernel said so, and the next record tells how many.
  std::uint64_t lost_ = 0;
};

}  // namespace xic
