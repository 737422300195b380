// What a live host can be asked: one small interface per outside thing. host/live implements them
// on the real libraries, tests on recording fakes; nothing above knows which.
//
// All answers are owned values. Absence is an optional inside an Expected, failure an Error with
// the errno, the operation and a hint. An adapter opens what it needs at its first question, so
// that a missing library, node or right is the answer to that question and nobody else's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/diagnosis/facts.h"
#include "core/grant/clock_relation.h"
#include "core/hypervisor/answers.h"
#include "core/memory/memory_map.h"
#include "core/types.h"

namespace xic {

/// What one read of the console ring gave.
struct RingRead {
  std::size_t count = 0;  ///< Bytes copied to the front of the caller's buffer.
  RingIndex end;          ///< Index behind the last of them. Theirs begin at `end - count`.
};

/// Xen's console ring (XEN_SYSCTL_readconsole). Clearing it cannot be expressed.
class ConsoleRing {
 public:
  virtual ~ConsoleRing() = default;
  /// Copies the oldest bytes behind `after`, or the oldest there are where `after` does not lie in
  /// the ring (overwritten, cleared by somebody, or of another boot). count == 0: nothing new.
  [[nodiscard]] virtual Expected<RingRead> read(RingIndex after, std::span<char> buffer) = 0;
  /// Index of the oldest byte still in the ring.
  [[nodiscard]] virtual Expected<RingIndex> oldest() = 0;
};

/// How sysctls reach this hypervisor.
struct SysctlInterface {
  std::uint32_t number = 0;  ///< The interface version it answers to (public/sysctl.h).
  bool through_libxenctrl =
      true;  ///< Else libxenctrl is of another release, and libxencall is used.
};

class HypervisorInfo {
 public:
  virtual ~HypervisorInfo() = default;
  [[nodiscard]] virtual Expected<XenIdentity> identity() = 0;
  /// Needs root.
  [[nodiscard]] virtual Expected<SysctlInterface> sysctl_interface() = 0;
  /// Needs root.
  [[nodiscard]] virtual Expected<PhysicalInfo> physical_info() = 0;
  /// XENMEM_maximum_gpfn of dom0, no sysctl: the highest guest frame its stage-2 table has ever
  /// held (xen/arch/arm/p2m.c: max_mapped_gfn, never lowered).
  [[nodiscard]] virtual Expected<Frame> maximum_gpfn() = 0;
};

/// GNTTABOP_query_size: how large a domain's grant table is.
struct GrantTableSize {
  std::uint32_t frames = 0;
  std::uint32_t max_frames = 0;
};

/// One of the two pages that every guest of a toolstack grants to its dom0 for as long as it lives.
/// Made for another domain than dom0 only, so that no self-grant and no data grant can be named.
class ReservedPage {
 public:
  enum class Kind : std::uint8_t { console, xenstore };
  /// Nothing for dom0: mapping a grant of its own would cost it a page (guard: e8185c5f01).
  [[nodiscard]] static std::optional<ReservedPage> of(DomId domain, Kind kind) {
    if (domain == kDom0) return std::nullopt;
    return ReservedPage(domain, kind);
  }
  [[nodiscard]] DomId domain() const { return domain_; }
  /// public/grant_table.h: GNTTAB_RESERVED_CONSOLE 0, GNTTAB_RESERVED_XENSTORE 1.
  [[nodiscard]] GrantRef ref() const { return GrantRef{kind_ == Kind::console ? 0U : 1U}; }
  [[nodiscard]] Kind kind() const { return kind_; }

