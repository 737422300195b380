#include "daemon/journal_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
// The journal's own header would add the place of the call to each entry.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xic::daemon {
namespace {

constexpr std::string_view kSocket = "/run/systemd/journal/socket";

tl::unexpected<Error> not_taken(const char* what, int problem) {
  Error error;
  error.sys_errno = problem;
  error.message =
      std::string("the journal takes no entries: ") + what + ": " + std::strerror(problem);
  error.hint = "look at systemd-journald.service";
  return tl::unexpected(std::move(error));
}

/// Connected to journald's socket; tells whether a datagram would be taken without waiting.
class Room {
 public:
  ~Room() { close(); }
  Room() = default;
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  [[nodiscard]] Expected<void> check() {
    if (fd_ < 0) {
      if (auto connected = connect(); !connected) return connected;
    }
    pollfd socket{fd_, POLLOUT, 0};
    const int ready = ::poll(&socket, 1, 0);
    if (ready > 0 && (socket.revents & (POLLERR | POLLHUP)) == 0) return {};
    // A journald that was started anew has another socket under the same name.
    close();
    if (auto connected = connect(); !connected) return connected;
    socket = {fd_, POLLOUT, 0};
    if (::poll(&socket, 1, 0) > 0 && (socket.revents & (POLLERR | POLLHUP)) == 0) return {};
    return not_taken("its queue is full", EAGAIN);
  }

 private:
  [[nodiscard]] Expected<void> connect() {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0) return not_taken("no socket", errno);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    kSocket.copy(address.sun_path, sizeof address.sun_path - 1);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(fd_, generic, sizeof address) == 0) return {};
    const int problem = errno;
    close();
    return not_taken("no journald", problem);
  }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  int fd_ = -1;
};

class JournalSink final : public EventSink {
 public:
  Expected<void> publish(const Event& event) override {
    if (auto room = room_.check(); !room) return room;
    const EventKindInfo& kind = info(event.kind);
    std::vector<std::string> lines;
    lines.reserve(event.fields.size() + 5);
    lines.push_back("MESSAGE=" + event.message);
    lines.push_back("MESSAGE_ID=" + std::string(kind.message_id));
    lines.push_back("PRIORITY=" + std::to_string(static_cast<int>(event.priority)));
    lines.emplace_back("SYSLOG_IDENTIFIER=xen-iommud");
    lines.push_back("XEN_IOMMU_EVENT=" + std::string(kind.id));
    for (const EventField& field : event.fields) {
      lines.push_back("XEN_IOMMU_" + std::string(field.name) + '=' + field.value);
    }
    std::vector<iovec> parts;
    parts.reserve(lines.size());
    for (std::string& line : lines) parts.push_back({line.data(), line.size()});
    const int result = ::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
    if (result < 0) return not_taken("sd_journal_sendv", -result);
    return {};
  }

 private:
  Room room_;
};

}  // namespace

std::unique_ptr<EventSink> journal_sink() {
  return std::make_unique<JournalSink>();
}

}  // namespace xic::daemon
