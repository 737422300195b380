#include "host/inquiry/grant_dump.h"

#include <string>

namespace xic {
namespace {

constexpr std::size_t kMostDrained = std::size_t{16} * 1024 * 1024;
constexpr std::uint64_t kWait = 20 * kMillisecond;
/// common/grant_table.c: gnttab_usage_print_all()
constexpr std::string_view kBegin = "gnttab_usage_print_all [";
constexpr std::string_view kEnd = "gnttab_usage_print_all ] done";

/// Finds a dump's marks in a text that arrives in portions.
class Marks {
 public:
  void read(const ConsoleChunk& chunk, DumpOutcome* outcome) {
    if (chunk.lost != 0) {
      tail_.clear();
      outcome->lost += chunk.lost;
    }
    tail_ += chunk.bytes;
    if (tail_.find(kBegin) != std::string::npos) outcome->begin_seen = true;
    if (tail_.find(kEnd) != std::string::npos) outcome->end_seen = true;
    if (tail_.size() > kEnd.size()) tail_.erase(0, tail_.size() - kEnd.size());
  }

 private:
  std::string tail_;  ///< May hold the beginning of a mark.
};

}  // namespace

Expected<void> drain(ConsoleReader* console, const Deadline& deadline, const ConsoleSink& sink) {
  std::size_t total = 0;
  while (total < kMostDrained && !deadline.passed()) {
    const auto chunk = console->next();
    if (!chunk) return tl::unexpected(chunk.error());
    if (!*chunk) break;
    sink(**chunk);
    total += (*chunk)->bytes.size();
  }
  return {};
}

Expected<DumpOutcome> dump_grants(GrantTables* grants, ConsoleReader* console, Pause* pause,
                                  const Deadline& deadline, const ConsoleSink& sink,
                                  GrantRecorder* clock) {
  if (auto drained = drain(console, deadline, sink); !drained) {
    return tl::unexpected(std::move(drained.error()));
  }
  DumpOutcome outcome;
  if (clock != nullptr) outcome.printed.begin = clock->now();
  if (auto sent = grants->print_all(); !sent) return tl::unexpected(std::move(sent.error()));
  if (clock != nullptr) outcome.printed.end = clock->now();
  Marks marks;
  // The key's handler has run when the call returns; what it printed may still have to be read in
  // several portions.
  do {
    auto read = drain(console, deadline, [&](const ConsoleChunk& chunk) {
      marks.read(chunk, &outcome);
      sink(chunk);
    });
    if (!read) return tl::unexpected(std::move(read.error()));
  } while (!outcome.end_seen && !deadline.passed() && pause->wait(kWait));
  return outcome;
}

}  // namespace xic
