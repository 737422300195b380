#include "host/live/lib_xenstore.h"

#include <pthread.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "host/capture/file.h"
#include "host/live/failure.h"
#include "host/live/xen/xenstore.h"
#include "host/live/xenstore_route.h"

namespace xic {
namespace {

struct CloseHandle {
  void operator()(xs_handle* handle) const { xs_close(handle); }
};
using Handle = std::unique_ptr<xs_handle, CloseHandle>;

/// What the library returns is one malloc() each.
struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// All signals blocked, so that a thread started meanwhile never takes one.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_{};
};

/// What the library leaves in errno when the connection is of no more use: EBADF at its end, EINVAL
/// where its reader thread met that end, E2BIG for an answer over 4096 bytes, of which it has read
/// the header only (tools/libs/store/xs.c, 4.17: read_all, read_reply, read_message). xenstored
/// itself answers EINVAL to malformed paths only, which are not sent, and E2BIG not at all.
bool connection_is_gone(int sys_errno) {
  switch (sys_errno) {
    case EBADF:
    case EINVAL:
    case E2BIG:
    case EIO:
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
      return true;
    default:
      return false;
  }
}

/// public/io/xs_wire.h: XENSTORE_ABS_PATH_MAX; docs/misc/xenstore.txt: which characters, and no
/// empty parts. "@..." are special watches.
bool is_path(std::string_view path) {
  if (path.empty() || path.size() > 3072) return false;
  if (path.front() != '/' && path.front() != '@') return false;
  if (path.size() > 1 && path.back() == '/') return false;
  return path.find("//") == std::string_view::npos &&
         std::all_of(path.begin(), path.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("-/_@").find(c) != std::string_view::npos;
         });
}

std::string hint_for(int sys_errno) {
  switch (sys_errno) {
    case EACCES:
    case EPERM:
      return "only dom0 may read all of xenstore; run it there, as root";
    case ENOMEM:
    case ENOSPC:
      return "a quota of xenstored is used up";
    case EIO:
      return "xenstored cannot read its own data: see its log in /var/log/xen";
    default:
      return connection_is_gone(sys_errno) ? "xenstored went away: systemctl status xenstored" : "";
  }
}

tl::unexpected<Error> refused(int sys_errno, const char* operation, const std::string& path) {
  if (sys_errno == E2BIG) {
    return tl::unexpected(Error{Error::Code::too_large, sys_errno,
                                std::string("cannot ") + operation + " " + path +
                                    " in xenstore: the answer is longer than its protocol allows",
                                ""});
  }
  return tl::unexpected(failure(sys_errno, std::string(operation) + " " + path + " in xenstore",
                                hint_for(sys_errno)));
}

tl::unexpected<Error> no_path(const std::string& path) {
  return tl::unexpected(Error{Error::Code::malformed, 0,
                              "\"" + path.substr(0, 64) + "\" is no path in xenstore", ""});
}

}  // namespace

struct LibXenStore::Impl {
  explicit Impl(std::chrono::milliseconds waits) : patience(waits) {}

  /// Connects and sets every watch again.
  Expected<void> connect() {
    if (auto answer = xenstore_answers(xenstore_routes(), patience); !answer) return answer;
    handle.reset(xs_open(0));
    if (handle == nullptr) {
      return tl::unexpected(failure(failed_errno(), "connect to xenstored", hint_for(EPIPE)));
    }
    for (const StoreEvent& watch : watches) {
      if (!set(watch)) {
        const int error = failed_errno();
        handle.reset();
        return refused(error, "watch", watch.path);
      }
    }
    return {};
  }

  /// One watch on the present connection; errno where it fails.
  [[nodiscard]] bool set(const StoreEvent& watch) {
    const BlockedSignals blocked;
    if (!xs_watch(handle.get(), watch.path.c_str(), watch.token.c_str())) return false;
    epoll_event readable{};
    readable.events = EPOLLIN;
    // A pipe of the library's, made at the first call; a new one for each connection.
    if (::epoll_ctl(events.get(), EPOLL_CTL_ADD, xs_fileno(handle.get()), &readable) == 0)
      return true;
    return errno == EEXIST;
  }

