#include "host/live/xenconsoled.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "host/live/failure.h"
#include "host/live/small_file.h"

namespace xic {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> arguments(const std::string& command_line) {
  std::vector<std::string> all;
  for (std::size_t begin = 0; begin < command_line.size();) {
    const std::size_t end = std::min(command_line.find('\0', begin), command_line.size());
    all.push_back(command_line.substr(begin, end - begin));
    begin = end + 1;
  }
  return all;
}

bool names_hypervisor(std::string_view what) {
  return what == "hv" || what == "all";
}

/// Options of tools/console/daemon/main.c, Xen 4.11 to master: "--log X", "--log=X", "-l X", "-lX".
bool asks_for_hypervisor_log(const std::vector<std::string>& arguments) {
  for (std::size_t at = 1; at < arguments.size(); ++at) {
    std::string_view option = arguments[at];
    if (option == "--log" || option == "-l") {
      if (at + 1 < arguments.size() && names_hypervisor(arguments[at + 1])) return true;
      continue;
    }
    for (const std::string_view prefix : {"--log=", "-l"}) {
      if (option.starts_with(prefix) && names_hypervisor(option.substr(prefix.size()))) {
        return true;
      }
    }
  }
  return false;
}

bool has_hypervisor_log_open(const fs::path& process) {
  std::error_code error;
  for (fs::directory_iterator entry(process / "fd", error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unreadable;
    if (fs::read_symlink(entry->path(), unreadable).filename() == "hypervisor.log") return true;
  }
  return false;
}

/// The reason to believe that it logs the hypervisor's console.
std::optional<std::string> reason(const fs::path& process) {
  const std::string pid = process.filename();
  const auto command_line = read_small_file(process / "cmdline");
  if (!command_line) return "the options of process " + pid + " cannot be read";
  if (asks_for_hypervisor_log(arguments(*command_line))) {
    return "process " + pid + " was started with --log for the hypervisor";
  }
  if (has_hypervisor_log_open(process)) return "process " + pid + " has hypervisor.log open";
  return std::nullopt;
}

bool is_number(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Expected<std::optional<std::string>> xenconsoled_logs_hypervisor(const std::string& root) {
  const std::string proc = root + "/proc";
  std::error_code error;
  fs::directory_iterator entry(proc, error);
  // A private /proc (hidepid, ProtectProc=) shows one's own processes only: there nothing would be
  // found, and that would mean nothing.
  if (std::error_code hidden; !error && !fs::exists(proc + "/1", hidden)) {
    return tl::unexpected(
        Error{Error::Code::denied, EACCES,
              "cannot look for xenconsoled: " + proc + " does not show other processes",
              "do without the event: the ring is read on a timer"});
  }
  for (const fs::directory_iterator end; !error && entry != end; entry.increment(error)) {
    if (!is_number(entry->path().filename())) continue;
    const auto name = read_value(entry->path() / "comm");  // gone meanwhile: not it
    if (!name || *name != "xenconsoled") continue;
    if (auto found = reason(entry->path())) return found;
  }
  if (error) {
    return tl::unexpected(failure(error.value(), "look for xenconsoled in " + proc,
                                  "do without the event: the ring is read on a timer"));
  }
  return std::optional<std::string>{};
}

}  // namespace xic
