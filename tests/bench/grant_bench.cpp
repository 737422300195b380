// A dump of one million grants: read, indexed, asked.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "core/grant/grant.h"

namespace xic {
namespace {

constexpr std::size_t kEntries = 1'000'000;

std::vector<Grant> many_grants() {
  std::mt19937_64 random(20261123);
  std::vector<Grant> grants(kEntries);
  std::uint32_t ref = 8;
  for (Grant& grant : grants) {
    grant.frame = Frame{random() % (std::uint64_t{1} << 28)};  // 1 TiB of RAM.
    grant.ref = GrantRef{ref++};
    grant.granter = DomId{static_cast<std::uint16_t>(1 + ref % 60)};
    grant.pin = 0x100;
  }
  return grants;
}

/// The dump as its lines, without "(XEN)" and stamps, which the reader has taken off.
std::vector<std::string> dump_lines(const std::vector<Grant>& grants) {
  std::vector<std::string> lines = {"gnttab_usage_print_all [ key 'g' pressed",
                                    "grant-table for remote d1 (v1)"};
  char text[96];
  for (const Grant& grant : grants) {
    std::snprintf(text, sizeof text, "[0x%03x]  %5d 0x%05llx 0x%08x      %5d 0x%06llx 0x%02x",
                  grant.ref.value(), 0, static_cast<unsigned long long>(grant.frame.value()),
                  grant.pin, 0, 0x48175ULL, 0x19U);
    lines.emplace_back(text);
  }
  lines.emplace_back("gnttab_usage_print_all ] done");
  return lines;
}

struct KeepLast final : GrantDumpSink {
  void on_grant_dump(GrantDump&& d) override { dump = std::move(d); }
  GrantDump dump;
};

void parse_a_million_entries(benchmark::State& state) {
  const std::vector<std::string> lines = dump_lines(many_grants());
  for (auto _ : state) {
    KeepLast sink;
    GrantDumpParser parser(&sink);
    Line line;
    line.speaker = Speaker::xen;
    for (const std::string& text : lines) {
      line.text = line.raw = text;
      benchmark::DoNotOptimize(parser.consume(line));
    }
    if (!sink.dump.complete() || sink.dump.grants.size() != kEntries)
      state.SkipWithError("the dump was not read whole");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kEntries));
}
BENCHMARK(parse_a_million_entries)->Unit(benchmark::kMillisecond);

void index_a_million_entries(benchmark::State& state) {
  const std::vector<Grant> grants = many_grants();
  for (auto _ : state) {
    const GrantIndex index(grants);
    benchmark::DoNotOptimize(index.find(grants.front().frame));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kEntries));
}
BENCHMARK(index_a_million_entries)->Unit(benchmark::kMillisecond);

void find_a_granted_frame(benchmark::State& state) {
  const std::vector<Grant> grants = many_grants();
  const GrantIndex index(grants);
  // In no order that the index has, so that no question finds its answer in the cache.
  std::vector<Frame> questions;
  for (const Grant& grant : grants) questions.push_back(grant.frame);
  std::shuffle(questions.begin(), questions.end(), std::mt19937_64(1));
  std::size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(index.find(questions[at]));
    at = at + 1 == kEntries ? 0 : at + 1;
  }
}
BENCHMARK(find_a_granted_frame);

void find_a_frame_not_granted(benchmark::State& state) {
  const std::vector<Grant> grants = many_grants();
  const GrantIndex index(grants);
  std::uint64_t frame = std::uint64_t{1} << 28;
  for (auto _ : state) benchmark::DoNotOptimize(index.find(Frame{++frame}));
}
BENCHMARK(find_a_frame_not_granted);

}  // namespace
}  // namespace xic
