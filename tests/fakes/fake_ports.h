// Every port of host/ports.h as a fake: answers are set, calls are recorded, and each call can be
// made to fail.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/ports.h"

namespace xic::testing {

/// The calls of one fake, in order ("read /local/domain/0/name"), and the failures it is to give.
class CallLog {
 public:
  /// The `nth` call (from 1) of `operation` that follows fails with `error`; 0: every one.
  void fail(const std::string& operation, Error error, unsigned nth = 0) {
    failures_.push_back({operation, std::move(error), nth, 0});
  }
  /// What a fake's method begins with.
  [[nodiscard]] Expected<void> enter(const std::string& operation,
                                     const std::string& subject = "") {
    calls.push_back(subject.empty() ? operation : operation + ' ' + subject);
    for (Failure& failure : failures_) {
      if (failure.operation != operation) continue;
      ++failure.seen;
      if (failure.nth == 0 || failure.seen == failure.nth) return tl::unexpected(failure.error);
    }
    return {};
  }
  [[nodiscard]] std::size_t count(const std::string& operation) const {
    return static_cast<std::size_t>(
        std::count_if(calls.begin(), calls.end(), [&](const std::string& call) {
          return call == operation || call.starts_with(operation + ' ');
        }));
  }
  std::vector<std::string> calls;

 private:
  struct Failure {
    std::string operation;
    Error error;
    unsigned nth = 0;
    unsigned seen = 0;
  };
  std::vector<Failure> failures_;
};

[[nodiscard]] inline Error failure(int sys_errno, Error::Code code = Error::Code::io) {
  return {code, sys_errno, std::string("scripted failure: ") + std::strerror(sys_errno), "a hint"};
}

/// A ring of `capacity` bytes with Xen's free-running 32-bit indices.
class FakeConsoleRing final : public ConsoleRing {
 public:
  explicit FakeConsoleRing(std::uint32_t capacity = 16384, std::uint32_t first_index = 0)
      : capacity_(capacity), begin_(first_index), end_(first_index) {}

  void print(std::string_view text) {
    bytes_.append(text);
    end_ += static_cast<std::uint32_t>(text.size());
    if (bytes_.size() > capacity_) drop(bytes_.size() - capacity_);
  }
  /// As somebody's `xl dmesg -c`.
  void clear() { drop(bytes_.size()); }
  /// Printed during the next read(), after its copy: what a storm does.
  std::string printed_while_reading;
  /// At most this many bytes a read: short reads.
  std::size_t most = SIZE_MAX;
  CallLog log;

  Expected<RingRead> read(RingIndex after, std::span<char> buffer) override {
    if (auto ok = log.enter("read", std::to_string(after.value())); !ok) {
      return tl::unexpected(ok.error());
    }
    std::uint32_t skip = 0;
    const std::uint32_t offset = after.value() - begin_;
    if (offset != 0 && offset <= bytes_.size()) skip = offset;
    const std::size_t count = std::min({bytes_.size() - skip, buffer.size(), most});
    std::memcpy(buffer.data(), bytes_.data() + skip, count);
    const RingIndex end{begin_ + skip + static_cast<std::uint32_t>(count)};
    print(std::exchange(printed_while_reading, {}));
    return RingRead{count, end};
  }
  Expected<RingIndex> oldest() override {
    if (auto ok = log.enter("oldest"); !ok) return tl::unexpected(ok.error());
    return RingIndex{begin_};
  }
  [[nodiscard]] RingIndex end() const { return RingIndex{end_}; }

 private:
  void drop(std::size_t count) {
    bytes_.erase(0, count);
    begin_ += static_cast<std::uint32_t>(count);
  }
  std::size_t capacity_;
  std::uint32_t begin_;
  std::uint32_t end_;
  std::string bytes_;
};

class FakeHypervisorInfo final : public HypervisorInfo {
 public:
  XenIdentity self;
  SysctlInterface interface { 0x15, true };
  PhysicalInfo physical{4, 0x2d};
  Frame highest{0xbdf2a};
  CallLog log;

