#include "daemon/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace xic::daemon {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

tl::unexpected<Error> failed(const char* what, const std::string& path, int problem) {
  Error error;
  error.code = problem == EACCES || problem == EPERM || problem == EROFS ? Error::Code::denied
                                                                         : Error::Code::io;
  error.sys_errno = problem;
  error.message = std::string("cannot ") + what + ' ' + path + ": " + std::strerror(problem);
  if (problem == ENOSPC) error.hint = "make room on its file system";
  return tl::unexpected(std::move(error));
}

/// What read() leaves when it ends early is simply not there: the file is ours.
int read_all(int fd, std::string* text) {
  std::size_t filled = 0;
  while (filled < text->size()) {
    const ssize_t got = ::read(fd, text->data() + filled, text->size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text->resize(filled);
  return 0;
}

class FolderHistory final : public HistoryFiles {
 public:
  explicit FolderHistory(std::string folder) : folder_(std::move(folder)) {}

  Expected<std::optional<std::string>> read(const std::string& name, std::size_t limit) override {
    const std::string path = folder_ + '/' + name;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.get() < 0) {
      if (errno == ENOENT) return std::optional<std::string>{};
      return failed("read", path, errno);
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return failed("read", path, errno);
    if (!S_ISREG(status.st_mode)) return failed("read", path, EINVAL);
    const auto size = static_cast<std::size_t>(status.st_size);
    std::string text(std::min(size, limit), '\0');
    const auto start = static_cast<off_t>(size - text.size());
    if (::lseek(file.get(), start, SEEK_SET) < 0) return failed("read", path, errno);
    if (const int problem = read_all(file.get(), &text)) return failed("read", path, problem);
    return text;
  }

  Expected<std::size_t> append(const std::string& name, std::string_view bytes) override {
    const std::string path = folder_ + '/' + name;
    const Descriptor file(::open(
        path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640));
    if (file.get() < 0) return failed("write", path, errno);
    ssize_t written = 0;
    do {
      written = ::write(file.get(), bytes.data(), bytes.size());
    } while (written < 0 && errno == EINTR);
    if (written < 0) return failed("write", path, errno);
    if (written == 0) return failed("write", path, ENOSPC);
    // The bytes are in the file all the same; a power cut may still take them.
    (void)::fdatasync(file.get());
    return static_cast<std::size_t>(written);
  }

  Expected<void> rename(const std::string& from, const std::string& to) override {
    const std::string path = folder_ + '/' + from;
    if (::rename(path.c_str(), (folder_ + '/' + to).c_str()) != 0) {
      return failed("rename", path, errno);
    }
    return {};
  }

 private:
  std::string folder_;
};

/// 0, or errno.
int write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

class FolderPublished final : public PublishedFiles {
 public:
  explicit FolderPublished(std::string folder) : folder_(std::move(folder)) {}

  Expected<void> replace(const std::string& name, std::string_view text) override {
    const std::string path = folder_ + '/' + name;
    // One writer, one name: what a crash left behind is written over.
    const std::string temporary = folder_ + "/." + name + ".new";
    int problem = 0;
    {
      const Descriptor file(
          ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
      if (file.get() < 0) return failed("write", path, errno);
      problem = write_whole(file.get(), text);
      // The umask is stricter; monitoring runs as somebody else. No sync: a runtime directory does
      // not outlive the machine, and a rename is atomic for who reads.
      if (problem == 0 && ::fchmod(file.get(), 0644) != 0) problem = errno;
    }
    if (problem == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) problem = errno;
    if (problem == 0) return {};
    ::unlink(temporary.c_str());
    return failed("write", path, problem);
  }

 private:
  std::string folder_;
};

}  // namespace

std::unique_ptr<HistoryFiles> history_files(const std::string& folder) {
  return std::make_unique<FolderHistory>(folder);
}

std::unique_ptr<PublishedFiles> published_files(const std::string& folder) {
  return std::make_unique<FolderPublished>(folder);
}

}  // namespace xic::daemon
