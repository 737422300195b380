// How fast lines are found in a console text in memory: the part of the work that every byte pays
// for.
#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/console/literal_scanner.h"
#include "core/console/reader.h"
#include "tests/bench/console_text.h"

namespace {

using xic::Consumed;
using xic::Line;

constexpr std::size_t kTextBytes = std::size_t{256} << 20;
/// As a file or a pipe is read.
constexpr std::size_t kPortion = std::size_t{256} << 10;

/// About as many literals, and of the kind, as all parsers together ask for.
constexpr auto kLiterals = std::to_array<std::string_view>({"smmu: ",
                                                            "SMMUv3: ",
                                                            "ipmmu: ",
                                                            "ipmmu-vmsa",
                                                            "arm-smmu",
                                                            "DMAR",
                                                            "AMD-Vi",
                                                            "IO_PAGE_FAULT",
                                                            "Xen version",
                                                            "Latest ChangeSet",
                                                            "build-id",
                                                            "gnttab_usage",
                                                            "grant-table for",
                                                            "[0x",
                                                            "no active grant",
                                                            "virt_caps",
                                                            "xen_version",
                                                            "xen_extra",
                                                            "xen_changeset",
                                                            "xen_commandline",
                                                            "BANK[",
                                                            "= \"",
                                                            "System RAM",
                                                            "Allocating 1:1",
                                                            "virtualisation",
                                                            "Std. Loglevel",
                                                            "Guest Loglevel",
                                                            "Allocated console ring",
                                                            "Command line: ",
                                                            "messages suppressed",
                                                            "DMA bus error",
                                                            "HRESP",
                                                            "Host System Error",
                                                            "swiotlb",
                                                            "ADMA error",
                                                            "IOMMU mapping failed",
                                                            "Xen BUG at",
                                                            "Panic on CPU",
                                                            "Data Abort Trap",
                                                            "deassign",
                                                            "Linux version",
                                                            "Machine model",
                                                            "Domain 0 has",
                                                            "llc-coloring",
                                                            "console_to_ring",
                                                            "extended region",
                                                            "xen_caps",
                                                            "total_memory",
                                                            "free_memory",
                                                            "Reserved memory",
                                                            "GICv3: ",
                                                            "VT-d"});

const std::string& text(unsigned fault_percent) {
  static std::map<unsigned, std::string> texts;
  std::string& text = texts[fault_percent];
  if (text.empty()) text = xic::bench::console_text(kTextBytes, fault_percent);
  return text;
}

class CountingSink : public xic::LineSink {
 public:
  Consumed on_line(const Line& line, bool) override {
    ++lines;
    bytes += line.text.size();
    return Consumed::yes;
  }
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
};

void line_reader(benchmark::State& state) {
  const std::string& all = text(static_cast<unsigned>(state.range(0)));
  std::uint64_t lines = 0;
  for (auto _ : state) {
    CountingSink sink;
    xic::LineReader reader(kLiterals, &sink, {.repair_pastes = true});
    for (std::size_t at = 0; at < all.size(); at += kPortion) {
      reader.feed(std::string_view(all).substr(at, kPortion));
    }
    reader.finish();
    lines = sink.lines;
    benchmark::DoNotOptimize(sink.bytes);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(all.size()));
  state.counters["lines"] = static_cast<double>(lines);
}
BENCHMARK(line_reader)
    ->Arg(0)
    ->Arg(10)
    ->Arg(100)
    ->ArgName("fault_percent")
    ->Unit(benchmark::kMillisecond);

/// The search alone, in each of its forms.
void literal_scanner(benchmark::State& state) {
  const auto kernel = static_cast<xic::LiteralScanner::Kernel>(state.range(0));
  if (!xic::LiteralScanner::is_supported(kernel)) {
    state.SkipWithError("not on this machine");
    return;
  }
  const std::string& all = text(0);
  for (auto _ : state) {
    xic::LiteralScanner scanner(kLiterals, kernel);
    scanner.tune(std::string_view(all).substr(0, kPortion));
    const char* const end = all.data() + all.size();
    std::size_t hits = 0;
    for (const char* at = all.data(); (at = scanner.find(at, end)) != nullptr; ++at) {
      ++hits;
      const std::string_view rest(at, static_cast<std::size_t>(end - at));
      at += rest.find('\n');
    }
    benchmark::DoNotOptimize(hits);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(all.size()));
}
BENCHMARK(literal_scanner)->DenseRange(0, 3)->ArgName("kernel")->Unit(benchmark::kMillisecond);

}  // namespace