 private:
  ReservedPage(DomId domain, Kind kind) : domain_(domain), kind_(kind) {}
  DomId domain_;
  Kind kind_;
};

/// A copy of a shared ring page, taken at one instant. Guest-writable content.
using RingPage = std::vector<std::byte>;

/// Questions about grants. Mapping a data grant, granting, or writing cannot be expressed.
class GrantTables {
 public:
  virtual ~GrantTables() = default;
  /// Debug key 'g': has the hypervisor print all active grants to its console ring. Expensive on a
  /// slow serial line; callers bound it first.
  [[nodiscard]] virtual Expected<void> print_all() = 0;
  /// GNTTABOP_cache_flush with CLEAN on one cache line. Only for frames outside dom0's own RAM, and
  /// once per frame: the refusal leaks a reference in the hypervisor.
  [[nodiscard]] virtual Expected<GrantedNow::Answer> granted_now(Frame frame) = 0;
  [[nodiscard]] virtual Expected<GrantTableSize> size(DomId domain) = 0;
  /// Maps a vif's transmit ring read-only, copies the page once, unmaps at once.
  [[nodiscard]] virtual Expected<RingPage> copy_ring(const TxRing& ring) = 0;
  /// Maps the page read-only through libxengnttab, never looks into it, and unmaps it at once: what
  /// a recorder of grant maps sees of it names the page's frame. An error where the guest has no
  /// such grant (oxenstored, stub domains): that means nothing.
  [[nodiscard]] virtual Expected<void> touch(const ReservedPage& page) = 0;
};

/// One change in xenstore.
struct StoreEvent {
  std::string path;   ///< Where it happened: at or below the path watched.
  std::string token;  ///< Of the watch.
};

/// xenstore. Writing cannot be expressed. Values are bytes: guests write many of them.
class Store {
 public:
  virtual ~Store() = default;
  [[nodiscard]] virtual Expected<std::optional<std::string>> read(const std::string& path) = 0;
  [[nodiscard]] virtual Expected<std::optional<std::vector<std::string>>> list(
      const std::string& path) = 0;
  [[nodiscard]] virtual Expected<void> watch(const std::string& path, const std::string& token) = 0;
  /// The next pending event; nothing where none is pending. Never blocks.
  [[nodiscard]] virtual Expected<std::optional<StoreEvent>> next_event() = 0;
  /// Readable while events are pending; an error before the first watch().
  [[nodiscard]] virtual Expected<int> event_fd() = 0;
};

/// dom0's kernel log.
class KernelLog {
 public:
  virtual ~KernelLog() = default;
  /// The next record as `dmesg` prints it ("[   68.290307] macb ..."); nothing where there is none
  /// now. Never blocks.
  [[nodiscard]] virtual Expected<std::optional<std::string>> next() = 0;
  /// Records that were overwritten before they were read, so far.
  [[nodiscard]] virtual std::uint64_t lost() const = 0;
  /// Readable while records are pending.
  [[nodiscard]] virtual Expected<int> fd() = 0;
};

enum class DomainRole : std::uint8_t { bare_metal, dom0, guest };

/// What dom0's own kernel says of the machine.
class Dom0System {
 public:
  virtual ~Dom0System() = default;
  [[nodiscard]] virtual Expected<DomainRole> role() = 0;
  /// `uname -r`
  [[nodiscard]] virtual Expected<std::string> kernel_release() = 0;
  /// /proc/iomem; without root its addresses are zeros, which is an error (denied).
  [[nodiscard]] virtual Expected<std::string> iomem() = 0;
  /// Memory nodes of dom0's device tree: what Xen gave it at boot. Absent without a device tree
  /// (ACPI, x86).
  [[nodiscard]] virtual Expected<std::optional<std::vector<AddressRange>>> boot_memory() = 0;
  /// /hypervisor/reg: grant table and extended regions that Xen found for dom0. Absent as above.
  [[nodiscard]] virtual Expected<std::optional<std::vector<AddressRange>>> xen_regions() = 0;
};

/// Time, in nanoseconds.
class HostClock {
 public:
  virtual ~HostClock() = default;
  [[nodiscard]] virtual std::int64_t wall() = 0;     ///< Since 1970, UTC.
  [[nodiscard]] virtual std::uint64_t uptime() = 0;  ///< dom0's, as stamps of its kernel log.
};

/// What the flight recorder is asked to be.
struct RecorderOptions {
  std::uint32_t kib_per_cpu = 1024;  ///< Of the kernel's ring, 64 .. 65536.
};

/// How the flight recorder stands.
struct RecorderState {
  bool recording = false;
  std::string clock;              ///< Of its stamps: "mono_raw" or "boot".
  std::uint32_t kib_per_cpu = 0;  ///< As the kernel rounded it.
  std::uint64_t events = 0;       ///< In the ring now.
  std::uint64_t overwritten = 0;  ///< Older ones that were dropped for newer ones.
  std::uint64_t missed = 0;       ///< That never got into the ring (kprobe hits, full buffers).
  std::uint64_t depth_ms = 0;     ///< How far back the ring reaches now, on every CPU.
  /// How fast that clock and Xen's may drift apart, in parts per million.
  std::uint32_t drift_ppm = kUnknownDriftPpm;
};

/// The recorder of grant maps in dom0's kernel (a tracefs instance of its own). It lives in the
/// kernel and survives the process that started it.
class GrantRecorder {
 public:
  virtual ~GrantRecorder() = default;
  /// Records from here on. One that is already running with these options is taken over with what
  /// it holds; what a crash left in another state is removed and made anew. An error says what
  /// this kernel lacks.
  [[nodiscard]] virtual Expected<void> start(const RecorderOptions& options) = 0;
  /// Removes everything that start() made, by whomever. No error where there is nothing.
  [[nodiscard]] virtual Expected<void> stop() = 0;
  /// Not recording is an answer, not an error.
  [[nodiscard]] virtual Expected<RecorderState> state() = 0;
  /// What the ring holds, as text for GrantTraceParser, oldest first. Takes nothing out.
  [[nodiscard]] virtual Expected<std::string> read() = 0;
  /// Now, on the clock of its stamps, in nanoseconds.
  [[nodiscard]] virtual std::uint64_t now() = 0;
};

/// What one load at `frame` gave; see FrameLoader.
struct FrameLoad {
  Frame frame;
  enum class Result : std::uint8_t {
    present,    ///< The load returned: dom0's stage-2 table has the entry.
    absent,     ///< The child was killed by SIGKILL between "about to load" and "loaded".
    no_answer,  ///< Anything else: refused, lockdown, no memory, another signal, too late.
  } result = Result::no_answer;
  std::string detail;  ///< Why there is no answer, or "".
};

/// Loads one word at frame << 12 through /dev/mem, in a child process that does nothing else.
class FrameLoader {
 public:
  virtual ~FrameLoader() = default;
  /// One result per frame, in order. Callers have shown that each frame is a page of another domain
  /// that dom0 has mapped; frames in anything that /proc/iomem lists are refused (no_answer).
  [[nodiscard]] virtual Expected<std::vector<FrameLoad>> load(std::span<const Frame> frames) = 0;
};

/// All ports of one host. None is null; not owned. GrantRecorder and FrameLoader stand apart: they
/// need tracefs and /dev/mem, which only those have that were told to use them.
struct Ports {
  ConsoleRing* console;
  HypervisorInfo* hypervisor;
  GrantTables* grants;
  Store* store;
  KernelLog* kernel;
  Dom0System* system;
  HostClock* clock;
  GrantRecorder* recorder = nullptr;  ///< Null where nothing could record.
};

}  // namespace xic
