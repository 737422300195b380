#include "host/live/small_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "host/live/failure.h"

namespace xic {
namespace {

constexpr std::size_t kMost = 65536;

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int value() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

Expected<std::string> read_small_file(const std::string& path) {
  const Descriptor file(path);
  if (file.value() < 0) return tl::unexpected(failure(errno, "open " + path));
  std::string text;
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t count = ::read(file.value(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return tl::unexpected(failure(errno, "read " + path));
    if (count == 0) break;
    text.append(block.data(), static_cast<std::size_t>(count));
    if (text.size() > kMost) {
      return tl::unexpected(Error{Error::Code::too_large, 0, path + " is longer than 64 KiB", ""});
    }
  }
  return text;
}

Expected<std::string> read_value(const std::string& path) {
  auto text = read_small_file(path);
  if (text && text->ends_with('\n')) text->pop_back();
  return text;
}

}  // namespace xic
