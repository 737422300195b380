#include "host/recorder/flight_recorder.h"

#include <algorithm>
#include <ctime>
#include <optional>
#include <string_view>

#include "core/grant/trace_definition.h"
#include "core/scan.h"

namespace xic {
namespace {

// Documentation/trace/ftrace.rst, kprobetrace.rst, events.rst.
const std::string kInstance = "instances/xen_iommu";
const std::string kEvents = "kprobe_events";
/// Not slewed by NTP, so that its distance to Xen's clock, which counts the same counter, stays.
constexpr std::string_view kBestClock = "mono_raw";
constexpr std::string_view kOtherClock = "boot";
/// How fast NTP slews that one at most (adjtimex(2)), in parts per million.
constexpr std::uint32_t kMostSlewed = 500;
constexpr std::uint32_t kMinKib = 64;
constexpr std::uint32_t kMaxKib = 65536;

/// Of the generic timer (CNTFRQ_EL0), which arm64 kernels let programs read; 0 elsewhere.
std::uint64_t counter_hz() {
  std::uint64_t hz = 0;
#ifdef __aarch64__
  asm("mrs %0, cntfrq_el0" : "=r"(hz));
#endif
  return hz;
}

std::string path(std::string_view below) {
  return kInstance + '/' + std::string(below);
}
std::string event_path(std::string_view event, std::string_view file) {
  return path("events/") + std::string(kTraceGroup) + '/' + std::string(event) + '/' +
         std::string(file);
}
std::string full_name(std::string_view event) {
  return std::string(kTraceGroup) + '/' + std::string(event);
}

/// "local global [mono_raw] boot" -> "mono_raw"
std::string chosen(std::string_view list) {
  const std::size_t begin = list.find('[');
  const std::size_t end = list.find(']');
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin) return "";
  return std::string(list.substr(begin + 1, end - begin - 1));
}

/// per_cpu/cpuN/stats: lines of "key: number"; times in seconds there.
struct CpuStats {
  std::uint64_t entries = 0, overrun = 0, dropped = 0;
  std::uint64_t oldest_ns = 0, now_ns = 0;
};
std::uint64_t take_seconds(std::string_view text) {
  text = scan::trim_front(text);
  const auto whole = scan::take_number<std::uint64_t>(&text);
  if (!whole || *whole > UINT64_MAX / 1'000'000'000 - 1) return 0;
  std::uint64_t micros = 0;
  if (scan::take(&text, ".")) micros = scan::take_number<std::uint32_t>(&text).value_or(0);
  return *whole * 1'000'000'000 + micros * 1000;
}
CpuStats read_stats(std::string_view text) {
  CpuStats stats;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    const std::size_t colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    const std::string_view key = line.substr(0, colon);
    std::string_view value = line.substr(colon + 2);
    const auto number = [&] { return scan::take_number<std::uint64_t>(&value).value_or(0); };
    if (key == "entries") stats.entries = number();
    if (key == "overrun" || key == "commit overrun") stats.overrun += number();
    if (key == "dropped events") stats.dropped = number();
    if (key == "oldest event ts") stats.oldest_ns = take_seconds(value);
    if (key == "now ts") stats.now_ns = take_seconds(value);
  }
  return stats;
}

/// Hits that found no room, of our events in "  xen_iommu/map1    123     4".
std::uint64_t missed_hits(std::string_view profile) {
  std::uint64_t missed = 0;
  while (!profile.empty()) {
    const std::size_t end = profile.find('\n');
    std::string_view line = profile.substr(0, end);
    profile.remove_prefix(end == std::string_view::npos ? profile.size() : end + 1);
    const std::string_view name = scan::take_word(&line);
    const bool ours = std::any_of(kTraceKinds.begin(), kTraceKinds.end(), [&](const auto& event) {
      // Before 6.x the group is not printed.
      return name == event.name || name == full_name(event.name);
    });
    if (!ours) continue;
    (void)scan::take_word(&line);
    line = scan::trim(line);
    missed += scan::take_number<std::uint64_t>(&line).value_or(0);
  }
  return missed;
}

Error cannot_record(const TraceEventDefinition& event, Error error) {
  if (error.code == Error::Code::denied) return error;
  if (error.code == Error::Code::not_found && error.message.find(kEvents) != std::string::npos) {
    error.code = Error::Code::unavailable;
    error.message = "this kernel has no kprobe events (CONFIG_KPROBE_EVENTS): " + error.message;
    error.hint = "grants can still be named by a 'g' dump";
    return error;
  }
  error.code = Error::Code::unavailable;
  error.message = "this kernel cannot record " + event.place + ": " + error.message;
  error.hint = "its symbol or its arguments differ; grants can still be named by a 'g' dump";
  return error;
}

}  // namespace

