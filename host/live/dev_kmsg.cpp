#include "host/live/dev_kmsg.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "host/live/failure.h"
#include "host/live/kernel_record.h"

namespace xic {
namespace {

/// A read() gives one whole record or fails with EINVAL; the kernel formats into 8 KiB
/// (include/linux/printk.h: CONSOLE_EXT_LOG_MAX; 2 KiB from 6.4 on).
constexpr std::size_t kMaxRecord = std::size_t{16} * 1024;

/// Reads in one call of next(). More than any ring holds of records that programs wrote: only who
/// writes as fast as this reads gets there, and is read on in the next call.
constexpr int kMaxReads = 1 << 20;

std::string hint_for(int sys_errno) {
  switch (sys_errno) {
    case EPERM:
    case EACCES:
      return "run as root (kernel.dmesg_restrict), and let a sandbox through to it";
    case ENOENT:
    case ENXIO:
    case ENODEV:
      return "a container or a unit's sandbox hides it; the journal has the kernel's messages, too";
    default:
      return "";
  }
}

}  // namespace

DevKmsg::DevKmsg(From from, std::string path, Read read)
    : from_(from), path_(std::move(path)), read_(std::move(read)), buffer_(kMaxRecord) {}

Expected<void> DevKmsg::open() {
  if (file_.valid()) return {};
  UniqueFd file(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) return tl::unexpected(failure(errno, "open " + path_, hint_for(errno)));
  if (from_ == From::now && ::lseek(file.get(), 0, SEEK_END) < 0) {
    return tl::unexpected(failure(errno, "go to the end of " + path_));
  }
  file_ = std::move(file);
  return {};
}

void DevKmsg::count_lost(std::uint64_t sequence) {
  if (next_sequence_ && sequence > *next_sequence_) {
    lost_ += sequence - *next_sequence_;
  } else if (overwritten_ && !next_sequence_) {
    ++lost_;  // Before the first record; at least one.
  }
  overwritten_ = false;
  next_sequence_ = sequence + 1;
}

Expected<std::optional<std::string>> DevKmsg::next() {
  if (auto ok = open(); !ok) return tl::unexpected(ok.error());
  for (int reads = 0; reads < kMaxReads; ++reads) {
    const ssize_t count = read_(file_.get(), buffer_.data(), buffer_.size());
    if (count < 0) {
      switch (errno) {
        case EPIPE:
          overwritten_ = true;
          continue;
        case EINTR:
          continue;
        case EAGAIN:
          return std::optional<std::string>{};
        default:
          return tl::unexpected(failure(errno, "read " + path_, hint_for(errno)));
      }
    }
    if (count == 0) return std::optional<std::string>{};
    const auto record = parse_kmsg({buffer_.data(), static_cast<std::size_t>(count)});
    if (!record) {
      return tl::unexpected(
          Error{Error::Code::malformed, 0, path_ + " gave what is no record of a kernel log", ""});
    }
    count_lost(record->sequence);
    if (record->from_kernel()) return dmesg_line(record->microseconds, unescape_kmsg(record->text));
  }
  return std::optional<std::string>{};
}

Expected<int> DevKmsg::fd() {
  if (auto ok = open(); !ok) return tl::unexpected(ok.error());
  return file_.get();
}

}  // namespace xic
