#include "host/iomem/iomem_file.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace xic {
namespace {

constexpr std::size_t kMaxIomem = std::size_t{4} * 1024 * 1024;

}  // namespace

bool is_iomem(int fd, const char* path) {
  struct stat ours {};
  struct stat named {};
  struct statfs system {};
  if (::fstat(fd, &ours) != 0 || ::fstatfs(fd, &system) != 0 || ::stat(path, &named) != 0) {
    return false;
  }
  // Another mount of proc is another device; the number of a fixed entry is the same in all.
  return system.f_type == PROC_SUPER_MAGIC && S_ISREG(ours.st_mode) && ours.st_ino == named.st_ino;
}

std::optional<std::string> iomem_of(int fd, const char* path) {
  if (!is_iomem(fd, path)) return std::nullopt;
  std::string text;
  std::array<char, 16384> buffer{};
  while (text.size() < kMaxIomem) {
    const ssize_t count =
        ::pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return std::nullopt;
}

}  // namespace xic
