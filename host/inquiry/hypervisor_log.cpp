#include "host/inquiry/hypervisor_log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace xic {
namespace {

constexpr std::uint64_t kHeadBytes = 256;

/// FNV-1a: it tells files apart, and keeps nobody from making two alike.
std::uint64_t hash_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return hash;
}

Expected<struct stat> status_of(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return tl::unexpected(system_error("read " + path, errno));
  return status;
}

}  // namespace

Expected<void> HypervisorLog::open(bool from_beginning) {
  auto fd = open_for_reading(path_);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  const auto status = status_of(fd->get(), path_);
  if (!status) return tl::unexpected(status.error());
  const auto size = static_cast<std::uint64_t>(status->st_size);
  std::uint64_t start = 0;
  if (!from_beginning && size > read_back_) {
    start = size - read_back_;
    std::array<char, 4096> block{};
    const ssize_t count = ::pread(fd->get(), block.data(), block.size(), static_cast<off_t>(start));
    if (count < 0) return tl::unexpected(system_error("read " + path_, errno));
    const auto* const end = block.begin() + count;
    start += static_cast<std::uint64_t>(std::min(std::find(block.cbegin(), end, '\n') + 1, end) -
                                        block.cbegin());
  }
  fd_ = *std::move(fd);
  place_ = start_ = start;
  return {};
}

Expected<void> HypervisorLog::open_if_needed() {
  return fd_.valid() ? Expected<void>{} : open(false);
}

bool HypervisorLog::replaced() const {
  struct stat ours {};
  struct stat named {};
  if (::fstat(fd_.get(), &ours) != 0 || ::stat(path_.c_str(), &named) != 0) return false;
  return ours.st_dev != named.st_dev || ours.st_ino != named.st_ino ||
         static_cast<std::uint64_t>(ours.st_size) < place_;
}

void HypervisorLog::seek(RingIndex after) {
  const std::uint32_t back = index().value() - after.value();
  if (back <= place_ - start_) place_ -= back;
}

Expected<RingRead> HypervisorLog::read(RingIndex after, std::span<char> buffer) {
  if (auto opened = open_if_needed(); !opened) return tl::unexpected(std::move(opened.error()));
  seek(after);
  for (bool again = true;; again = false) {
    const ssize_t count =
        ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(place_));
    if (count < 0) return tl::unexpected(system_error("read " + path_, errno));
    if (count == 0 && again && replaced()) {
      const std::uint64_t end = base_ + place_;
      if (auto opened = open(true); !opened) return tl::unexpected(std::move(opened.error()));
      base_ = end;
      const auto now = place();
      if (on_new_file && now) on_new_file(*now);
      continue;
    }
    begin_ = index();
    place_ += static_cast<std::uint64_t>(count);
    return RingRead{static_cast<std::size_t>(count), index()};
  }
}

Expected<RingIndex> HypervisorLog::oldest() {
  if (auto opened = open_if_needed(); !opened) return tl::unexpected(std::move(opened.error()));
  // Nothing is ever overwritten.
  return begin_.value_or(index());
}

Expected<std::uint64_t> HypervisorLog::hash_of_head(std::uint64_t bytes) const {
  std::array<char, kHeadBytes> head{};
  const ssize_t count = ::pread(fd_.get(), head.data(), bytes, 0);
  if (count < 0) return tl::unexpected(system_error("read " + path_, errno));
  return hash_of({head.data(), static_cast<std::size_t>(count)});
}

Expected<LogPlace> HypervisorLog::place() {
  if (auto opened = open_if_needed(); !opened) return tl::unexpected(std::move(opened.error()));
  const auto status = status_of(fd_.get(), path_);
  if (!status) return tl::unexpected(status.error());
  const std::uint64_t head = std::min(static_cast<std::uint64_t>(status->st_size), kHeadBytes);
  const auto hash = hash_of_head(head);
  if (!hash) return tl::unexpected(hash.error());
  return LogPlace{status->st_dev, status->st_ino, head, *hash, base_};
}

Expected<bool> HypervisorLog::is(const LogPlace& known) {
  const auto now = place();
  if (!now) return tl::unexpected(now.error());
  if (now->device != known.device || now->inode != known.inode) return false;
  if (now->head_bytes < known.head_bytes || known.head_bytes > kHeadBytes) return false;
  const auto hash = hash_of_head(known.head_bytes);
  if (!hash) return tl::unexpected(hash.error());
  return *hash == known.head_hash;
}

}  // namespace xic