  Expected<XenIdentity> identity() override {
    if (auto ok = log.enter("identity"); !ok) return tl::unexpected(ok.error());
    return self;
  }
  Expected<SysctlInterface> sysctl_interface() override {
    if (auto ok = log.enter("sysctl_interface"); !ok) return tl::unexpected(ok.error());
    return interface;
  }
  Expected<PhysicalInfo> physical_info() override {
    if (auto ok = log.enter("physical_info"); !ok) return tl::unexpected(ok.error());
    return physical;
  }
  Expected<Frame> maximum_gpfn() override {
    if (auto ok = log.enter("maximum_gpfn"); !ok) return tl::unexpected(ok.error());
    return highest;
  }
};

class FakeGrantTables final : public GrantTables {
 public:
  FakeConsoleRing* console = nullptr;  ///< Where print_all() prints `dump`.
  std::string dump;
  std::map<Frame, GrantedNow::Answer> answers;  ///< Frames not listed: not_granted.
  std::map<DomId, GrantTableSize> sizes;
  std::map<std::pair<DomId, GrantRef>, RingPage> rings;
  std::set<std::pair<DomId, GrantRef>> reserved;      ///< Pages that touch() finds.
  std::function<void(const ReservedPage&)> on_touch;  ///< What a recorder would see, may be empty.
  CallLog log;

  Expected<void> print_all() override {
    if (auto ok = log.enter("print_all"); !ok) return ok;
    if (console != nullptr) console->print(dump);
    return {};
  }
  Expected<GrantedNow::Answer> granted_now(Frame frame) override {
    if (auto ok = log.enter("granted_now", std::to_string(frame.value())); !ok) {
      return tl::unexpected(ok.error());
    }
    const auto found = answers.find(frame);
    return found == answers.end() ? GrantedNow::Answer::not_granted : found->second;
  }
  Expected<GrantTableSize> size(DomId domain) override {
    if (auto ok = log.enter("size", std::to_string(domain.value())); !ok) {
      return tl::unexpected(ok.error());
    }
    const auto found = sizes.find(domain);
    if (found == sizes.end()) return tl::unexpected(failure(ESRCH, Error::Code::not_found));
    return found->second;
  }
  Expected<RingPage> copy_ring(const TxRing& ring) override {
    const std::string subject =
        std::to_string(ring.domain().value()) + ' ' + std::to_string(ring.ref().value());
    if (auto ok = log.enter("copy_ring", subject); !ok) return tl::unexpected(ok.error());
    const auto found = rings.find({ring.domain(), ring.ref()});
    if (found == rings.end()) return tl::unexpected(failure(EINVAL));
    return found->second;
  }
  Expected<void> touch(const ReservedPage& page) override {
    const std::string subject =
        std::to_string(page.domain().value()) + ' ' + std::to_string(page.ref().value());
    if (auto ok = log.enter("touch", subject); !ok) return ok;
    if (!reserved.contains({page.domain(), page.ref()})) return tl::unexpected(failure(EINVAL));
    if (on_touch) on_touch(page);
    return {};
  }
};

class FakeStore final : public Store {
 public:
  std::map<std::string, std::string> values;
  std::set<std::string> denied;  ///< Paths that answer EACCES.
  std::deque<StoreEvent> events;
  int fd = -1;
  CallLog log;

  Expected<std::optional<std::string>> read(const std::string& path) override {
    if (auto ok = log.enter("read", path); !ok) return tl::unexpected(ok.error());
    if (denied.contains(path)) return tl::unexpected(failure(EACCES, Error::Code::denied));
    const auto found = values.find(path);
    if (found == values.end()) return std::optional<std::string>{};
    return found->second;
  }
  Expected<std::optional<std::vector<std::string>>> list(const std::string& path) override {
    if (auto ok = log.enter("list", path); !ok) return tl::unexpected(ok.error());
    if (denied.contains(path)) return tl::unexpected(failure(EACCES, Error::Code::denied));
    std::set<std::string> names;
    const std::string below = path + '/';
    for (auto at = values.lower_bound(below); at != values.end(); ++at) {
      if (!at->first.starts_with(below)) break;
      names.insert(
          at->first.substr(below.size(), at->first.find('/', below.size()) - below.size()));
    }
    if (names.empty() && !values.contains(path)) return std::optional<std::vector<std::string>>{};
    return std::vector<std::string>(names.begin(), names.end());
  }
  Expected<void> watch(const std::string& path, const std::string& token) override {
    if (auto ok = log.enter("watch", path); !ok) return ok;
    events.push_back({path, token});  // xenstored fires once at registration
    return {};
  }
  Expected<std::optional<StoreEvent>> next_event() override {
    if (auto ok = log.enter("next_event"); !ok) return tl::unexpected(ok.error());
    if (events.empty()) return std::optional<StoreEvent>{};
    StoreEvent event = std::move(events.front());
    events.pop_front();
    return event;
  }
  Expected<int> event_fd() override {
    if (auto ok = log.enter("event_fd"); !ok) return tl::unexpected(ok.error());
    return fd;
  }
};

class FakeKernelLog final : public KernelLog {
 public:
  std::deque<std::string> records;
  std::uint64_t lost_records = 0;
  int descriptor = -1;
  CallLog log;

