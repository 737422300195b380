#include "daemon/loop.h"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace xic::daemon {
namespace {

constexpr std::uint64_t kMicrosecond = 1000;    // In nanoseconds.
constexpr std::uint64_t kTimerAccuracy = 5000;  // In microseconds.
constexpr std::uint64_t kEventPause = 20'000;   // In microseconds.

struct Unref {
  void operator()(sd_event* event) const { sd_event_unref(event); }
  void operator()(sd_event_source* source) const { sd_event_source_unref(source); }
};
using EventPointer = std::unique_ptr<sd_event, Unref>;
using SourcePointer = std::unique_ptr<sd_event_source, Unref>;

tl::unexpected<Error> failed(const char* what, int result) {
  Error error;
  error.sys_errno = -result;
  error.message = std::string("the event loop failed: ") + what + ": " + std::strerror(-result);
  return tl::unexpected(std::move(error));
}

class Loop {
 public:
  Loop(Watcher* watcher, const Ports& ports, const std::function<LoadedSettings()>& load,
       const BindConsoleEvent& bind)
      : watcher_(watcher), ports_(ports), load_(load), bind_(bind) {}

  Expected<void> run();

 private:
  [[nodiscard]] Expected<void> set_up();
  void round();
  /// For the next poll; `latest` on CLOCK_BOOTTIME, in microseconds.
  void arm_timer(std::uint64_t latest = UINT64_MAX);
  void use_console_event();
  void on_console_event();
  void watch_descriptors();
  void watch(SourcePointer* source, const Expected<int>& fd, sd_event_io_handler_t handler);
  void reload();
  void tell_systemd();

