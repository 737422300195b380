// Which hypervisor this is and how it is set up, each fact with its source.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/line.h"
#include "core/hypervisor/answers.h"
#include "core/types.h"

namespace xic {

enum class Arch : std::uint8_t { arm64, arm32, x86 };

/// "4.14.1-pre" = {4, 14, ".1-pre"}; "4.13-unstable" = {4, 13, "-unstable"}.
struct Version {
  unsigned major = 0;
  unsigned minor = 0;
  std::string extra;
  [[nodiscard]] std::string text() const;
};
/// Parses the leading version of `text`; nothing where there is none.
[[nodiscard]] std::optional<Version> parse_version(std::string_view text);

/// A commit the build names.
struct Commit {
  std::string hash;    ///< 7 to 40 lower-case hex digits.
  bool dirty = false;  ///< "-dirty": built from a changed tree.
  enum class Origin : std::uint8_t {
    changeset,     ///< The hypervisor's own changeset text.
    distribution,  ///< Base commit within a package version ("4.14.0+88-g1d1d1f5391-2").
    recipe,        ///< Yocto's compile_by ("xen-4.14+stableAUTOINC+<hash>-r0").
  } origin = Origin::changeset;
};

/// One statement about the IOMMU.
struct IommuClaim {
  bool enabled = false;
  enum class Strength : std::uint8_t {
    hint,    ///< Suggests it (an SMMU probe line, a fault of dom0's).
    strong,  ///< Implies it (virt_caps on 4.13 and later; "registered N master devices").
    proof,   ///< States it ("I/O virtualisation enabled"; key 'o' registered).
  } strength = Strength::hint;
  std::string source;
};

/// One statement about dom0 being direct-mapped (gfn == mfn).
struct DirectMapClaim {
  bool direct_mapped = false;
  bool proof = false;  ///< XENFEAT bit 16 or 17; else an allocation line or LLC colouring sign.
  std::string source;
};

/// Could a guest have written a line that begins "(XEN) "? See docs/verdict.md (facts B.4).
struct LineTrust {
  std::optional<bool> debug_build;      ///< debug=y: any Arm guest can print raw bytes.
  std::optional<bool> console_to_ring;  ///< Known from the command line.
  bool dom0less_console = false;        ///< A dom0less domain with an emulated UART was seen.
  /// All known, and none lets a guest write.
  [[nodiscard]] bool only_xen_can_write() const {
    return debug_build == false && console_to_ring == false && !dom0less_console;
  }
};

struct Hypervisor {
  bool seen = false;  ///< Any trace of Xen. Linux's own IOMMU lines are none.
  std::optional<Sourced<Version>> version;
  /// Major and minor alone ("Xen 4.13 support found" of Linux): the release within the series is
  /// not known, so `version` stays unset where nothing better was seen.
  std::optional<Sourced<Version>> series;
  std::optional<Sourced<Arch>> arch;
  std::vector<Sourced<Commit>> commits;  ///< Every commit named; empty text names none.
  std::optional<Sourced<std::string>> changeset_text;  ///< As found, may be "" or "unavailable".
  std::optional<Sourced<std::string>> build_id;
  std::optional<Sourced<std::string>> distribution;  ///< "Debian 4.14.6-1"
  std::optional<Sourced<std::string>> compile_by;
  std::optional<Sourced<std::string>> command_line;  ///< Xen's.
  std::optional<Sourced<std::uint32_t>> sysctl_abi;  ///< A number the hypervisor answered to.
  std::optional<Sourced<std::uint64_t>> features;    ///< XENFEAT words.
  std::optional<Sourced<bool>> table_shared;         ///< CPU and IOMMU share the P2M.
  bool ipmmu_sharing_disabled = false;  ///< "disable sharing P2M table between the CPU and IPMMU".
  bool llc_coloring = false;  ///< "dom0_colors", "llc-coloring", "Domain 0 has N color(s)".
  std::vector<IommuClaim> iommu;
  std::vector<std::string> iommu_kinds;  ///< "SMMUv2", "SMMUv3", "IPMMU", "VT-d", "AMD-Vi" seen.
  std::vector<DirectMapClaim> direct_map;
  LineTrust trust;
  std::optional<Sourced<std::string>> log_level;  ///< "All", "Errors and warnings", ...
  std::optional<Sourced<std::uint32_t>> ring_kib;
  bool boot_start_seen = false;           ///< The console text reaches back to the banner.
  std::optional<Timestamp> dom0_started;  ///< Xen's time of dom0's first instruction, roughly.
  std::uint32_t boots = 0;                ///< Banners seen.
  std::optional<Sourced<std::string>> dom0_kernel;  ///< "5.10.0-32-arm64"

  [[nodiscard]] std::optional<bool> iommu_enabled() const;  ///< By the strongest claims; nothing
                                                            ///< when they contradict or are absent.
  [[nodiscard]] std::optional<bool> direct_mapped()
      const;  ///< Colouring and bit 16 win over lines.
  /// XENFEAT_not_direct_mapped (16) or XENFEAT_direct_mapped (17), public/features.h, Xen 4.16.
  [[nodiscard]] bool has_direct_map_feature_bit() const;
};

/// Lines -> Hypervisor: boot banner, `xl info`, Debian's banner, Yocto's compile_by, crash banners
/// ("Xen-4.14.0  arm64  debug=y"), Linux's "Xen 4.13 support found", `grep -r . /sys/hypervisor`
/// ("/sys/hypervisor/properties/features:00002705"), hypfs ("/buildinfo/changeset: ..."), SMMU
/// probe lines, virt_caps, log level, ring size, key 'h' listings.
class HypervisorParser {
 public:
  HypervisorParser();
  ~HypervisorParser();
  HypervisorParser(const HypervisorParser&) = delete;
  HypervisorParser& operator=(const HypervisorParser&) = delete;

  [[nodiscard]] static std::span<const std::string_view> literals();
  Consumed consume(const Line& line, bool last_chance);
  /// Facts a live host or a capture's observations state directly.
  void set_identity(const XenIdentity& identity);
  void set_physical_info(const PhysicalInfo& info, const std::string& source);
  void set_dom0_kernel(const std::string& release, const std::string& source);
  void set_sysctl_abi(std::uint32_t number, const std::string& source);
  void set_features(std::uint64_t words, const std::string& source);
  /// Any line with "(XEN)" was seen, whatever it says.
  void note_xen_seen();
  /// True once, when the line just consumed began a new boot in the same input.
  [[nodiscard]] bool take_new_boot();
  [[nodiscard]] Hypervisor snapshot() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xic
