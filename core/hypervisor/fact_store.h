// What has been read about the hypervisor, each fact with its origin: a better source replaces a
// worse one, and a new boot forgets what an earlier one said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/console/line.h"
#include "core/console/timestamp.h"
#include "core/hypervisor/hypervisor.h"

namespace xic {

/// How much a source is believed; of two, the higher wins, of equals the later.
enum class Rank : std::uint8_t {
  weak,     ///< A message whose author is uncertain, a driver's line, a loader's banner.
  derived,  ///< Follows from another fact (an option on the command line).
  boot,     ///< The hypervisor's own line, short of the banner.
  banner,   ///< "Xen version ..." of this boot.
  live,     ///< The hypervisor's answer to a hypercall: xl info, /sys/hypervisor, hypfs.
};

/// Where a fact comes from.
struct Origin {
  Rank rank = Rank::weak;
  std::uint32_t input = 0;
  bool live = false;  ///< Told by the running hypervisor, not by the console text of a boot.
};

/// Of what a line says in Xen's or dom0's own voice. A message in mid-line may be a guest's.
[[nodiscard]] inline Origin said(const Line& line, Rank rank) {
  return {line.mid_line ? Rank::weak : rank, line.input, false};
}
/// Of what a tool's output says that asked the running hypervisor.
[[nodiscard]] inline Origin answered(const Line& line, Rank rank = Rank::live) {
  return {rank, line.input, true};
}
/// Of what a caller states directly.
inline constexpr Origin kGiven{Rank::live, 0xffff'ffff, true};

/// Which facts a new boot makes stale. Live answers of another input stay: they were taken from the
/// hypervisor that runs last.
struct Staleness {
  std::uint32_t input = 0;    ///< Where the new boot was seen.
  bool within_input = false;  ///< The earlier boot is in the same input: all before it is stale.
  [[nodiscard]] bool covers(const Origin& origin) const {
    if (within_input) return !origin.live || origin.input == input;
    return !origin.live && origin.input != input;
  }
};

template <class T>
class Slot {
 public:
  void offer(T value, std::string_view source, Origin origin) {
    if (fact_ && origin.rank < origin_.rank) return;
    fact_ = Sourced<T>{std::move(value), std::string(source)};
    origin_ = origin;
  }
  void forget(const Staleness& stale) {
    if (fact_ && stale.covers(origin_)) fact_.reset();
  }
  [[nodiscard]] const std::optional<Sourced<T>>& get() const { return fact_; }
  [[nodiscard]] bool known() const { return fact_.has_value(); }
  [[nodiscard]] const Origin& origin() const { return origin_; }

 private:
  std::optional<Sourced<T>> fact_;
  Origin origin_;
};

/// A bounded list of different facts; further ones are dropped.
template <class T, std::size_t kMax>
class FactList {
 public:
  struct Item {
    T value;
    Origin origin;
  };
  /// True where an equal item is there. Repeated by the text of a new boot, it is stale no longer
  /// with the old one.
  template <class Same>
  bool repeats(const Same& same, Origin origin) {
    for (Item& item : items_) {
      if (!same(item.value)) continue;
      if (origin.live || !item.origin.live) item.origin = origin;
      return true;
    }
    return false;
  }
  void add(T value, Origin origin) {
    if (items_.size() < kMax) items_.push_back({std::move(value), origin});
  }
  void forget(const Staleness& stale) {
    std::erase_if(items_, [&](const Item& item) { return stale.covers(item.origin); });
  }
  [[nodiscard]] const std::vector<Item>& items() const { return items_; }

 private:
  std::vector<Item> items_;
};

/// Parts of a version that arrive on lines of their own, in any order.
struct VersionParts {
  std::optional<unsigned> major;
  std::optional<unsigned> minor;
  std::optional<std::string> extra;
  std::string source;
  Origin origin;
};
enum class VersionPart : std::uint8_t { major, minor, extra };

struct CommandLine {
  std::string text;
  bool whole = false;  ///< Nothing of it can be missing.
};

struct AddressSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  ///< One past the last.
};

class FactStore {
 public:
  static constexpr std::size_t kMaxText = 4096;  ///< Of any text kept.
  static constexpr std::size_t kMaxClaims = 64;
  static constexpr std::size_t kMaxCommits = 16;
  static constexpr std::size_t kMaxKinds = 8;
  static constexpr std::size_t kMaxSpans = 64;

  void offer_version(Version version, std::string_view source, Origin origin);
  /// One part as printed; the version is offered once all are known, the series before.
  void offer_version_part(VersionPart part, std::string_view value, std::string_view source,
                          Origin origin);
  void offer_commit(std::optional<Commit> commit, std::string_view source, Origin origin);
  void claim_iommu(bool enabled, IommuClaim::Strength strength, std::string_view source,
                   Origin origin);
  void claim_direct_map(bool direct_mapped, std::string_view source, Origin origin);
  /// `kind` in static storage.
  void add_kind(std::string_view kind, Origin origin);
  void forget(const Staleness& stale);
  [[nodiscard]] Hypervisor snapshot() const;

  bool seen = false;
  Slot<Version> version;
  Slot<Version> series;
  Slot<Arch> arch;
  Slot<std::string> changeset;
  Slot<std::string> build_id;
  Slot<std::string> distribution;
  Slot<std::string> compile_by;
  Slot<CommandLine> command_line;
  Slot<std::uint32_t> sysctl_abi;
  Slot<std::uint64_t> features;
  Slot<std::string> virt_caps;
  Slot<std::uint32_t> physical_caps;  ///< XEN_SYSCTL_PHYSCAP bits.
  Slot<bool> table_shared;
  Slot<bool> ipmmu_sharing_disabled;
  Slot<bool> colouring;
  Slot<bool> debug_build;
  Slot<bool> dom0less;
  Slot<std::string> log_level;
  Slot<std::uint32_t> ring_kib;
  Slot<Timestamp> dom0_started;
  Slot<std::string> dom0_kernel;
  FactList<AddressSpan, kMaxSpans> host_ram;
  FactList<AddressSpan, kMaxSpans> extended_regions;

 private:
  void conclude_from_virt_caps(Hypervisor* out) const;
  void conclude_from_physical_caps(Hypervisor* out) const;
  void conclude_from_extended_regions(Hypervisor* out) const;
  void conclude_from_command_line(Hypervisor* out) const;
  static void conclude_about_direct_map(Hypervisor* out);

  VersionParts parts_;
  FactList<Sourced<Commit>, kMaxCommits> commits_;
  FactList<IommuClaim, kMaxClaims> iommu_;
  FactList<DirectMapClaim, kMaxClaims> direct_map_;
  FactList<std::string_view, kMaxKinds> kinds_;
};

/// At most FactStore::kMaxText bytes of `text`.
[[nodiscard]] std::string bounded_copy(std::string_view text);

}  // namespace xic
