#include "daemon/grant_dumper.h"

#include "host/inquiry/grant_estimate.h"

namespace xic::daemon {
namespace {

constexpr std::uint64_t kMostNs = 500'000'000;

/// The loop does not wait: the key's handler has printed all of it when the call returns.
class NoPause final : public Pause {
 public:
  bool wait(std::uint64_t /*ns*/) override { return false; }
};

}  // namespace

void GrantDumper::set_interval(std::optional<std::chrono::milliseconds> interval) {
  if (interval == interval_) return;
  interval_ = interval;
  rate_.reset();
  if (interval) {
    rate_.emplace(static_cast<std::uint64_t>(std::chrono::nanoseconds(*interval).count()));
  }
}

Expected<std::optional<DumpOutcome>> GrantDumper::take(const Backends& backends,
                                                       ConsoleReader* console,
                                                       const ConsoleSink& sink,
                                                       GrantRecorder* stopwatch) {
  // The rate also bounds the estimates: each looks into the rings.
  if (!rate_ || !rate_->take(clock_->uptime())) return std::nullopt;
  if (!estimate_grants(backends, store_, grants_).small()) return std::nullopt;
  NoPause pause;
  return dump_grants(grants_, console, &pause, Deadline(clock_, kMostNs), sink, stopwatch);
}

}  // namespace xic::daemon
