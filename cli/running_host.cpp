#include "cli/running_host.h"

#include <optional>
#include <utility>

#include "host/live/console_wakeup.h"
#include "host/live/live_host.h"
#include "host/probe/probe_host.h"
#include "host/recorder/flight_recorder.h"

namespace xic::cli {
namespace {

class ThisHost final : public RunningHost {
 public:
  explicit ThisHost(const std::string& root)
      : root_(root),
        host_(root),
        tracefs_(root.empty() ? "" : root + "/sys/kernel/tracing"),
        kernel_code_(root + "/proc"),
        recorder_(&tracefs_, &kernel_code_) {}
  [[nodiscard]] Ports ports() override {
    Ports ports = host_.ports();
    ports.recorder = &recorder_;
    return ports;
  }
  [[nodiscard]] Expected<std::unique_ptr<ConsoleEvent>> console_event() override {
    auto wakeup = ConsoleWakeup::bind(root_);
    if (!wakeup) return tl::unexpected(std::move(wakeup.error()));
    return std::make_unique<ConsoleWakeup>(*std::move(wakeup));
  }
  [[nodiscard]] GrantRecorder* recorder() override { return &recorder_; }
  [[nodiscard]] ProbeResult probe(const Facts& facts) override {
    // The inquiry before it took a dump where one was small enough or was asked for.
    return probe_host(host_.ports(), facts, [&]() -> std::optional<GrantDump> {
      if (!facts.latest_dump || !facts.latest_dump->complete()) return std::nullopt;
      return facts.latest_dump;
    });
  }

 private:
  std::string root_;
  LiveHost host_;
  MountedTracefs tracefs_;
  RunningKernelCode kernel_code_;
  FlightRecorder recorder_;
};

}  // namespace

Expected<std::unique_ptr<RunningHost>> running_host(const std::string& root) {
  return std::make_unique<ThisHost>(root);
}

}  // namespace xic::cli