Expected<void> FlightRecorder::start(const RecorderOptions& options) {
  if (options.kib_per_cpu < kMinKib || options.kib_per_cpu > kMaxKib) {
    return tl::unexpected(Error{
        Error::Code::malformed, 0,
        "a recorder of " + std::to_string(options.kib_per_cpu) + " KiB per CPU is not possible",
        "choose 64 to 65536"});
  }
  const auto best = complete(trace_events(TraceSites{}), options);
  if (!best) return tl::unexpected(best.error());
  const auto lesser = complete(trace_events(std::nullopt), options);
  if (!lesser) return tl::unexpected(lesser.error());
  if (*best || (*lesser && !find_sites())) return {};
  // What a crash, or another size, has left behind. A breakpoint of ours hides the code that it
  // stands on.
  if (auto gone = stop(); !gone) return gone;
  const std::vector<TraceEventDefinition> events = trace_events(find_sites());
  if (auto done = define_events(events); !done) {
    (void)stop();
    return done;
  }
  if (auto done = make_instance(events, options); !done) {
    (void)stop();
    return done;
  }
  return {};
}

std::optional<TraceSites> FlightRecorder::find_sites() {
  if (code_ == nullptr) return std::nullopt;
  const std::string callee(kTracePage.symbol);
  const auto mapping = code_->read(std::string(kTraceOperation.symbol), callee);
  const auto clearing = code_->read(std::string(kTraceGone.symbol), callee);
  if (!mapping || !clearing) return std::nullopt;
  const auto map = find_map_call(mapping->instructions, mapping->begin, mapping->callee);
  const auto clear = find_only_call(clearing->instructions, clearing->begin, clearing->callee);
  if (!map || !clear) return std::nullopt;
  return TraceSites{*map, *clear};
}

bool FlightRecorder::every_reference() {
  const auto enabled = tracefs_.read(event_path(kTraceOperation.name, "enable"));
  return enabled && enabled->starts_with('1');
}

/// Is it recording these already, as asked?
Expected<bool> FlightRecorder::complete(const std::vector<TraceEventDefinition>& events,
                                        const RecorderOptions& options) {
  auto instances = tracefs_.list("instances");
  if (!instances) return tl::unexpected(std::move(instances.error()));
  if (std::find(instances->begin(), instances->end(), "xen_iommu") == instances->end()) {
    return false;
  }
  for (const TraceEventDefinition& event : events) {
    const auto enabled = tracefs_.read(event_path(event.name, "enable"));
    if (!enabled || !enabled->starts_with('1')) return false;
  }
  const auto size = tracefs_.read(path("buffer_size_kb"));
  if (!size) return false;
  std::string_view digits = *size;
  const auto kib = scan::take_number<std::uint32_t>(&digits);
  // The kernel rounds up to whole pages of its own.
  if (!kib || *kib < options.kib_per_cpu || *kib > options.kib_per_cpu + 64) return false;
  const auto on = tracefs_.read(path("tracing_on"));
  return on && on->starts_with('1');
}

Expected<void> FlightRecorder::define_events(const std::vector<TraceEventDefinition>& events) {
  for (const TraceEventDefinition& event : events) {
    const std::string line =
        "p:" + full_name(event.name) + ' ' + event.place + ' ' + event.arguments + '\n';
    if (auto done = tracefs_.write(kEvents, line, true); !done) {
      return tl::unexpected(cannot_record(event, std::move(done.error())));
    }
  }
  return {};
}

