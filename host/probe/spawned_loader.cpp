#include "host/probe/spawned_loader.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "host/iomem/iomem_file.h"

namespace xic {
namespace {

constexpr std::size_t kMaxOutput = std::size_t{64} << 10;
/// The program gives each load five seconds and ends by itself.
constexpr std::int64_t kMillisecondsPerFrame = 8000;

Error cannot(const std::string& what, int code) {
  Error error;
  error.code = code == EACCES || code == EPERM ? Error::Code::denied
               : code == ENOENT                ? Error::Code::not_found
                                               : Error::Code::io;
  error.sys_errno = code;
  error.message = "cannot " + what + ": " + std::strerror(code);
  error.hint = code == ENOENT ? "install the whole package" : "";
  return error;
}
Error nonsense(const std::string& text) {
  return {Error::Code::malformed, 0, "the probe's program gave no answer that can be read",
          text.empty() ? "" : "it said: " + text.substr(0, 200)};
}

std::int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

/// All that comes through `fd` until its end or the deadline; false for the latter.
bool read_output(int fd, std::int64_t deadline, std::string* text) {
  std::array<char, 4096> buffer{};
  while (true) {
    const std::int64_t left = deadline - now_ms();
    pollfd wanted{fd, POLLIN, 0};
    const int ready = left <= 0 ? 0 : ::poll(&wanted, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    if (text->size() < kMaxOutput) text->append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string hex_text(Frame frame) {
  std::array<char, 18> buffer{'0', 'x'};
  const auto end =
      std::to_chars(buffer.data() + 2, buffer.data() + buffer.size(), frame.value(), 16).ptr;
  return {buffer.data(), end};
}

}  // namespace

Expected<std::vector<FrameLoad>> SpawnedLoader::load(std::span<const Frame> frames) {
  std::vector<std::string> words{program_};
  words.reserve(frames.size() + 1);
  for (const Frame frame : frames) words.push_back(hex_text(frame));
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  char* environment[] = {nullptr};

  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return tl::unexpected(cannot("make a pipe for the probe", errno));
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  // In a sandbox that is how the program sees addresses.
  if (!is_iomem(STDIN_FILENO)) {
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, program_.c_str(), &actions, nullptr, arguments.data(),
                                   static_cast<char* const*>(environment));
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) {
    ::close(ends[0]);
    return tl::unexpected(cannot("run " + program_, failed));
  }
  std::string text;
  const auto count = static_cast<std::int64_t>(frames.size());
  const bool ended = read_output(ends[0], now_ms() + kMillisecondsPerFrame * (count + 1), &text);
  ::close(ends[0]);
  if (!ended) ::kill(pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return tl::unexpected(cannot("wait for " + program_, errno));
  }
  if (!ended) return tl::unexpected(cannot("probe in time", ETIMEDOUT));
  return read_loads(text, frames);
}

Expected<std::vector<FrameLoad>> read_loads(const std::string& text,
                                            std::span<const Frame> frames) {
  using nlohmann::json;
  std::vector<FrameLoad> loads;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const json object = json::parse(line.begin(), line.end(), nullptr, false);
    if (!object.is_object() || loads.size() == frames.size()) return tl::unexpected(nonsense(text));
    const auto word = [&](const char* key) {
      const auto found = object.find(key);
      return found != object.end() && found->is_string() ? found->get<std::string>()
                                                         : std::string();
    };
    FrameLoad load;
    load.frame = frames[loads.size()];
    if (word("frame") != hex_text(load.frame)) return tl::unexpected(nonsense(text));
    const std::string result = word("result");
    if (result == "present") {
      load.result = FrameLoad::Result::present;
    } else if (result == "absent") {
      load.result = FrameLoad::Result::absent;
    } else if (result != "no_answer") {
      return tl::unexpected(nonsense(text));
    }
    load.detail = word("why").substr(0, 200);
    loads.push_back(std::move(load));
  }
  if (loads.size() != frames.size()) return tl::unexpected(nonsense(text));
  return loads;
}

}  // namespace xic
