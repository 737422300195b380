#include "host/live/xenstore_route.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "host/capture/file.h"
#include "host/live/failure.h"
#include "host/live/xen/xenstore.h"

namespace xic {
namespace {

/// A question on the wire: struct xsd_sockmsg of public/io/xs_wire.h, then the domain in decimal.
struct Question {
  std::uint32_t type = 10;  // XS_GET_DOMAIN_PATH
  std::uint32_t request = 1;
  std::uint32_t transaction = 0;
  std::uint32_t length = 2;
  std::array<char, 2> domain{'0', '\0'};
};
constexpr std::size_t kHeader = 16;
constexpr std::size_t kQuestion = kHeader + 2;

/// An open descriptor that does not block, or the errno.
std::pair<UniqueFd, int> open_route(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {UniqueFd(), errno};
  if (!S_ISSOCK(status.st_mode)) {
    UniqueFd device(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    const int error = device.valid() ? 0 : errno;
    return {std::move(device), error};
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return {UniqueFd(), ENAMETOOLONG};
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return {UniqueFd(), errno};
  const auto* where = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (::connect(socket.get(), where, sizeof address) != 0) return {UniqueFd(), errno};
  return {std::move(socket), 0};
}

/// 0 once a whole header has come back, else the errno.
int ask(int fd, std::chrono::milliseconds patience) {
  const Question question;
  std::array<char, kQuestion> bytes{};
  std::memcpy(bytes.data(), &question, bytes.size());
  // A socket that nobody holds any more must not end this program.
  ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno == ENOTSOCK) sent = ::write(fd, bytes.data(), bytes.size());
  if (sent < 0) return errno;
  if (static_cast<std::size_t>(sent) != bytes.size()) return EIO;

  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::array<char, kHeader> header{};
  std::size_t have = 0;
  while (have < header.size()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() < 0) return ETIMEDOUT;
    pollfd readable{fd, POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return errno;
    if (ready == 0) return ETIMEDOUT;
    if (ready < 0) continue;
    const ssize_t count = ::read(fd, header.data() + have, header.size() - have);
    if (count == 0) return ECONNRESET;
    if (count < 0 && errno != EINTR && errno != EAGAIN) return errno;
    if (count > 0) have += static_cast<std::size_t>(count);
  }
  return 0;
}

std::string hint_for(int sys_errno) {
  switch (sys_errno) {
    case EACCES:
    case EPERM:
      return "run as root; a container or a unit's sandbox must let the socket or the device "
             "through";
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return "run it in a domain of a Xen host; if this is dom0: start xenstored "
             "(systemctl status xenstored)";
    default:
      return "xenstored is not running or hangs: systemctl status xenstored";
  }
}

}  // namespace

std::vector<std::string> xenstore_routes() {
  // As the library, which is asked for the same reason.
  if (const char* path = std::getenv("XENSTORED_PATH"); path != nullptr) return {path};
  return {xs_daemon_socket(), "/dev/xen/xenbus", "/proc/xen/xenbus"};
}

Expected<void> xenstore_answers(const std::vector<std::string>& routes,
                                std::chrono::milliseconds patience) {
  int telling = ENOENT;  // "No such file" says least of all.
  std::string tried;
  for (const std::string& path : routes) {
    auto [fd, error] = open_route(path);
    if (error == 0) error = ask(fd.get(), patience);
    if (error == 0) return {};
    tried += (tried.empty() ? "" : ", ") + path + " (" + std::strerror(error) + ")";
    if (telling == ENOENT) telling = error;
    // What could be opened is what the library takes; it looks no further.
    if (fd.valid()) break;
  }
  Error error = failure(telling, "reach xenstored", hint_for(telling));
  error.message = "cannot reach xenstored: " + tried;
  return tl::unexpected(std::move(error));
}

}  // namespace xic