  Expected<std::optional<std::string>> next() override {
    if (auto ok = log.enter("next"); !ok) return tl::unexpected(ok.error());
    if (records.empty()) return std::optional<std::string>{};
    std::string record = std::move(records.front());
    records.pop_front();
    return record;
  }
  [[nodiscard]] std::uint64_t lost() const override { return lost_records; }
  Expected<int> fd() override {
    if (auto ok = log.enter("fd"); !ok) return tl::unexpected(ok.error());
    return descriptor;
  }
};

class FakeDom0System final : public Dom0System {
 public:
  DomainRole domain_role = DomainRole::dom0;
  std::string release = "6.1.0-rig";
  std::string iomem_text;
  std::optional<std::vector<AddressRange>> memory;
  std::optional<std::vector<AddressRange>> regions;
  CallLog log;

  Expected<DomainRole> role() override {
    if (auto ok = log.enter("role"); !ok) return tl::unexpected(ok.error());
    return domain_role;
  }
  Expected<std::string> kernel_release() override {
    if (auto ok = log.enter("kernel_release"); !ok) return tl::unexpected(ok.error());
    return release;
  }
  Expected<std::string> iomem() override {
    if (auto ok = log.enter("iomem"); !ok) return tl::unexpected(ok.error());
    return iomem_text;
  }
  Expected<std::optional<std::vector<AddressRange>>> boot_memory() override {
    if (auto ok = log.enter("boot_memory"); !ok) return tl::unexpected(ok.error());
    return memory;
  }
  Expected<std::optional<std::vector<AddressRange>>> xen_regions() override {
    if (auto ok = log.enter("xen_regions"); !ok) return tl::unexpected(ok.error());
    return regions;
  }
};

class ManualClock final : public HostClock {
 public:
  std::int64_t wall_ns = 1'700'000'000'000'000'000;
  std::uint64_t uptime_ns = 60'000'000'000;
  void advance(std::uint64_t ns) {
    wall_ns += static_cast<std::int64_t>(ns);
    uptime_ns += ns;
  }
  std::int64_t wall() override { return wall_ns; }
  std::uint64_t uptime() override { return uptime_ns; }
};

class FakeGrantRecorder final : public GrantRecorder {
 public:
  RecorderState now_state;
  std::string text;  ///< What read() gives.
  std::uint64_t clock_ns = 60'000'000'000;
  CallLog log;

  Expected<void> start(const RecorderOptions& options) override {
    if (auto ok = log.enter("start", std::to_string(options.kib_per_cpu)); !ok) return ok;
    now_state.recording = true;
    now_state.kib_per_cpu = options.kib_per_cpu;
    return {};
  }
  Expected<void> stop() override {
    if (auto ok = log.enter("stop"); !ok) return ok;
    now_state = {};
    return {};
  }
  Expected<RecorderState> state() override {
    if (auto ok = log.enter("state"); !ok) return tl::unexpected(ok.error());
    return now_state;
  }
  Expected<std::string> read() override {
    if (auto ok = log.enter("read"); !ok) return tl::unexpected(ok.error());
    return text;
  }
  std::uint64_t now() override { return clock_ns; }
};

class FakeFrameLoader final : public FrameLoader {
 public:
  std::map<Frame, FrameLoad::Result> results;  ///< Frames not listed: present.
  std::map<Frame, FrameLoad::Result> later;    ///< From the second load of a frame on.
  CallLog log;

  Expected<std::vector<FrameLoad>> load(std::span<const Frame> frames) override {
    std::vector<FrameLoad> loads;
    for (const Frame frame : frames) {
      if (auto ok = log.enter("load", std::to_string(frame.value())); !ok) {
        return tl::unexpected(ok.error());
      }
      const auto& table = seen_.insert(frame).second ? results
                          : later.contains(frame)    ? later
                                                     : results;
      const auto found = table.find(frame);
      loads.push_back(
          {frame, found == table.end() ? FrameLoad::Result::present : found->second, ""});
    }
    return loads;
  }

 private:
  std::set<Frame> seen_;
};

/// A whole host of fakes.
struct FakeHost {
  FakeConsoleRing console;
  FakeHypervisorInfo hypervisor;
  FakeGrantTables grants;
  FakeStore store;
  FakeKernelLog kernel;
  FakeDom0System system;
  ManualClock clock;
  FakeGrantRecorder recorder;  ///< Off, until a test says that it is recording.

  FakeHost() { grants.console = &console; }
  [[nodiscard]] Ports ports() {
    return {&console, &hypervisor, &grants, &store, &kernel, &system, &clock, &recorder};
  }
};

}  // namespace xic::testing
