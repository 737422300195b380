#include "cli/pause.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

#include <cerrno>

namespace xic::cli {
namespace {

timespec time_of(std::uint64_t ns) {
  timespec time{};
  time.tv_sec = static_cast<time_t>(ns / kSecond);
  time.tv_nsec = static_cast<long>(ns % kSecond);
  return time;
}

}  // namespace

bool SleepPause::wait(std::uint64_t ns) {
  timespec left = time_of(ns);
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
  return true;
}

Expected<SignalPause> SignalPause::make() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals, signal);
  if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) {
    return tl::unexpected(system_error("hold back signals", errno));
  }
  UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return tl::unexpected(system_error("wait for signals", errno));
  return SignalPause(std::move(fd));
}

bool SignalPause::wait(std::uint64_t ns) {
  std::vector<pollfd> fds = {{signals_.get(), POLLIN, 0}};
  for (const int fd : events_) fds.push_back({fd, POLLIN, 0});
  const timespec time = time_of(ns);
  (void)::ppoll(fds.data(), fds.size(), &time, nullptr);
  return (fds.front().revents & POLLIN) == 0;
}

}  // namespace xic::cli
