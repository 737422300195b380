// One IOMMU fault event, and its group: the same fault seen again and again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/timestamp.h"
#include "core/types.h"

namespace xic {

enum class FaultKind : std::uint8_t {
  smmuv2_context,  ///< SMMUv1/v2 context fault.
  smmuv2_global,   ///< SMMUv1/v2 global fault.
  smmuv3_event,    ///< SMMUv3 event queue record, or an unexpected PRI request.
  smmuv3_gerror,   ///< SMMUv3 global error register.
  ipmmu,           ///< Renesas IPMMU-VMSA.
  vtd,             ///< Intel VT-d DMA remapping or interrupt remapping fault.
  amdvi,           ///< AMD-Vi IO_PAGE_FAULT.
};

/// Whose driver printed it. Linux's faults are never counted as Xen's.
enum class FaultOrigin : std::uint8_t { xen, linux_kernel };

enum class Access : std::uint8_t { unknown, read, write, instruction };

/// A register as printed: its lower-case name ("fsr", "gfsynr1", "evt0", "status") and value.
struct Register {
  std::string_view name;  ///< Static storage.
  std::uint64_t value = 0;
  std::uint8_t digits =
      0;  ///< Least number of hex digits to print (8 for "0x%08x"); 0 = as needed.
};

/// Up to kMax registers in the order printed. No allocation.
class RegisterSet {
 public:
  static constexpr std::size_t kMax = 8;
  void add(std::string_view static_name, std::uint64_t value, std::uint8_t digits = 0) {
    if (size_ < kMax) items_[size_++] = {static_name, value, digits};
  }
  [[nodiscard]] std::optional<std::uint64_t> get(std::string_view name) const {
    for (std::size_t i = 0; i < size_; ++i)
      if (items_[i].name == name) return items_[i].value;
    return std::nullopt;
  }
  [[nodiscard]] const Register* begin() const { return items_.data(); }
  [[nodiscard]] const Register* end() const { return items_.data() + size_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::array<Register, kMax> items_{};
  std::size_t size_ = 0;
};

/// One fault event, as it passes through. All views are valid only during the call that delivers
/// it. What a format does not print is absent, never guessed.
struct Fault {
  static constexpr std::size_t kMaxRaw = 6;