Expected<void> FlightRecorder::make_instance(const std::vector<TraceEventDefinition>& events,
                                             const RecorderOptions& options) {
  if (auto done = tracefs_.make(kInstance); !done) return done;
  const auto clocks = tracefs_.read(path("trace_clock"));
  if (!clocks) return tl::unexpected(clocks.error());
  clock_ = clocks->find(kBestClock) != std::string::npos ? kBestClock : kOtherClock;
  const std::string size = std::to_string(options.kib_per_cpu) + '\n';
  if (auto done = tracefs_.write(path("trace_clock"), clock_ + '\n', false); !done) return done;
  if (auto done = tracefs_.write(path("buffer_size_kb"), size, false); !done) return done;
  const std::string mark = std::string(kTraceStartMark) + '\n';
  if (auto done = tracefs_.write(path("trace_marker"), mark, false); !done) return done;
  for (const TraceEventDefinition& event : events) {
    if (auto done = tracefs_.write(event_path(event.name, "enable"), "1\n", false); !done) {
      return done;
    }
  }
  return tracefs_.write(path("tracing_on"), "1\n", false);
}

/// All of the group, also those that an earlier release of ours defined.
Expected<void> FlightRecorder::remove_events() {
  const auto defined = tracefs_.read(kEvents);
  if (!defined) {
    if (defined.error().code == Error::Code::not_found) return {};
    return tl::unexpected(defined.error());
  }
  // "p:xen_iommu/map1 set_foreign_p2m_mapping n=%x3:u32 ..."
  const std::string begin = "p:" + std::string(kTraceGroup) + '/';
  std::string_view rest = *defined;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!scan::take(&line, begin)) continue;
    const std::string name(scan::take_word(&line));
    const std::string removal = "-:" + std::string(kTraceGroup) + '/' + name + '\n';
    if (auto done = tracefs_.write(kEvents, removal, true); !done) return done;
  }
  return {};
}

Expected<void> FlightRecorder::stop() {
  clock_.clear();
  // An event that is enabled anywhere cannot be removed; removing the instance disables its own.
  if (auto done = tracefs_.remove(kInstance); !done) return done;
  return remove_events();
}

Expected<std::string> FlightRecorder::clock() {
  if (!clock_.empty()) return clock_;
  const auto list = tracefs_.read(path("trace_clock"));
  if (!list) return tl::unexpected(list.error());
  clock_ = chosen(*list);
  return clock_;
}

Expected<RecorderState> FlightRecorder::state() {
  RecorderState state;
  auto instances = tracefs_.list("instances");
  if (!instances) return tl::unexpected(std::move(instances.error()));
  if (std::find(instances->begin(), instances->end(), "xen_iommu") == instances->end()) {
    return state;
  }
  const auto on = tracefs_.read(path("tracing_on"));
  if (!on) return tl::unexpected(on.error());
  state.recording = on->starts_with('1');
  auto stamps = clock();
  if (!stamps) return tl::unexpected(std::move(stamps.error()));
  state.clock = *stamps;
  if (const auto size = tracefs_.read(path("buffer_size_kb"))) {
    std::string_view digits = *size;
    state.kib_per_cpu = scan::take_number<std::uint32_t>(&digits).value_or(0);
  }
  if (const auto profile = tracefs_.read("kprobe_profile")) state.missed = missed_hits(*profile);
  auto cpus = tracefs_.list(path("per_cpu"));
  if (!cpus) return tl::unexpected(std::move(cpus.error()));
  // Where a ring has dropped records, the one that reaches back least counts; else all have what
  // there was.
  std::optional<std::uint64_t> least_full;
  std::uint64_t most = 0;
  for (const std::string& cpu : *cpus) {
    const auto text = tracefs_.read(path("per_cpu/") + cpu + "/stats");
    if (!text) return tl::unexpected(text.error());
    const CpuStats stats = read_stats(*text);
    state.events += stats.entries;
    state.overwritten += stats.overrun;
    state.missed += stats.dropped;
    if (stats.entries == 0) continue;
    const std::uint64_t depth = stats.now_ns > stats.oldest_ns ? stats.now_ns - stats.oldest_ns : 0;
    most = std::max(most, depth);
    if (stats.overrun != 0) least_full = std::min(least_full.value_or(depth), depth);
  }
  state.depth_ms = least_full.value_or(most) / 1'000'000;
  state.drift_ppm =
      drift_of_counter(counter_hz()) + (state.clock == kOtherClock ? kMostSlewed : 0U);
  return state;
}

Expected<std::string> FlightRecorder::read() {
  return tracefs_.read(path("trace"));
}

std::uint64_t FlightRecorder::now() {
  const auto stamps = clock();
  timespec time{};
  ::clock_gettime(stamps && *stamps == kOtherClock ? CLOCK_BOOTTIME : CLOCK_MONOTONIC_RAW, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace xic
