#include "probe/child_load.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace xic::probe {
namespace {

constexpr unsigned kXenPageShift = 12;
constexpr unsigned kNobody = 65534;

bool become_nobody() {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(kNobody, kNobody, kNobody) == 0 &&
         ::setresuid(kNobody, kNobody, kNobody) == 0;
}

/// Where a sandbox lets nobody change who they are.
bool give_up_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return ::syscall(SYS_capset, &header, none) == 0;
}

bool drop_privileges() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) return false;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (::geteuid() == 0 && !become_nobody() && !give_up_capabilities()) return false;
  return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

/// The whole life of the child. Never returns.
[[noreturn]] void child(int memory, std::uint64_t frame, int pipe_end, unsigned seconds) {
  // Whoever started us may have blocked, ignored or handled what is to end this process.
  for (const int signal : {SIGALRM, SIGBUS, SIGSEGV}) (void)::signal(signal, SIG_DFL);
  sigset_t nothing;
  ::sigemptyset(&nothing);
  ::sigprocmask(SIG_SETMASK, &nothing, nullptr);
  ::alarm(seconds);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::close(fd);
  if (!drop_privileges()) ::_exit(kKeptPrivileges);

  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t address = frame << kXenPageShift;
  const std::uint64_t within = address & (page - 1);
  void* const mapped =
      ::mmap(nullptr, page, PROT_READ, MAP_SHARED, memory, static_cast<off_t>(address - within));
  if (mapped == MAP_FAILED) ::_exit(errno);
  const volatile auto* const word = reinterpret_cast<const volatile std::uint32_t*>(
      static_cast<const unsigned char*>(mapped) + within);
  if (::write(pipe_end, &kAboutToLoad, 1) != 1) ::_exit(errno);
  (void)*word;
  if (::write(pipe_end, &kLoaded, 1) != 1) ::_exit(errno);
  ::_exit(0);
}

std::int64_t milliseconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/// Reads until the child's end of the pipe is closed. False where that takes too long.
bool read_to_end(int pipe_end, std::int64_t deadline, std::string* bytes) {
  std::array<char, 8> buffer{};
  while (true) {
    const std::int64_t left = deadline - milliseconds_now();
    pollfd wanted{pipe_end, POLLIN, 0};
    const int ready = left <= 0 ? 0 : ::poll(&wanted, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t count = ::read(pipe_end, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count == 0;
    if (bytes->size() < buffer.size())
      bytes->append(buffer.data(), static_cast<std::size_t>(count));
  }
}

Load no_answer(std::string why) {
  return {Outcome::no_answer, std::move(why)};
}

std::string error_text(const char* what, int code) {
  return std::string(what) + ": " + std::strerror(code);
}

}  // namespace

Load judge(const ChildEnd& end) {
  const bool began = end.bytes.starts_with(kAboutToLoad);
  const bool loaded = end.bytes == std::string{kAboutToLoad, kLoaded};
  if (end.ended_by_us) return no_answer("the load did not end in time");
  if (WIFEXITED(end.wait_status)) {
    const int status = WEXITSTATUS(end.wait_status);
    if (status == 0 && loaded) return {Outcome::present, ""};
    if (status == kKeptPrivileges) return no_answer("the child could not drop its privileges");
    if (status != 0 && !began) return no_answer(error_text("mmap of /dev/mem", status));
    return no_answer("the child ended without a load");
  }
  if (!WIFSIGNALED(end.wait_status)) return no_answer("the child did not end");
  const int signal = WTERMSIG(end.wait_status);
  if (signal == SIGKILL && began && !loaded) return {Outcome::absent, ""};
  return no_answer(std::string("the child was ended by signal ") + std::to_string(signal) +
                   (began ? "" : " before the load"));
}

Load load_in_child(int memory, std::uint64_t frame, unsigned seconds) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return no_answer(error_text("pipe", errno));
  const pid_t pid = ::fork();
  if (pid < 0) {
    const int code = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    return no_answer(error_text("fork", code));
  }
  if (pid == 0) {
    ::close(ends[0]);
    child(memory, frame, ends[1], seconds);
  }
  ::close(ends[1]);
  // The child's own alarm comes first; this is for one that cannot be interrupted.
  constexpr std::int64_t kGraceMs = 2000;
  const std::int64_t deadline = milliseconds_now() + std::int64_t{seconds} * 1000 + kGraceMs;
  ChildEnd end;
  end.ended_by_us = !read_to_end(ends[0], deadline, &end.bytes);
  ::close(ends[0]);
  if (end.ended_by_us) ::kill(pid, SIGKILL);
  while (::waitpid(pid, &end.wait_status, 0) < 0) {
    if (errno != EINTR) return no_answer(error_text("waitpid", errno));
  }
  return judge(end);
}

}  // namespace xic::probe
