// xen-iommud: reads its options, puts the parts together, runs the loop.
#include <malloc.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-id128.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "daemon/boot_id.h"
#include "daemon/console_file.h"
#include "daemon/journal_sink.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/watcher.h"
#include "host/inquiry/inquiry.h"
#include "host/live/console_wakeup.h"
#include "host/live/journal/journal_kernel_log.h"
#include "host/live/live_host.h"
#include "host/probe/probe_host.h"
#include "host/recorder/flight_recorder.h"

namespace xic::daemon {
namespace {

constexpr int kExitUsage = 64;
constexpr int kExitInternal = 70;

struct Folders {
  std::string configuration;
  std::string state;
  std::string runtime;
  std::string sysroot;
};

/// What systemd was told in the unit, or the same without systemd.
std::string folder(const char* variable, const char* otherwise) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

std::string new_name() {
  sd_id128_t id{};
  std::array<char, SD_ID128_STRING_MAX> text{};
  (void)sd_id128_randomize(&id);
  return sd_id128_to_string(id, text.data());
}

/// What `source` wants read in the place of Xen's ring: nothing for the ring itself. With "auto" it
/// is the log where the ring cannot be read and the log can.
std::unique_ptr<ConsoleFile> console_file(const std::string& source, ConsoleRing* ring,
                                          const std::string& sysroot, StateFile kept) {
  if (source == "ring") return nullptr;
  const bool automatic = source == "auto";
  if (automatic && ring->oldest()) return nullptr;
  auto log = std::make_unique<ConsoleFile>(
      sysroot + (automatic ? InquiryOptions().hypervisor_log : source), std::move(kept), new_name);
  if (automatic && !log->oldest()) return nullptr;
  return log;
}

Expected<void> watch(const Folders& folders) {
  const auto load = [&] { return load_settings(folders.configuration); };
  const LoadedSettings loaded = load();
  for (const std::string& warning : loaded.warnings) spdlog::warn("{}", warning);

  LiveHost host(folders.sysroot);
  Ports ports = host.ports();
  // The unit's sandbox has no /dev/kmsg; the journal has the kernel's messages as well.
  JournalKernelLog journal_log(JournalKernelLog::From::oldest);
  if (std::getenv("NOTIFY_SOCKET") != nullptr && folders.sysroot.empty()) {
    ports.kernel = &journal_log;
  }
  const auto journal = logging_sink(journal_sink());
  const auto history = history_files(folders.state);
  const auto published = published_files(folders.runtime);
  const auto state = published_files(folders.state);
  auto boot = boot_id("");
  if (!boot) return tl::unexpected(boot.error());
  Identity identity{XIC_VERSION, ::getpid(), *boot, [&] { return boot; }, "sysctl"};
  const auto log = console_file(loaded.settings.console_source, ports.console, folders.sysroot,
                                StateFile(history.get(), state.get(), "console.json"));
  if (log) {
    ports.console = log.get();
    identity.epoch = [&] { return log->epoch(); };
    identity.console_source = "file:" + log->path();
  }
  MountedTracefs tracefs;
  RunningKernelCode kernel_code;
  FlightRecorder recorder(&tracefs, &kernel_code);
  const RunProbe probe = [&](const Facts& facts) {
    return probe_host(ports, facts, [&]() -> std::optional<GrantDump> {
      if (!facts.latest_dump || !facts.latest_dump->complete()) return std::nullopt;
      return facts.latest_dump;
    });
  };
  Watcher watcher(ports, {&recorder, probe},
                  {journal.get(), history.get(), published.get(), state.get()}, identity,
                  loaded.settings);
  return run_loop(&watcher, ports, load, [&]() -> Expected<std::unique_ptr<ConsoleEvent>> {
    auto bound = ConsoleWakeup::bind(folders.sysroot);
    if (!bound) return tl::unexpected(std::move(bound.error()));
    return std::make_unique<ConsoleWakeup>(*std::move(bound));
  });
}

int run(int argc, char** argv) {
  CLI::App app("Watches Xen's console for IOMMU faults and explains them", "xen-iommud");
  Folders folders{folder("CONFIGURATION_DIRECTORY", "/etc/xen-iommud"),
                  folder("STATE_DIRECTORY", "/var/lib/xen-iommud"),
                  folder("RUNTIME_DIRECTORY", "/run/xen-iommud"), ""};
  app.add_option("--configuration", folders.configuration,
                 "folder of xen-iommud.conf and conf.d/*.conf")
      ->capture_default_str();
  app.add_option("--state", folders.state, "folder of the history")->capture_default_str();
  app.add_option("--runtime", folders.runtime, "folder of state.json and metrics.prom")
      ->capture_default_str();
  app.add_option("--sysroot", folders.sysroot, "read /proc, /sys and /dev/kmsg below this folder");
  app.set_version_flag("--version", "xen-iommud " XIC_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  // What one large reading of the ring needed is given back.
  ::mallopt(M_TRIM_THRESHOLD, 256 * 1024);
  (void)::signal(SIGPIPE, SIG_IGN);
  set_up_log();
  if (const auto ran = watch(folders); !ran) {
    spdlog::error("{}", ran.error().message);
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace xic::daemon

int main(int argc, char** argv) {
  try {
    return xic::daemon::run(argc, argv);
  } catch (const std::exception& error) {
    spdlog::error("internal error: {}", error.what());
    return xic::daemon::kExitInternal;
  }
}
