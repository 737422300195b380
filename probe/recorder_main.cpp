// xen-iommu-recorder start|stop|status|read: the flight recorder of grant maps, by hand.
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "core/scan.h"
#include "host/recorder/flight_recorder.h"

namespace {

constexpr const char* kUsageText =
    "usage: xen-iommu-recorder start [KIB_PER_CPU] | stop | status | read\n"
    "start   record maps and unmaps of grants in dom0's kernel, until stop\n"
    "stop    remove all that start has made, also after a crash\n"
    "status  how it stands\n"
    "read    what it holds, as the kernel prints it\n";

int fail(const xic::Error& error) {
  (void)std::fprintf(stderr, "xen-iommu-recorder: %s\n", error.message.c_str());
  if (!error.hint.empty())
    (void)std::fprintf(stderr, "xen-iommu-recorder: hint: %s\n", error.hint.c_str());
  constexpr int kPermission = 77;
  constexpr int kUnavailable = 69;
  return error.code == xic::Error::Code::denied ? kPermission : kUnavailable;
}

int print_state(xic::FlightRecorder* recorder) {
  const auto state = recorder->state();
  if (!state) return fail(state.error());
  if (!state->recording) {
    (void)std::puts("not recording");
    return 0;
  }
  (void)std::printf(
      "recording: %u KiB per CPU, clock %s, %llu records, %llu overwritten, %llu missed, "
      "reaches back %llu ms; references: %s\n",
      state->kib_per_cpu, state->clock.c_str(), static_cast<unsigned long long>(state->events),
      static_cast<unsigned long long>(state->overwritten),
      static_cast<unsigned long long>(state->missed),
      static_cast<unsigned long long>(state->depth_ms),
      recorder->every_reference() ? "of every grant" : "of each batch's first grant");
  return 0;
}

int print_trace(xic::GrantRecorder* recorder) {
  const auto text = recorder->read();
  if (!text) return fail(text.error());
  return std::fwrite(text->data(), 1, text->size(), stdout) == text->size() ? 0 : 74;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  xic::MountedTracefs tracefs;
  xic::RunningKernelCode code;
  xic::FlightRecorder recorder(&tracefs, &code);
  if (verb == "start" && argc <= 3) {
    xic::RecorderOptions options;
    if (argc == 3) {
      std::string_view text = argv[2];
      const auto kib = xic::scan::take_number<std::uint32_t>(&text);
      if (!kib || !text.empty()) return std::fputs(kUsageText, stderr), 64;
      options.kib_per_cpu = *kib;
    }
    const auto started = recorder.start(options);
    return started ? 0 : fail(started.error());
  }
  if (argc == 2 && verb == "stop") {
    const auto stopped = recorder.stop();
    return stopped ? 0 : fail(stopped.error());
  }
  if (argc == 2 && verb == "status") return print_state(&recorder);
  if (argc == 2 && verb == "read") return print_trace(&recorder);
  (void)std::fputs(kUsageText, stderr);
  return 64;
}