  FaultKind kind = FaultKind::smmuv2_context;
  FaultOrigin origin = FaultOrigin::xen;
  Access access = Access::unknown;
  bool multiple = false;  ///< The hardware says that more faults happened than it recorded (MULTI).
  bool complete = true;   ///< False: a half of a multi-line event was not seen.
  bool mid_line = false;  ///< See Line::mid_line (any of its lines).
  bool repaired = false;  ///< See Line::repaired (any of its lines).
  std::optional<bool> privileged;
  std::optional<std::uint8_t> level;  ///< Table level of the failing walk (SMMUv2 PLVL).
  std::optional<Iova> iova;
  std::optional<std::uint32_t> cb;  ///< SMMUv2 context bank.
  std::optional<std::uint32_t>
      stream_id;                ///< SMMUv2 GFSYNR1[15:0], Linux cbfrsynra, SMMUv3 dw0[63:32].
  std::optional<DomId> domain;  ///< Only where the line names it (4.5, IPMMU, AMD-Vi).
  std::string_view
      iommu;  ///< As printed: device-tree path ("/smmu@fd800000"), Linux device, or "".
  std::string_view device;  ///< Faulting device where printed: PCI SBDF.
  std::string_view reason;  ///< Text the driver adds ("05 - PTE Write access is not set"), or "".
  RegisterSet registers;
  Timestamp time;            ///< Of its first line.
  std::uint64_t offset = 0;  ///< Byte offset of its first line in its input.
  std::uint32_t input = 0;
  std::array<std::string_view, kMaxRaw> raw{};  ///< The physical lines, in order.
  std::size_t raw_count = 0;
};

/// Names of the bits set in the fault's status registers, most telling first: "TF", "PF", "MULTI",
/// "USF", "F_TRANSLATION" ... Names of the Arm SMMU architecture (IHI 0062, IHI 0070), of Xen's
/// drivers, and of the VT-d and AMD-Vi specifications. Static storage.
[[nodiscard]] std::vector<std::string_view> flag_names(FaultKind kind,
                                                       const RegisterSet& registers);

/// One register in words, bit by bit: "FSR 0x402: TF (translation fault), FORMAT 2 (AArch64)".
[[nodiscard]] std::vector<std::string> describe_registers(FaultKind kind,
                                                          const RegisterSet& registers);

/// What kind of failure the registers report.
enum class FaultClass : std::uint8_t {
  translation,  ///< No entry: SMMUv2 TF and nothing else (MULTI, SS and FORMAT do not matter);
                ///< SMMUv3 0x10; IPMMU TF; VT-d reasons 1, 2; AMD-Vi with PR clear.
  permission,   ///< Entry present, access refused (SMMUv2 PF, SMMUv3 0x13, IPMMU PF, VT-d 5, 6, AMD
                ///< PR).
  access_flag,  ///< SMMUv2 AFF, SMMUv3 0x12.
  address_size,     ///< SMMUv2 ASF, SMMUv3 0x11, VT-d 4 (beyond MGAW).
  external_abort,   ///< EF: the table walk itself failed; SMMUv3 0x0b; IPMMU ABORT.
  tlb_conflict,     ///< TLBMCF, TLBLKF; SMMUv3 0x20; IPMMU MHIT.
  unsupported,      ///< UUT; SMMUv3 0x01.
  stream_unknown,   ///< USF; SMMUv3 0x02.
  stream_conflict,  ///< SMCF.
  stream_disabled,  ///< ICF (S2CR type = fault); SMMUv3 0x04, 0x06, 0x07.
  configuration,    ///< Other configuration faults (UCBF, UCIF, CAF; SMMUv3 0x03, 0x08-0x0a, 0x21).
  mixed,            ///< Several of these at once.
  other,            ///< None that we can tell (also: the register was not printed).
};
[[nodiscard]] FaultClass classify(FaultKind kind, const RegisterSet& registers);

/// Where a line lies in the inputs: byte offset within one input.
struct Position {
  std::uint32_t input = 0;
  std::uint64_t offset = 0;
};

/// What was known about the faulting frame from grant dumps when a fault arrived; see core/grant.
struct GrantSighting {
  bool asked = false;  ///< A complete dump of this boot stood before (or after) the fault.
  bool found = false;  ///< It showed the frame granted to (mapped by) dom0.
  DomId granter;
  GrantRef ref;
  std::uint32_t pin = 0;  ///< Xen's pin word: 0x1 per writable CPU map, 0x100 per read-only one.
  Position dump;          ///< Begin of that dump.
  Timestamp dump_time;
  friend bool same_grant(const GrantSighting& a, const GrantSighting& b) {
    return a.found && b.found && a.granter == b.granter && a.ref == b.ref;
  }
};

/// A time that is known to lie between two points of the flight recorder's clock, in nanoseconds.
struct TimeSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// What the flight recorder knows about the faulting frame at the fault's time; see
/// core/grant/grant_trace.h.
struct TraceSighting {
  enum class State : std::uint8_t {
    not_covered,  ///< The records do not reach from the begin to the end of the fault's time.
    never,        ///< They do, and show no mapping of the frame at that time or before it.
    mapped,       ///< Mapped by dom0 over the whole uncertainty of the fault's time.
    unclear,      ///< Mapped or unmapped within that uncertainty, or its end may have been missed.
    ended,        ///< Mapped before and surely gone before the fault; not mapped again in time.
  } state = State::not_covered;
  DomId granter;  ///< This and all that follows: of the latest mapping not after the fault.
  std::optional<GrantRef> ref;  ///< Not recorded of every grant of a batch.
  bool read_only = false;
  bool remapped = false;  ///< The frame was mapped or unmapped a second time around the fault.
  /// Other grants of the frame that may have been mapped at the fault's time: a guest can grant one
  /// page several times over, and nothing tells through which grant a device got at it.
  std::uint32_t others = 0;
  bool again = false;  ///< ended: mapped again since, later than the fault.
  TimeSpan at;         ///< The fault's time, with its uncertainty.
  std::uint64_t mapped = 0;
  std::optional<std::uint64_t> unmapped;
  std::string unmapper;  ///< "vif1.0-q0-deall", "" where it was not unmapped yet.
};

/// What the recorder said of the members of a group.
struct RecordedGrant {
  TraceSighting sighting;  ///< Of the member that tells most: mapped, then ended, then unclear.
  std::uint64_t mapped = 0, ended = 0, unclear = 0;  ///< Members per state.
  bool differ = false;                               ///< Members saw another granter.
  bool refs_differ = false;  ///< The same granter's, but granted anew: its pages are used again.
  bool remapped = false;     ///< Any member that was mapped.
  std::uint32_t others = 0;  ///< The most of any member that was mapped.
};

/// Faults of one identity: (boot, kind, origin, iommu, cb or stream, device, frame, access, class).
struct FaultGroup {
  FaultKind kind = FaultKind::smmuv2_context;
  FaultOrigin origin = FaultOrigin::xen;
  FaultClass fault_class = FaultClass::other;
  Access access = Access::unknown;
  bool multiple = false;
  bool complete = true;
  bool mid_line = false;  ///< True if *every* member was mid-line.
  bool repaired = false;
  std::optional<bool> privileged;
  std::optional<std::uint8_t> level;
  std::optional<Iova> iova;  ///< Of the first member.
  std::optional<std::uint32_t> cb;
  std::optional<std::uint32_t> stream_id;
  std::optional<DomId> domain;
  std::string iommu;
  std::string device;
  std::string reason;
  RegisterSet registers;  ///< Of the first member.
  std::uint64_t count = 0;
  std::uint32_t boot = 0;  ///< Which boot of the hypervisor within the inputs, from 0.
  Timestamp first, last;
  Position first_at, last_at;
  std::vector<std::string> raw;  ///< Lines of the first member.
  GrantSighting before;          ///< Nearest complete dump before the first member (frozen then).
  GrantSighting after;           ///< First complete dump after the last member.
  bool sightings_differ =
      false;  ///< Later members saw another granter or ref: attribution is not one.
  std::optional<RecordedGrant> recorded;  ///< Nothing where the recorder was not asked.
  std::optional<std::size_t> dom0_error;  ///< Index of the joined Facts::dom0_errors entry.
};

/// An error a dom0 driver reported about DMA (or one that users take for it).
struct Dom0Error {
  Timestamp uptime;     ///< Clock::dom0_uptime or none.
  std::string driver;   ///< "macb"
  std::string device;   ///< "ff0e0000.ethernet"
  std::string netdev;   ///< "eth0", or "".
  std::string message;  ///< "DMA bus error: HRESP not OK"
  std::string raw;
  Position at;
  std::uint32_t boot = 0;
  std::uint64_t count = 1;  ///< Repetitions folded in.
  bool near_fault =
      false;  ///< Joined to a fault: within a second where clocks relate, else adjacent.
};

/// Something Xen said that is no fault but explains one; see EventLog.
struct HypervisorEvent {
  enum class Kind : std::uint8_t {
    cmd_sync_timeout,  ///< SMMUv3 CMD_SYNC / CMDQ timeout.
    tlb_sync_timeout,
    events_lost,       ///< EVTQ/PRIQ overflow, "events may have been lost".
    iommu_map_failed,  ///< "dN: IOMMU mapping dfn .. to mfn .. failed".
    deassign_failed,   ///< "deassign (...) failed", "not attached to domain".
    assigned,          ///< "dN: p2maddr ..": a domain has a context on this SMMU.
    init_failed,  ///< "no translation support!", "Couldn't configure correctly all the IOMMUs."
    hypervisor_crash,  ///< "Xen BUG at", "Unexpected Trap", "Panic on CPU".
    guest_abort,       ///< "traps.c:...:dNvM HSR=...": a CPU access, not DMA.
    domain_destroyed,  ///< Evidence that a domain ended.
    suppressed,        ///< "printk: N messages suppressed."
    swiotlb,           ///< dom0: "swiotlb buffer is full", "only able to allocate".
    self_grant,        ///< dom0: "mapping in shared page N from domain 0".
  };
  Kind kind = Kind::hypervisor_crash;
  std::string iommu;   ///< Node, where named.
  std::string device;  ///< PCI SBDF, where named.
  std::optional<DomId> domain;
  std::string message;
  std::uint64_t count = 1;
  std::uint64_t number = 0;  ///< For suppressed: how many.
  Timestamp time;
  Position at;
  std::uint32_t boot = 0;
};

/// One such message, as it passes through. All views are valid only during the call that delivers
/// it.
struct SeenEvent {
  HypervisorEvent::Kind kind = HypervisorEvent::Kind::hypervisor_crash;
  std::string_view iommu;
  std::string_view device;
  std::optional<DomId> domain;
  std::string_view message;
  std::uint64_t number = 0;
  Timestamp time;
  Position at;
};

}  // namespace xic
