#include "cli/daemon_state.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <utility>

namespace xic::cli {
namespace {

/// The daemon writes at least once a minute.
constexpr std::int64_t kFresh = 150;

bool runs(std::int64_t pid) {
  struct stat status {};
  return pid > 0 && ::stat(("/proc/" + std::to_string(pid)).c_str(), &status) == 0;
}

Error unreadable(const std::string& path, int problem) {
  Error error;
  error.sys_errno = problem;
  error.code = problem == ENOENT   ? Error::Code::not_found
               : problem == EACCES ? Error::Code::denied
                                   : Error::Code::io;
  error.message = "cannot read the daemon's state " + path + ": " + std::strerror(problem);
  if (problem == ENOENT) error.hint = "does xen-iommud run? systemctl status xen-iommud";
  return error;
}

}  // namespace

Expected<PublishedState> read_published_state(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::unexpected(unreadable(path, errno));
  std::string text(kMaxStoredReport + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMaxStoredReport) return tl::unexpected(unreadable(path, EFBIG));
  auto report = read_report(text);
  if (!report || !report->daemon) {
    Error error;
    error.code = Error::Code::malformed;
    error.message = path + " is no state file of xen-iommud";
    return tl::unexpected(std::move(error));
  }
  PublishedState state;
  state.report = std::move(*report);
  state.age = static_cast<std::int64_t>(std::time(nullptr)) - state.report.generated_at;
  state.alive = runs(state.report.daemon->pid) && state.age < kFresh;
  return state;
}

}  // namespace xic::cli
