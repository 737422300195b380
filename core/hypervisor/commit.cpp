#include "core/hypervisor/commit.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/scan.h"

namespace xic {
namespace {

constexpr std::size_t kMinDigits = 7;
constexpr std::size_t kMaxDigits = 40;

/// The hash that begins `text`, in lower case; nothing where the run of hex digits has another
/// length or runs into a word.
std::optional<std::string> leading_hash(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && digits <= kMaxDigits && scan::is_hex_digit(text[digits])) ++digits;
  if (digits < kMinDigits || digits > kMaxDigits) return std::nullopt;
  if (digits < text.size() && scan::is_alnum(text[digits])) return std::nullopt;
  std::string hash(text.substr(0, digits));
  for (char& c : hash) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  }
  return hash;
}

/// True where `text` ends in "+" and at least one digit.
bool ends_in_commit_count(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && scan::is_digit(text[text.size() - 1 - digits])) ++digits;
  return digits > 0 && digits < text.size() && text[text.size() - 1 - digits] == '+';
}

}  // namespace

std::optional<Commit> commit_in_changeset(std::string_view text) {
  constexpr std::string_view kMark = "git:";
  const std::size_t at = text.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kMark.size());
  auto hash = leading_hash(text);
  if (!hash) return std::nullopt;
  const bool dirty = text.substr(hash->size()).starts_with("-dirty");
  return Commit{std::move(*hash), dirty, Commit::Origin::changeset};
}

std::optional<Commit> commit_in_package_version(std::string_view text) {
  constexpr std::string_view kMark = "-g";
  for (std::size_t at = text.find(kMark); at != std::string_view::npos;
       at = text.find(kMark, at + 1)) {
    // The count before it is at most a few digits: look back no further.
    const std::size_t from = at > 8 ? at - 8 : 0;
    if (!ends_in_commit_count(text.substr(from, at - from))) continue;
    if (auto hash = leading_hash(text.substr(at + kMark.size()))) {
      return Commit{std::move(*hash), false, Commit::Origin::distribution};
    }
  }
  return std::nullopt;
}

std::optional<Commit> commit_in_recipe(std::string_view compile_by) {
  constexpr std::string_view kMark = "AUTOINC+";
  const std::size_t at = compile_by.find(kMark);
  if (at == std::string_view::npos) return std::nullopt;
  auto hash = leading_hash(compile_by.substr(at + kMark.size()));
  if (!hash) return std::nullopt;
  return Commit{std::move(*hash), false, Commit::Origin::recipe};
}

}  // namespace xic
