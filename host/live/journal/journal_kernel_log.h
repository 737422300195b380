// dom0's kernel log through the journal, for programs whose sandbox has no /dev/kmsg.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "host/ports.h"

namespace xic {

/// The kernel's messages of this boot (_TRANSPORT=kernel), in the form of `dmesg`, with the
/// kernel's own stamps (_SOURCE_MONOTONIC_TIMESTAMP). Records that programs wrote to /dev/kmsg are
/// passed over. Opened at the first question. Its descriptor is another one after many records: ask
/// for it again after each next().
class JournalKernelLog final : public KernelLog {
 public:
  enum class From : std::uint8_t { oldest, now };
  /// `directory`: of journal files; "" for this host's own.
  explicit JournalKernelLog(From from, std::string directory = "");
  ~JournalKernelLog() override;
  JournalKernelLog(const JournalKernelLog&) = delete;
  JournalKernelLog& operator=(const JournalKernelLog&) = delete;

  [[nodiscard]] Expected<std::optional<std::string>> next() override;
  /// What journald says it missed ("Missed 12 kernel messages").
  [[nodiscard]] std::uint64_t lost() const override;
  [[nodiscard]] Expected<int> fd() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xic
