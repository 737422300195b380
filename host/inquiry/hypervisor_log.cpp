#include "host/inquiry/hypervisor_log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace xic {
namespace {

constexpr off_t kMost = off_t{1} << 20;

}  // namespace

Expected<void> HypervisorLog::open(bool from_beginning) {
  auto fd = open_for_reading(path_);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) return tl::unexpected(system_error("read " + path_, errno));
  place_ = 0;
  if (!from_beginning && status.st_size > kMost) {
    place_ = static_cast<std::uint64_t>(status.st_size - kMost);
    std::array<char, 4096> block{};
    const ssize_t count =
        ::pread(fd->get(), block.data(), block.size(), static_cast<off_t>(place_));
    if (count < 0) return tl::unexpected(system_error("read " + path_, errno));
    const auto* const end = block.begin() + count;
    place_ += static_cast<std::uint64_t>(std::min(std::find(block.cbegin(), end, '\n') + 1, end) -
                                         block.cbegin());
  }
  fd_ = *std::move(fd);
  return {};
}

bool HypervisorLog::replaced() const {
  struct stat ours {};
  struct stat named {};
  if (::fstat(fd_.get(), &ours) != 0 || ::stat(path_.c_str(), &named) != 0) return false;
  return ours.st_dev != named.st_dev || ours.st_ino != named.st_ino ||
         static_cast<std::uint64_t>(ours.st_size) < place_;
}

Expected<RingRead> HypervisorLog::read(RingIndex /*after*/, std::span<char> buffer) {
  if (!fd_.valid()) {
    if (auto opened = open(false); !opened) return tl::unexpected(std::move(opened.error()));
  }
  for (bool again = true;; again = false) {
    const ssize_t count =
        ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(place_));
    if (count < 0) return tl::unexpected(system_error("read " + path_, errno));
    if (count == 0 && again && replaced()) {
      if (auto opened = open(true); !opened) return tl::unexpected(std::move(opened.error()));
      continue;
    }
    place_ += static_cast<std::uint64_t>(count);
    begin_ = end_;
    end_ = RingIndex{end_.value() + static_cast<std::uint32_t>(count)};
    return RingRead{static_cast<std::size_t>(count), end_};
  }
}

Expected<RingIndex> HypervisorLog::oldest() {
  if (!fd_.valid()) {
    if (auto opened = open(false); !opened) return tl::unexpected(std::move(opened.error()));
  }
  // Nothing is ever overwritten.
  return begin_;
}

}  // namespace xic
