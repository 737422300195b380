#include "core/hypervisor/command_line.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/scan.h"

namespace xic {
namespace {

std::optional<bool> truth_of(std::string_view value) {
  for (const std::string_view yes : {"yes", "on", "true", "enable", "1"}) {
    if (value == yes) return true;
  }
  for (const std::string_view no : {"no", "off", "false", "disable", "0"}) {
    if (value == no) return false;
  }
  return std::nullopt;
}

/// Words of loglvl_str() by threshold (drivers/char/console.c).
constexpr std::array<std::string_view, 5> kLevelWords = {"Nothing", "Errors", "Errors and warnings",
                                                         "Errors, warnings and info", "All"};

/// Thresholds that the option's words set: "debug" and "all" are the same.
std::optional<std::size_t> threshold_of(std::string_view word) {
  constexpr std::array<std::string_view, 5> kWords = {"none", "error", "warning", "info", "debug"};
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (word == kWords[i]) return i;
  }
  if (word == "all") return kWords.size() - 1;
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> option(std::string_view command_line, std::string_view name) {
  std::optional<std::string_view> found;
  while (!command_line.empty()) {
    std::string_view word = scan::take_word(&command_line);
    if (word == "--") break;
    if (!scan::take(&word, name)) continue;
    if (word.empty()) found = word;
    if (scan::take(&word, "=")) found = word;
  }
  return found;
}

std::optional<bool> boolean_option(std::string_view command_line, std::string_view name) {
  std::optional<bool> state;
  while (!command_line.empty()) {
    std::string_view word = scan::take_word(&command_line);
    if (word == "--") break;
    const bool negated = scan::take(&word, "no-");
    if (!scan::take(&word, name)) continue;
    if (word.empty()) state = !negated;
    if (!negated && scan::take(&word, "=")) {
      if (const auto value = truth_of(word)) state = value;
    }
  }
  return state;
}

std::optional<std::string> log_level_in_words(std::string_view loglvl) {
  const std::size_t slash = loglvl.find('/');
  const auto lower = threshold_of(loglvl.substr(0, slash));
  if (!lower) return std::nullopt;
  std::string words(kLevelWords[*lower]);
  if (slash == std::string_view::npos) return words;
  const auto upper = threshold_of(loglvl.substr(slash + 1));
  if (!upper) return std::nullopt;
  if (*upper > *lower) words += " (Rate-limited: " + std::string(kLevelWords[*upper]) + ")";
  return words;
}

std::optional<std::uint32_t> ring_kib_of(std::string_view conring_size) {
  constexpr std::uint64_t kSmallest = 16;         // _CONRING_SIZE
  constexpr std::uint64_t kLargest = 1ULL << 20;  // 1 GiB: anything above is no ring.
  int base = 10;
  if (scan::take(&conring_size, "0x")) base = 16;
  const auto number = scan::take_number<std::uint32_t>(&conring_size, base);
  if (!number) return std::nullopt;
  std::uint64_t kib = *number;
  if (conring_size == "B" || conring_size == "b") {
    kib = (kib + 1023) / 1024;
  } else if (conring_size == "M" || conring_size == "m") {
    kib *= 1024;
  } else if (conring_size == "G" || conring_size == "g") {
    kib <<= 20;
  } else if (!conring_size.empty() && conring_size != "K" && conring_size != "k") {
    return std::nullopt;
  }
  if (kib > kLargest) return std::nullopt;
  return static_cast<std::uint32_t>(std::bit_ceil(kib < kSmallest ? kSmallest : kib));
}

}  // namespace xic
