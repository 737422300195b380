// A watcher on a host of fakes, with a disk and a journal that outlive it.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/history_record.h"
#include "daemon/watcher.h"
#include "tests/daemon/fake_files.h"
#include "tests/fakes/fake_ports.h"

namespace xic::daemon::testing {

inline constexpr std::uint64_t kMillisecond = 1'000'000;
inline constexpr std::uint64_t kSecond = 1000 * kMillisecond;

/// A context fault of an SMMU as Xen prints it.
[[nodiscard]] inline std::string fault_line(std::uint64_t iova,
                                            std::string_view iommu = "/smmu@fd800000") {
  char address[32];
  std::snprintf(address, sizeof address, "0x%llx", static_cast<unsigned long long>(iova));
  return "(XEN) smmu: " + std::string(iommu) +
         ": Unhandled context fault: fsr=0x402, iova=" + address + ", fsynr=0xb0001, cb=0\n";
}

class DaemonTest : public ::testing::Test {
 protected:
  DaemonTest() {
    host.hypervisor.interface = {0x13, true};  // of an affected release, among others
    host.system.memory = {{0x40000000, 0x60000000, "dom0", "device tree"}};
  }

  void start() {
    watcher = std::make_unique<Watcher>(
        host.ports(), Powers{&recorder, probe},
        Outputs{&journal, &history_files, &published, &state_files},
        Identity{"1.0-test", 4711, epoch, [this] { return Expected<std::string>(epoch); },
                 "sysctl"},
        settings);
    watcher->poll();
  }
  /// kill -9: what was in memory is gone.
  void kill() { watcher.reset(); }
  /// Lets `ns` pass, polling whenever it is due.
  void pass(std::uint64_t ns) {
    const std::uint64_t until = host.clock.uptime() + ns;
    while (watcher->next_poll() <= until) {
      if (watcher->next_poll() > host.clock.uptime()) {
        host.clock.advance(watcher->next_poll() - host.clock.uptime());
      }
      watcher->poll();
    }
    host.clock.advance(until - host.clock.uptime());
  }
  void print(std::string_view text) { host.console.print(text); }

  /// The ids of all faults in the history, in order; with what is there twice.
  [[nodiscard]] std::vector<std::string> recorded() const {
    std::vector<std::string> ids;
    for (const char* name : {"history.1.ndjson", "history.ndjson"}) {
      const auto found = disk.files.find(name);
      if (found == disk.files.end()) continue;
      std::string_view text = found->second;
      while (!text.empty()) {
        const std::size_t lf = std::min(text.find('\n'), text.size());
        const auto record = read_record(text.substr(0, lf));
        if (record && record->is_fault) ids.push_back(to_string(record->epoch, record->id));
        text.remove_prefix(std::min(lf + 1, text.size()));
      }
    }
    return ids;
  }
  [[nodiscard]] std::size_t told(EventKind kind) const { return journal.of(kind).size(); }
  [[nodiscard]] std::size_t troubles(const std::string& id, EventKind kind) const {
    std::size_t count = 0;
    for (const Event* event : journal.of(kind)) count += field(*event, "TROUBLE") == id ? 1U : 0U;
    return count;
  }

  xic::testing::FakeHost host;
  xic::testing::FakeGrantRecorder recorder;
  Disk disk;
  FakeHistoryFiles history_files{&disk};
  FakePublishedFiles published;
  FakeStateFiles state_files{&disk};
  RunProbe probe;
  FakeJournal journal;
  Settings settings = default_settings();
  std::string epoch = "0123456789abcdef0123456789abcdef";
  std::unique_ptr<Watcher> watcher;
};

}  // namespace xic::daemon::testing
