#include "cli/output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace xic::cli {
namespace {

constexpr int kDefaultWidth = 100;
constexpr int kMinWidth = 40;

tl::unexpected<Error> failed(const std::string& path, int error_number) {
  Error error;
  error.code =
      error_number == EACCES || error_number == EPERM ? Error::Code::denied : Error::Code::io;
  error.sys_errno = error_number;
  error.message = "cannot write " + path + ": " + std::strerror(error_number);
  return tl::unexpected(std::move(error));
}

/// 0, or errno.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

Expected<void> write_directly(int fd, const std::string& name, std::string_view text) {
  const int problem = write_all(fd, text);
  if (problem != 0 && problem != EPIPE) return failed(name, problem);
  return {};
}

/// `path` names something that exists and is no regular file. A rename would put a file in the
/// place of /dev/null.
bool is_special(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
}

Expected<void> write_atomically(const std::string& path, std::string_view text) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  std::string temporary = folder + ".xen-iommu-check.XXXXXX";
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return failed(path, errno);
  int problem = write_all(fd, text);
  // mkstemp makes it private; scrapers and monitoring run as other users.
  if (problem == 0 && ::fchmod(fd, 0644) != 0) problem = errno;
  if (problem == 0 && ::fsync(fd) != 0) problem = errno;
  if (::close(fd) != 0 && problem == 0) problem = errno;
  if (problem == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) problem = errno;
  if (problem == 0) return {};
  ::unlink(temporary.c_str());
  return failed(path, problem);
}

bool color_wanted(const Options& options) {
  if (options.color != Color::automatic) return options.color == Color::always;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* terminal = std::getenv("TERM");
  if (terminal == nullptr || std::string_view(terminal) == "dumb") return false;
  return options.output.empty() && ::isatty(STDOUT_FILENO) == 1;
}

int text_width(const Options& options) {
  if (options.width != 0) return options.width;
  winsize window{};
  if (!options.output.empty() || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 ||
      window.ws_col == 0) {
    return kDefaultWidth;
  }
  return std::clamp(static_cast<int>(window.ws_col), kMinWidth, kDefaultWidth);
}

}  // namespace

Expected<void> write_report(const Options& options, std::string_view text) {
  if (options.output.empty()) return write_directly(STDOUT_FILENO, "standard output", text);
  if (!is_special(options.output)) return write_atomically(options.output, text);
  const int fd = ::open(options.output.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return failed(options.output, errno);
  auto written = write_directly(fd, options.output, text);
  ::close(fd);
  return written;
}

Expected<Reader> write_stream(std::string_view text) {
  const int problem = write_all(STDOUT_FILENO, text);
  if (problem == EPIPE) return Reader::gone;
  if (problem != 0) return failed("standard output", problem);
  return Reader::there;
}

TextStyle text_style(const Options& options) {
  return {color_wanted(options), options.ascii, text_width(options)};
}

void complain(std::string_view text) {
  (void)write_all(STDERR_FILENO, "xen-iommu-check: " + sanitise(text) + '\n');
}

}  // namespace xic::cli
