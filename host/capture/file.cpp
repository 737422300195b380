#include "host/capture/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace xic {

UniqueFd& UniqueFd::operator=(UniqueFd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int UniqueFd::release() {
  return std::exchange(fd_, -1);
}

void UniqueFd::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Error system_error(std::string_view what, int error_number) {
  Error error;
  error.sys_errno = error_number;
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      error.code = Error::Code::not_found;
      break;
    case EACCES:
    case EPERM:
      error.code = Error::Code::denied;
      break;
    default:
      error.code = Error::Code::io;
  }
  error.message = "cannot " + std::string(what) + ": " + std::strerror(error_number);
  return error;
}

Expected<UniqueFd> open_for_reading(const std::string& path) {
  const bool standard_input = path == "-";
  const std::string what = "read " + (standard_input ? "standard input" : path);
  UniqueFd fd(standard_input ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                             : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd.valid()) return tl::unexpected(system_error(what, errno));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return tl::unexpected(system_error(what, errno));
  if (S_ISDIR(status.st_mode)) {
    Error error = system_error(what, EISDIR);
    error.hint = "for a folder of recordings use --capture";
    return tl::unexpected(std::move(error));
  }
  // Advice only; pipes refuse it.
  (void)::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return fd;
}

Expected<std::size_t> read_some(int fd, std::span<char> buffer, const std::string& name) {
  for (;;) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) return tl::unexpected(system_error("read " + name, errno));
  }
}

Expected<bool> read_up_to(int fd, std::size_t limit, const std::string& name, std::string* bytes) {
  // Most files of /proc and /sys are small; a large one is read in ever larger steps.
  constexpr std::size_t kFirstStep = std::size_t{4} * 1024;
  constexpr std::size_t kLargestStep = std::size_t{256} * 1024;
  while (bytes->size() < limit) {
    const std::size_t have = bytes->size();
    const std::size_t step = std::clamp(have, kFirstStep, kLargestStep);
    const std::size_t wanted = have + std::min(step, limit - have);
    // Twice the limit, for the one byte that may follow it, is what doubling would end with.
    if (wanted > bytes->capacity() && bytes->capacity() >= limit / 2) bytes->reserve(limit + 1);
    bytes->resize(wanted);
    const auto count = read_some(fd, std::span(*bytes).subspan(have), name);
    bytes->resize(have + count.value_or(0));
    if (!count) return tl::unexpected(count.error());
    if (*count == 0) return true;
  }
  // Exactly at the limit: is there more?
  std::array<char, 1> next{};
  const auto count = read_some(fd, next, name);
  if (!count) return tl::unexpected(count.error());
  if (*count == 0) return true;
  bytes->push_back(next[0]);
  return false;
}

}  // namespace xic