  Watcher* watcher_;
  Ports ports_;
  const std::function<LoadedSettings()>& load_;
  const BindConsoleEvent& bind_;
  bool may_bind_ = true;  ///< Not tried since the settings were read.
  std::unique_ptr<ConsoleEvent> console_event_;
  EventPointer event_;
  SourcePointer timer_;
  SourcePointer kernel_;
  SourcePointer store_;
  SourcePointer console_;
  bool told_ready_ = false;
  std::string told_status_;
};

Loop& loop_of(void* user) {
  return *static_cast<Loop*>(user);
}

Expected<void> Loop::set_up() {
  sd_event* event = nullptr;
  if (const int result = sd_event_default(&event); result < 0) return failed("create", result);
  event_.reset(event);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  for (const int signal : {SIGTERM, SIGINT}) {
    // Without a handler of one's own sd-event leaves the loop.
    if (const int result = sd_event_add_signal(event, nullptr, signal, nullptr, nullptr);
        result < 0) {
      return failed("signals", result);
    }
  }
  const auto on_hangup = [](sd_event_source*, const signalfd_siginfo*, void* user) {
    loop_of(user).reload();
    return 0;
  };
  if (const int result = sd_event_add_signal(event, nullptr, SIGHUP, on_hangup, this); result < 0) {
    return failed("signals", result);
  }
  const auto on_time = [](sd_event_source*, std::uint64_t, void* user) {
    loop_of(user).round();
    return 0;
  };
  sd_event_source* timer = nullptr;
  // At once: the first round.
  if (const int result =
          sd_event_add_time(event, &timer, CLOCK_BOOTTIME, 0, kTimerAccuracy, on_time, this);
      result < 0) {
    return failed("timer", result);
  }
  timer_.reset(timer);
  if (const int result = sd_event_set_watchdog(event, 1); result < 0) {
    return failed("watchdog", result);
  }
  return {};
}

/// Xen's console is looked at whatever woke us.
void Loop::round() {
  watcher_->poll();
  use_console_event();
  watch_descriptors();
  arm_timer();
  tell_systemd();
}

/// Holds Xen's console event while the settings want it. One that is refused is asked for again
/// when the settings are read again.
void Loop::use_console_event() {
  if (!watcher_->ready()) return;
  if (watcher_->settings().wakeup != Wakeup::virq) {
    console_.reset();
    console_event_.reset();
    watcher_->note("wakeup", {});
    return;
  }
  if (console_event_) {
    sd_event_source_set_enabled(console_.get(), SD_EVENT_ON);
    return;
  }
  if (!std::exchange(may_bind_, false)) return;
  auto bound = bind_();
  watcher_->note("wakeup", bound ? Expected<void>{} : tl::unexpected(bound.error()));
  if (!bound) return;
  console_event_ = *std::move(bound);
  watch(&console_, console_event_->fd(), [](sd_event_source*, int, std::uint32_t, void* user) {
    loop_of(user).on_console_event();
    return 0;
  });
}

/// Reads at once, and then not for kEventPause: somebody who prints without end wakes us no more
/// often than a storm does.
void Loop::on_console_event() {
  const auto taken = console_event_->acknowledge();
  watcher_->poll();
  if (!taken) {
    console_.reset();
    console_event_.reset();
    watcher_->note("wakeup", tl::unexpected(taken.error()));
  } else {
    sd_event_source_set_enabled(console_.get(), SD_EVENT_OFF);
    std::uint64_t now = 0;
    sd_event_now(event_.get(), CLOCK_BOOTTIME, &now);
    arm_timer(now + kEventPause);
  }
  tell_systemd();
}

void Loop::arm_timer(std::uint64_t latest) {
  sd_event_source_set_time(timer_.get(), std::min(watcher_->next_poll() / kMicrosecond, latest));
  sd_event_source_set_enabled(timer_.get(), SD_EVENT_ONESHOT);
}

/// What could not be opened, or was closed by its other end, is tried again at every round.
void Loop::watch_descriptors() {
  if (!watcher_->ready()) return;
  watch(&kernel_, ports_.kernel->fd(), [](sd_event_source*, int, std::uint32_t, void* user) {
    loop_of(user).watcher_->on_kernel_log();
    loop_of(user).watch_descriptors();
    loop_of(user).arm_timer();
    loop_of(user).tell_systemd();
    return 0;
  });
  watch(&store_, ports_.store->event_fd(), [](sd_event_source*, int, std::uint32_t, void* user) {
    loop_of(user).watcher_->on_store();
    loop_of(user).arm_timer();
    return 0;
  });
}

void Loop::watch(SourcePointer* source, const Expected<int>& fd, sd_event_io_handler_t handler) {
  if (!fd) {
    source->reset();
    return;
  }
  if (*source && sd_event_source_get_io_fd(source->get()) == *fd) return;
  sd_event_source* added = nullptr;
  source->reset();
  if (sd_event_add_io(event_.get(), &added, *fd, EPOLLIN, handler, this) >= 0) {
    source->reset(added);
  }
}

void Loop::reload() {
  sd_notify(0, "RELOADING=1");
  const LoadedSettings loaded = load_();
  for (const std::string& warning : loaded.warnings) spdlog::warn("{}", warning);
  const std::string source = watcher_->settings().console_source;
  watcher_->reload(loaded);
  if (watcher_->settings().console_source != source) {
    spdlog::warn("ConsoleSource takes effect at the next start");
  }
  may_bind_ = true;
  sd_notify(0, "READY=1");
  round();
}

void Loop::tell_systemd() {
  std::string status = watcher_->status_text();
  std::string message;
  if (status != told_status_) message = "STATUS=" + status;
  if (watcher_->ready() && !told_ready_) {
    message += "\nREADY=1";
    told_ready_ = true;
  }
  if (message.empty()) return;
  sd_notify(0, message.c_str());
  told_status_ = std::move(status);
}

Expected<void> Loop::run() {
  if (auto ready = set_up(); !ready) return ready;
  const int result = sd_event_loop(event_.get());
  sd_notify(0, "STOPPING=1");
  watcher_->stop();
  if (result < 0) return failed("run", result);
  return {};
}

}  // namespace

Expected<void> run_loop(Watcher* watcher, const Ports& ports,
                        const std::function<LoadedSettings()>& load, const BindConsoleEvent& bind) {
  return Loop(watcher, ports, load, bind).run();
}

}  // namespace xic::daemon
