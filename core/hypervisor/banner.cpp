#include "core/hypervisor/banner.h"

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/scan.h"

namespace xic {
namespace {

/// Takes "(...)" with the parentheses nested in it; to the end of the text where the closing one is
/// missing (a cut or wrapped line). The view is what stands between.
std::optional<std::string_view> take_group(std::string_view* text) {
  *text = scan::trim_front(*text);
  if (!text->starts_with('(')) return std::nullopt;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text->size(); ++i) {
    if ((*text)[i] == '(') ++depth;
    if ((*text)[i] == ')' && --depth == 0) {
      const std::string_view inside = text->substr(1, i - 1);
      text->remove_prefix(i + 1);
      return inside;
    }
  }
  const std::string_view inside = text->substr(1);
  *text = {};
  return inside;
}

bool names_a_compiler(std::string_view group) {
  return group.find("gcc") != std::string_view::npos ||
         group.find("clang") != std::string_view::npos;
}

/// "user@host": one word with an at sign.
std::optional<std::string_view> builder_of(std::string_view group) {
  const std::size_t at = group.find('@');
  if (at == std::string_view::npos) return std::nullopt;
  for (const char c : group.substr(0, at)) {
    if (scan::is_blank(c)) return std::nullopt;
  }
  return group.substr(0, at);
}

}  // namespace

std::optional<Arch> arch_of(std::string_view name) {
  if (name.starts_with("aarch64") || name.starts_with("arm64")) return Arch::arm64;
  if (name.starts_with("arm")) return Arch::arm32;
  if (name.starts_with("x86") || name.starts_with("i386") || name.starts_with("i586") ||
      name.starts_with("i686") || name.starts_with("amd64")) {
    return Arch::x86;
  }
  return std::nullopt;
}

std::optional<bool> debug_state(std::string_view text) {
  constexpr std::string_view kMark = "debug=";
  const std::size_t at = text.find(kMark);
  if (at == std::string_view::npos || at + kMark.size() >= text.size()) return std::nullopt;
  if (at > 0 && !scan::is_blank(text[at - 1])) return std::nullopt;
  switch (text[at + kMark.size()]) {
    case 'y':
      return true;
    case 'n':
      return false;
    default:
      return std::nullopt;
  }
}

std::optional<Banner> parse_banner(std::string_view text) {
  if (!scan::take(&text, "Xen version ")) return std::nullopt;
  auto version = parse_version(text);
  if (!version) return std::nullopt;
  Banner banner;
  banner.version = std::move(*version);
  const std::size_t groups = text.find('(');
  if (groups == std::string_view::npos) return banner;
  text.remove_prefix(groups);
  while (const auto group = take_group(&text)) {
    if (const auto builder = builder_of(*group)) {
      banner.compile_by = *builder;
    } else if (names_a_compiler(*group)) {
      banner.arch = arch_of(*group);
    } else if (banner.distribution.empty()) {
      banner.distribution = scan::trim(*group);
    }
  }
  banner.debug = debug_state(text);
  return banner;
}

std::optional<CrashBanner> parse_crash_banner(std::string_view text) {
  if (!text.starts_with("---")) return std::nullopt;
  while (text.starts_with('-')) text.remove_prefix(1);
  if (!scan::take(&text, "[ Xen-")) return std::nullopt;
  auto version = parse_version(text);
  if (!version) return std::nullopt;
  CrashBanner banner;
  banner.version = std::move(*version);
  (void)scan::take_word(&text);
  banner.debug = debug_state(text);
  banner.arch = arch_of(scan::take_word(&text));
  return banner;
}

std::optional<LoaderBanner> parse_loader_banner(std::string_view text) {
  text = scan::trim_front(text);
  if (!scan::take(&text, "Xen ")) return std::nullopt;
  auto version = parse_version(text);
  if (!version) return std::nullopt;
  (void)scan::take_word(&text);
  text = scan::trim_front(text);
  if (!scan::take(&text, "(c/s ")) return std::nullopt;
  const std::size_t end = text.find(") EFI loader");
  if (end == std::string_view::npos) return std::nullopt;
  return LoaderBanner{std::move(*version), scan::trim(text.substr(0, end))};
}

std::optional<Version> parse_plain_banner(std::string_view text) {
  text = scan::trim(text);
  if (!scan::take(&text, "Xen ")) return std::nullopt;
  auto version = parse_version(text);
  if (!version || scan::take_word(&text) != version->text() || !text.empty()) return std::nullopt;
  return version;
}

}  // namespace xic