  /// What `question` gives, over a new connection where there is none or the one there was turns
  /// out to be gone; of both, one in all.
  template <class Question>
  auto ask(const char* operation, const std::string& path, const Question& question)
      -> Expected<decltype(question())> {
    bool fresh = handle == nullptr;
    if (fresh) {
      if (auto ok = connect(); !ok) return tl::unexpected(ok.error());
    }
    for (;;) {
      errno = 0;
      auto answer = question();
      if (answer) return answer;
      const int error = failed_errno();
      if (!connection_is_gone(error)) return refused(error, operation, path);
      // At once, and before any descriptor is opened: the reader thread may be closing its own by
      // number, and is joined here.
      handle.reset();
      if (fresh || error == E2BIG) return refused(error, operation, path);
      fresh = true;
      if (auto ok = connect(); !ok) return tl::unexpected(ok.error());
    }
  }

  std::chrono::milliseconds patience;
  Handle handle;
  UniqueFd events;                  ///< epoll: readable while the connection's pipe is.
  std::vector<StoreEvent> watches;  ///< That are to be set on every connection.
};

LibXenStore::LibXenStore(std::chrono::milliseconds patience)
    : impl_(std::make_unique<Impl>(patience)) {}
LibXenStore::~LibXenStore() = default;

Expected<std::optional<std::string>> LibXenStore::read(const std::string& path) {
  if (!is_path(path)) return no_path(path);
  unsigned length = 0;
  const auto value = impl_->ask("read", path, [&] {
    return Owned<char>(
        static_cast<char*>(xs_read(impl_->handle.get(), XBT_NULL, path.c_str(), &length)));
  });
  if (!value) {
    if (value.error().sys_errno == ENOENT && impl_->handle != nullptr) {
      return std::optional<std::string>{};
    }
    return tl::unexpected(value.error());
  }
  if (length > kMaxValue) return refused(E2BIG, "read", path);
  return std::string(value->get(), length);
}

Expected<std::optional<std::vector<std::string>>> LibXenStore::list(const std::string& path) {
  if (!is_path(path)) return no_path(path);
  unsigned count = 0;
  const auto names = impl_->ask("list", path, [&] {
    return Owned<char*>(xs_directory(impl_->handle.get(), XBT_NULL, path.c_str(), &count));
  });
  if (!names) {
    if (names.error().sys_errno == ENOENT && impl_->handle != nullptr) {
      return std::optional<std::vector<std::string>>{};
    }
    return tl::unexpected(names.error());
  }
  if (count > kMaxNames) return refused(E2BIG, "list", path);
  return std::vector<std::string>(names->get(), names->get() + count);
}

Expected<void> LibXenStore::watch(const std::string& path, const std::string& token) {
  if (!is_path(path)) return no_path(path);
  const auto same = [&](const StoreEvent& watch) {
    return watch.path == path && watch.token == token;
  };
  if (std::any_of(impl_->watches.begin(), impl_->watches.end(), same)) return {};
  if (!impl_->events.valid()) {
    impl_->events = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
    if (!impl_->events.valid()) {
      return tl::unexpected(failure(errno, "watch " + path + " in xenstore (epoll)"));
    }
  }
  const StoreEvent watch{path, token};
  const auto set = impl_->ask("watch", path, [&] { return impl_->set(watch); });
  if (!set) return tl::unexpected(set.error());
  impl_->watches.push_back(watch);
  return {};
}

Expected<std::optional<StoreEvent>> LibXenStore::next_event() {
  if (impl_->watches.empty()) return std::optional<StoreEvent>{};
  const auto event = impl_->ask("watch", impl_->watches.front().path,
                                [&] { return Owned<char*>(xs_check_watch(impl_->handle.get())); });
  if (event) return StoreEvent{(*event).get()[XS_WATCH_PATH], (*event).get()[XS_WATCH_TOKEN]};
  if (event.error().sys_errno == EAGAIN) return std::optional<StoreEvent>{};
  return tl::unexpected(event.error());
}

Expected<int> LibXenStore::event_fd() {
  if (impl_->watches.empty()) {
    return tl::unexpected(
        Error{Error::Code::not_found, 0, "nothing in xenstore is being watched", ""});
  }
  return impl_->events.get();
}

}  // namespace xic
