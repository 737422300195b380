// What is known about releases, commits and causes: data, passed as an argument.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/hypervisor/hypervisor.h"

namespace xic {

/// What a commit hash tells.
enum class CommitStanding : std::uint8_t {
  affected,
  conditional,  ///< xen-troops: affected where CPU and IPMMU share the P2M.
  unaffected,
  ambiguous,  ///< The short hash fits commits of both kinds.
  unlisted,
};

struct CommitLookup {
  CommitStanding standing = CommitStanding::unlisted;
  std::string_view tree;  ///< "upstream", "Xilinx/xen", "xen-troops/xen", or "".
};

/// What the self-reported number tells.
enum class NumberStanding : std::uint8_t { in_interval, undecidable, outside };

/// Advice for one stable branch.
struct BranchFix {
  std::string_view branch;   ///< "4.14"; "master" for what calls itself 4.15.
  std::string_view release;  ///< "4.14.2"; "" where the branch was never fixed (4.12).
  std::string_view fix;      ///< "b0b734a8b3"
  std::string_view guard;    ///< Self-grant guard, "9b6054a63e".
};

/// A vendor, distribution or layer row that a user may recognise.
struct VendorRow {
  std::string_view vendor;   ///< "Xilinx", "Debian", "Yocto"
  std::string_view name;     ///< "xilinx/release-2020.2", "4.14.0+88-g1d1d1f5391-2"
  std::string_view version;  ///< Self-reported or recipe version.
  std::string_view commit;   ///< 10 digits or "".
  bool affected = false;
};

/// A release of Xen.
struct ReleaseRow {
  std::string_view version;  ///< "4.14.1"
  std::string_view commit;   ///< 10 digits.
  std::string_view date;     ///< Of the commit: "2020-12-17".
  bool affected = false;
  bool guarded = false;  ///< Has the self-grant guard.
};

/// A cause, limit, action or evidence kind: the texts of one id.
struct Entry {
  std::string_view id;       ///< "XIC-1001", "ring_wrapped", "upgrade"
  std::string_view title;    ///< One line.
  std::string_view why;      ///< Why we think so.
  std::string_view confirm;  ///< What would confirm or refute it.
  std::string_view action;   ///< What to do.
  std::string_view references;
};

/// Packed hash prefixes: 10 hex digits as 5 bytes each, sorted ascending.
struct PackedHashes {
  std::string_view tree;
  CommitStanding standing = CommitStanding::unlisted;
  std::span<const std::uint8_t> bytes;
};

struct Knowledge {
  std::string_view date;  ///< "2026-11-20": of the trees it was computed from.
  std::span<const PackedHashes> commits;
  std::span<const std::string_view> ambiguous_short;  ///< 7-digit prefixes shared with old commits.
  std::span<const std::string_view>
      self_grant_unguarded;  ///< 10 digits: fixed, but without the guard.
  std::span<const BranchFix> fixes;
  std::span<const VendorRow> vendors;
  std::span<const Entry> causes, limits, actions, evidence_kinds;
  std::span<const ReleaseRow> releases{};  ///< In order of their versions.

  /// `hash`: 7 to 40 lower-case hex digits; anything else is unlisted. Digits past the tenth are
  /// not compared (the tables hold ten).
  [[nodiscard]] CommitLookup find_commit(std::string_view hash) const;
  [[nodiscard]] const Entry* cause(std::string_view id) const;
  [[nodiscard]] const Entry* limit(std::string_view id) const;
  [[nodiscard]] const Entry* action(std::string_view id) const;
  /// Vendor rows with this commit (compared on the shorter length, at least 7 digits).
  [[nodiscard]] std::vector<const VendorRow*> vendor_rows(std::string_view hash) const;
  /// Advice for a version's own branch, e.g. 4.14.x -> {4.14, 4.14.2, b0b734a8b3, 9b6054a63e}.
  [[nodiscard]] const BranchFix* fix_for(const Version& version) const;
};

/// By number alone: in_interval 4.12.0-rc to 4.12.*, 4.13-unstable, -rc, .0 to .2 (-pre),
/// 4.14-unstable, -rc, .0, .1 (-pre); undecidable 4.12-unstable, 4.13.3-pre, 4.14.2-pre,
/// 4.15-unstable and -rc; else outside.
[[nodiscard]] NumberStanding number_standing(const Version& version);

/// The knowledge this program was built with (generated from knowledge/).
[[nodiscard]] const Knowledge& built_in_knowledge();

}  // namespace xic
