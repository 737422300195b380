// Line scan and fault extraction beside RE2 extracting the same fields, line by line.
#include <benchmark/benchmark.h>
#include <re2/re2.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/console/reader.h"
#include "core/fault/parser.h"
#include "core/observer.h"
#include "tests/bench/console_text.h"

namespace {

constexpr std::size_t kBytes = std::size_t{256} << 20U;
constexpr std::size_t kBlock = std::size_t{1} << 20U;

const std::string& text_with(unsigned percent) {
  static unsigned held = ~0U;
  static std::string text;
  if (held != percent) {
    text = xic::bench::console_text(kBytes, percent);
    held = percent;
  }
  return text;
}

class Counter final : public xic::LineSink, public xic::FaultSink {
 public:
  Counter() : parser_(this) {}
  xic::Consumed on_line(const xic::Line& line, bool last_chance) override {
    return parser_.consume(line, last_chance);
  }
  void on_fault(const xic::Fault& fault) override {
    ++faults;
    if (fault.iova) checksum += fault.iova->value();
  }
  void on_event(const xic::SeenEvent&) override {}
  void on_dom0_error(const xic::Dom0Error&) override {}
  std::uint64_t faults = 0;
  std::uint64_t checksum = 0;

 private:
  xic::FaultParser parser_;
};

void report(benchmark::State& state, std::uint64_t faults, std::uint64_t checksum) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) *
                          static_cast<std::int64_t>(kBytes));
  state.counters["faults"] = static_cast<double>(faults);
  state.counters["checksum"] = static_cast<double>(checksum % 1000003);
}

void ScanAndExtract(benchmark::State& state) {
  const std::string_view text = text_with(static_cast<unsigned>(state.range(0)));
  std::uint64_t faults = 0;
  std::uint64_t checksum = 0;
  for (auto _ : state) {
    Counter counter;
    xic::LineReader reader(xic::FaultParser::literals(), &counter, {});
    for (std::size_t at = 0; at < text.size(); at += kBlock) reader.feed(text.substr(at, kBlock));
    reader.finish();
    faults = counter.faults;
    checksum = counter.checksum;
  }
  report(state, faults, checksum);
}

void WholeObserver(benchmark::State& state) {
  const std::string_view text = text_with(static_cast<unsigned>(state.range(0)));
  for (auto _ : state) {
    xic::Observer observer;
    observer.begin_input({.name = "bench"});
    for (std::size_t at = 0; at < text.size(); at += kBlock) observer.feed(text.substr(at, kBlock));
    observer.end_input();
    benchmark::DoNotOptimize(observer.snapshot());
  }
  report(state, 0, 0);
}

// What one would write by hand: one expression per family, each line tried with the first that can
// match, fields captured as numbers.
void Re2LineByLine(benchmark::State& state) {
  const RE2 smmuv2(
      R"(smmu: (\S+): Unhandled context fault: fsr=0x([0-9a-f]+), iova=0x([0-9a-f]+), fsynr=0x([0-9a-f]+), cb=(\d+))");
  const RE2 global(
      R"(smmu: (\S+): \tGFSR 0x([0-9a-f]+), GFSYNR0 0x([0-9a-f]+), GFSYNR1 0x([0-9a-f]+))");
  const RE2 smmuv3(R"(SMMUv3: (\S+): event 0x([0-9a-f]+) received)");
  const RE2 ipmmu(
      R"(ipmmu: (\S+): (d\S+): Unhandled fault: status 0x([0-9a-f]+) iova 0x([0-9a-f]+))");
  const RE2 vtd(R"(DMAR:\[(DMA \S+)\] Request device \[(\S+)\] fault addr ([0-9a-f]+))");
  const RE2 amdvi(R"(AMD-Vi: IO_PAGE_FAULT: (\S+) d(\d+) addr ([0-9a-f]+) flags (0x[0-9a-f]+))");
  const RE2 any(R"(smmu: |SMMUv3: |ipmmu: |DMAR:|AMD-Vi: )");
  const std::string_view text = text_with(static_cast<unsigned>(state.range(0)));
  std::uint64_t faults = 0;
  std::uint64_t checksum = 0;
  for (auto _ : state) {
    faults = checksum = 0;
    for (std::size_t at = 0; at < text.size();) {
      const void* end = std::memchr(text.data() + at, '\n', text.size() - at);
      const std::size_t stop =
          end == nullptr ? text.size()
                         : static_cast<std::size_t>(static_cast<const char*>(end) - text.data());
      const re2::StringPiece line(text.data() + at, stop - at);
      at = stop + 1;
      if (!RE2::PartialMatch(line, any)) continue;
      re2::StringPiece iommu;
      re2::StringPiece device;
      std::uint64_t a = 0;
      std::uint64_t iova = 0;
      std::uint64_t c = 0;
      int cb = 0;
      if (RE2::PartialMatch(line, smmuv2, &iommu, RE2::Hex(&a), RE2::Hex(&iova), RE2::Hex(&c),
                            &cb) ||
          RE2::PartialMatch(line, global, &iommu, RE2::Hex(&a), RE2::Hex(&c), RE2::Hex(&iova)) ||
          RE2::PartialMatch(line, smmuv3, &iommu, RE2::Hex(&a)) ||
          RE2::PartialMatch(line, ipmmu, &iommu, &device, RE2::Hex(&a), RE2::Hex(&iova)) ||
          RE2::PartialMatch(line, vtd, &iommu, &device, RE2::Hex(&iova)) ||
          RE2::PartialMatch(line, amdvi, &device, &cb, RE2::Hex(&iova), &iommu)) {
        ++faults;
        checksum += iova;
      }
    }
  }
  report(state, faults, checksum);
}

}  // namespace

BENCHMARK(ScanAndExtract)->Arg(0)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);
BENCHMARK(WholeObserver)->Arg(0)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);
BENCHMARK(Re2LineByLine)->Arg(0)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);
