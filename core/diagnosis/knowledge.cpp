#include "core/diagnosis/knowledge.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string>

namespace xic {
namespace {

constexpr std::size_t kPackedBytes = 5;
constexpr std::size_t kPackedDigits = 2 * kPackedBytes;
constexpr std::size_t kShortestHash = 7;
constexpr std::size_t kLongestHash = 40;

bool is_hash(std::string_view text) {
  return text.size() >= kShortestHash && text.size() <= kLongestHash &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// All ten-digit numbers that begin with a given prefix: [first, last].
struct PrefixRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

PrefixRange range_of(std::string_view hash) {
  const std::string_view prefix = hash.substr(0, kPackedDigits);
  std::uint64_t value = 0;
  std::from_chars(prefix.data(), prefix.data() + prefix.size(), value, 16);
  const std::size_t missing = 4 * (kPackedDigits - prefix.size());
  const std::uint64_t first = value << missing;
  return {first, first | ((std::uint64_t{1} << missing) - 1)};
}

std::uint64_t packed_at(std::span<const std::uint8_t> bytes, std::size_t index) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes.subspan(index * kPackedBytes, kPackedBytes))
    value = value << 8 | byte;
  return value;
}

bool holds_any(std::span<const std::uint8_t> bytes, PrefixRange wanted) {
  std::size_t begin = 0;
  std::size_t end = bytes.size() / kPackedBytes;
  const std::size_t count = end;
  while (begin < end) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (packed_at(bytes, middle) < wanted.first)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin < count && packed_at(bytes, begin) <= wanted.last;
}

const Entry* entry_of(std::span<const Entry> entries, std::string_view id) {
  const auto found = std::ranges::find(entries, id, &Entry::id);
  return found == entries.end() ? nullptr : &*found;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

/// Version::extra, taken apart: ".2-pre" is patch 2 with a mark, "-unstable" a mark alone.
struct Extra {
  std::optional<unsigned> patch;
  bool unstable = false;
  bool candidate = false;  ///< "-rc", "-rc2"
  bool pre = false;        ///< Between two stable releases.
};

/// Words are runs of lower-case letters and digits: "-pre", "~rc1" and ".0-xilinx-pre" all count,
/// "-presto" does not.
Extra take_apart(std::string_view extra) {
  Extra result;
  if (extra.size() >= 2 && extra[0] == '.' && is_digit(extra[1])) {
    unsigned patch = 0;
    const char* const end = extra.data() + extra.size();
    const auto [rest, error] = std::from_chars(extra.data() + 1, end, patch);
    result.patch = error == std::errc{} ? patch : ~0U;  // Too large: later than any release.
    extra.remove_prefix(static_cast<std::size_t>(rest - extra.data()));
  }
  while (!extra.empty()) {
    std::size_t length = 0;
    while (length < extra.size() && (is_lower(extra[length]) || is_digit(extra[length]))) ++length;
    const std::string_view word = extra.substr(0, length);
    if (word == "unstable") result.unstable = true;
    if (word == "pre") result.pre = true;
    if (word.starts_with("rc") && std::all_of(word.begin() + 2, word.end(), is_digit))
      result.candidate = true;
    extra.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

/// A stable branch on which `fixed_patch` was the first release with the fix, and whose earlier
/// ones all lack it. The snapshot leading to that release began without the fix and ended with it.
NumberStanding standing_on_branch(const Extra& extra, unsigned fixed_patch) {
  if (!extra.patch) {
    // "4.13" alone names no release; -unstable and -rc precede .0.
    return extra.unstable || extra.candidate ? NumberStanding::in_interval
                                             : NumberStanding::undecidable;
  }
  if (*extra.patch < fixed_patch) return NumberStanding::in_interval;
  const bool before_release = extra.pre || extra.candidate || extra.unstable;
  return *extra.patch == fixed_patch && before_release ? NumberStanding::undecidable
                                                       : NumberStanding::outside;
}

}  // namespace

// A full hash fits at most one list. A short one may fit commits of several standings; then
//  - unaffected together with any other standing is ambiguous: nothing may be said;
//  - conditional together with affected is conditional: both kinds are affected where the table is
//    shared, only one kind is where it is not, so the weaker claim holds for both;
//  - within the standing that results, a vendor's tree is named rather than upstream.
CommitLookup Knowledge::find_commit(std::string_view hash) const {
  if (!is_hash(hash)) return {};
  for (const std::string_view shared : ambiguous_short)
    if (shared.starts_with(hash)) return {CommitStanding::ambiguous, ""};

  const PrefixRange wanted = range_of(hash);
  struct Hit {
    bool found = false;
    std::string_view tree;
    void note(std::string_view where) {
      if (!found || tree == "upstream") tree = where;
      found = true;
    }
  };
  Hit affected;
  Hit conditional;
  Hit unaffected;
  for (const PackedHashes& list : commits) {
    if (!holds_any(list.bytes, wanted)) continue;
    if (list.standing == CommitStanding::affected) affected.note(list.tree);
    if (list.standing == CommitStanding::conditional) conditional.note(list.tree);
    if (list.standing == CommitStanding::unaffected) unaffected.note(list.tree);
  }
  if (unaffected.found && (affected.found || conditional.found))
    return {CommitStanding::ambiguous, ""};
  if (conditional.found) return {CommitStanding::conditional, conditional.tree};
  if (affected.found) return {CommitStanding::affected, affected.tree};
  if (unaffected.found) return {CommitStanding::unaffected, unaffected.tree};
  return {};
}

const Entry* Knowledge::cause(std::string_view id) const {
  return entry_of(causes, id);
}
const Entry* Knowledge::limit(std::string_view id) const {
  return entry_of(limits, id);
}
const Entry* Knowledge::action(std::string_view id) const {
  return entry_of(actions, id);
}

std::vector<const VendorRow*> Knowledge::vendor_rows(std::string_view hash) const {
  std::vector<const VendorRow*> rows;
  if (!is_hash(hash)) return rows;
  for (const VendorRow& row : vendors) {
    const std::size_t length = std::min(row.commit.size(), hash.size());
    if (length >= kShortestHash && row.commit.substr(0, length) == hash.substr(0, length))
      rows.push_back(&row);
  }
  return rows;
}

const BranchFix* Knowledge::fix_for(const Version& version) const {
  // What calls itself 4.15 was built from master before the branch, or is the branch's release.
  const std::string branch =
      version.major == 4 && version.minor == 15
          ? "master"
          : std::to_string(version.major) + "." + std::to_string(version.minor);
  const auto found = std::ranges::find(fixes, branch, &BranchFix::branch);
  return found == fixes.end() ? nullptr : &*found;
}

NumberStanding number_standing(const Version& version) {
  if (version.major != 4) return NumberStanding::outside;
  const Extra extra = take_apart(version.extra);
  switch (version.minor) {
    case 12:
      // 4.12-unstable began before the regression did. Every release of 4.12 has it.
      return !extra.patch && extra.unstable ? NumberStanding::undecidable
                                            : NumberStanding::in_interval;
    case 13:
      return standing_on_branch(extra, 3);
    case 14:
      return standing_on_branch(extra, 2);
    case 15:
      // 4.15.0 is fixed; its -unstable and -rc began without the fix.
      if (extra.patch && *extra.patch > 0) return NumberStanding::outside;
      if (extra.patch && !extra.pre && !extra.candidate && !extra.unstable)
        return NumberStanding::outside;
      return NumberStanding::undecidable;
    default:
      return NumberStanding::outside;
  }
}

}  // namespace xic
