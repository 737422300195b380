#include "host/recorder/tracefs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace xic {
namespace {

constexpr std::size_t kMaxText = std::size_t{256} << 20;

tl::unexpected<Error> failed(const std::string& what, const std::string& path, int code) {
  Error error;
  error.code = code == EACCES || code == EPERM ? Error::Code::denied
               : code == ENOENT                ? Error::Code::not_found
                                               : Error::Code::io;
  error.sys_errno = code;
  error.message = what + ' ' + path + ": " + std::strerror(code);
  if (error.code == Error::Code::denied) error.hint = "run it as root; lockdown may forbid it";
  if (error.code == Error::Code::not_found) {
    error.hint = "mount -t tracefs tracefs /sys/kernel/tracing";
  }
  return tl::unexpected(std::move(error));
}

bool is_tracefs(const std::string& path) {
  return ::access((path + "/instances").c_str(), F_OK) == 0;
}

struct Closer {
  int fd;
  ~Closer() { ::close(fd); }
};

}  // namespace

MountedTracefs::MountedTracefs(std::string root) : root_(std::move(root)) {
  if (!root_.empty()) return;
  // Documentation/trace/ftrace.rst: the second is where older systems have it.
  for (const char* const place : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    root_ = place;
    if (is_tracefs(root_)) return;
  }
  root_ = "/sys/kernel/tracing";
}

Expected<std::string> MountedTracefs::read(const std::string& path) {
  const std::string whole = root_ + '/' + path;
  const int fd = ::open(whole.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("cannot read", whole, errno);
  const Closer closer{fd};
  std::string text;
  constexpr std::size_t kBlock = std::size_t{256} << 10;
  while (text.size() < kMaxText) {
    const std::size_t before = text.size();
    text.resize(before + kBlock);
    const ssize_t count = ::read(fd, text.data() + before, kBlock);
    const int code = errno;
    text.resize(before + static_cast<std::size_t>(count > 0 ? count : 0));
    if (count < 0 && code == EINTR) continue;
    if (count < 0) return failed("cannot read", whole, code);
    if (count == 0) return text;
  }
  // The newest records stand last: a text that is cut would show what has ended as going on.
  Error error;
  error.code = Error::Code::too_large;
  error.message = whole + " is longer than " + std::to_string(kMaxText >> 20) + " MiB";
  error.hint = "start the recorder with fewer KiB per CPU";
  return tl::unexpected(std::move(error));
}

Expected<void> MountedTracefs::write(const std::string& path, const std::string& text,
                                     bool append) {
  const std::string whole = root_ + '/' + path;
  const int fd = ::open(whole.c_str(), O_WRONLY | O_CLOEXEC | (append ? O_APPEND : O_TRUNC));
  if (fd < 0) return failed("cannot write", whole, errno);
  const Closer closer{fd};
  ssize_t count = 0;
  do {
    count = ::write(fd, text.data(), text.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) return failed("cannot write \"" + text + "\" to", whole, errno);
  return {};
}

Expected<void> MountedTracefs::make(const std::string& directory) {
  const std::string whole = root_ + '/' + directory;
  if (::mkdir(whole.c_str(), 0700) != 0 && errno != EEXIST) {
    return failed("cannot make", whole, errno);
  }
  return {};
}

Expected<void> MountedTracefs::remove(const std::string& directory) {
  const std::string whole = root_ + '/' + directory;
  if (::rmdir(whole.c_str()) != 0 && errno != ENOENT) {
    return failed("cannot remove", whole, errno);
  }
  return {};
}

Expected<std::vector<std::string>> MountedTracefs::list(const std::string& directory) {
  std::vector<std::string> names;
  const std::string whole = root_ + '/' + directory;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(whole.c_str()), ::closedir);
  if (!open) {
    if (errno == ENOENT) return names;
    return failed("cannot list", whole, errno);
  }
  while (const dirent* const entry = ::readdir(open.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

}  // namespace xic
