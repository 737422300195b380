#include "host/capture/mask.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "core/backend/backend.h"

namespace xic {
namespace {

constexpr std::size_t kMaxNames = 4096;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_alnum(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

std::string hex(std::size_t value, std::size_t digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(digits, '0');
  for (std::size_t i = digits; i-- > 0; value /= 16) text[i] = kDigits[value % 16];
  return text;
}

/// The longest run of characters of a kind at the front.
template <class Predicate>
std::string_view run(std::string_view text, Predicate is_part) {
  std::size_t end = 0;
  while (end < text.size() && is_part(text[end])) ++end;
  return text.substr(0, end);
}

/// "xx-xx-..." groups of hex digits of the given lengths between `separator`.
template <std::size_t kCount>
bool has_groups(std::string_view text, char separator,
                const std::array<std::size_t, kCount>& sizes) {
  for (std::size_t i = 0; i < kCount; ++i) {
    if (i != 0) {
      if (text.empty() || text.front() != separator) return false;
      text.remove_prefix(1);
    }
    if (text.size() < sizes[i]) return false;
    if (!std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(sizes[i]), is_hex)) {
      return false;
    }
    text.remove_prefix(sizes[i]);
  }
  return text.empty();
}

// Each takes what it recognises off the front of a text that begins at a word's beginning.
std::string_view take_uuid(std::string_view text) {
  constexpr std::array<std::size_t, 5> kSizes = {8, 4, 4, 4, 12};
  const std::string_view found = run(text, [](char c) { return is_hex(c) || c == '-'; });
  return has_groups(found, '-', kSizes) ? found : std::string_view();
}

std::string_view take_mac(std::string_view text) {
  constexpr std::array<std::size_t, 6> kSizes = {2, 2, 2, 2, 2, 2};
  for (const char separator : {':', '-'}) {
    const std::string_view found = run(text, [&](char c) { return is_hex(c) || c == separator; });
    // All zeros and all ones name nobody.
    if (has_groups(found, separator, kSizes) &&
        found.find_first_not_of("0:-") != std::string_view::npos &&
        found.find_first_not_of("fF:-") != std::string_view::npos) {
      return found;
    }
  }
  return {};
}

std::string_view take_ipv4(std::string_view text) {
  std::string_view found = run(text, [](char c) { return is_digit(c) || c == '.'; });
  while (found.ends_with('.')) found.remove_suffix(1);  // the end of a sentence
  in_addr address{};
  if (found.size() > 15 || ::inet_pton(AF_INET, std::string(found).c_str(), &address) != 1)
    return {};
  const bool names_nobody =
      found.starts_with("0.") || found.starts_with("127.") || found.starts_with("255.");
  return names_nobody ? std::string_view() : found;
}

std::string_view take_ipv6(std::string_view text) {
  std::string_view found = run(text, [](char c) { return is_hex(c) || c == ':'; });
  if (found.ends_with(':') && !found.ends_with("::")) found.remove_suffix(1);
  in6_addr address{};
  if (found.size() < 5 || found.size() > 39 ||
      ::inet_pton(AF_INET6, std::string(found).c_str(), &address) != 1) {
    return {};
  }
  return found;
}

/// Words that parsers look for, or that any host's log has: a domain of such a name keeps it.
bool is_common_word(std::string_view word) {
  constexpr auto kWords = std::to_array<std::string_view>(
      {"xen",    "dom0",   "domain", "domain-0", "domu",  "smmu",     "ipmmu",
       "iommu",  "kernel", "linux",  "console",  "vif",   "vbd",      "backend",
       "device", "local",  "name",   "state",    "grant", "granted",  "root",
       "host",   "system", "bank",   "version",  "fault", "reserved", "debian"});
  return std::find(kWords.begin(), kWords.end(), lower(word)) != kWords.end();
}

class Masker {
 public:
  /// A name of fewer than three characters would be found everywhere.
  void add_name(const std::string& name, std::string_view kind) {
    if (name.size() < 3 || is_common_word(name) || names_.size() >= kMaxNames) return;
    if (names_.contains(name)) return;
    const std::size_t number = ++kinds_[std::string(kind)];
    names_.emplace(name, std::string(kind) + '-' + std::to_string(number));
    auto& same = by_first_[static_cast<unsigned char>(name.front())];
    same.push_back(name);
    std::sort(same.begin(), same.end(),
              [](const auto& a, const auto& b) { return a.size() > b.size(); });
  }

  [[nodiscard]] std::string masked(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    bool word_begins = true;
    while (!text.empty()) {
      if (word_begins) {
        if (const std::size_t taken = replace(text, &out); taken != 0) {
          text.remove_prefix(taken);
          word_begins = false;
          continue;
        }
      }
      word_begins = !is_alnum(text.front());
      out += text.front();
      text.remove_prefix(1);
    }
    return out;
  }

 private:
  /// How much of `text` was replaced; 0 for nothing.
  std::size_t replace(std::string_view text, std::string* out) {
    for (const std::string& name : by_first_[static_cast<unsigned char>(text.front())]) {
      if (text.starts_with(name) && ends_word(text, name.size())) {
        *out += names_.at(name);
        return name.size();
      }
    }
    if (!is_hex(text.front()) && text.front() != ':') return 0;
    struct Form {
      std::string_view (*take)(std::string_view);
      std::string (*token)(std::size_t);
    };
    static constexpr std::array kForms = {
        Form{take_uuid, [](std::size_t n) { return "00000000-0000-4000-8000-" + hex(n, 12); }},
        Form{take_mac,
             [](std::size_t n) {
               return "02:00:00:" + hex(n >> 16 & 0xff, 2) + ':' + hex(n >> 8 & 0xff, 2) + ':' +
                      hex(n & 0xff, 2);
             }},
        Form{take_ipv4,
             [](std::size_t n) {
               return "10." + std::to_string(n >> 16 & 0xff) + '.' + std::to_string(n >> 8 & 0xff) +
                      '.' + std::to_string(n & 0xff);
             }},
        Form{take_ipv6, [](std::size_t n) { return "2001:db8::" + hex(n & 0xffff, 4); }},
    };
    for (std::size_t i = 0; i < kForms.size(); ++i) {
      const std::string_view found = kForms[i].take(text);
      if (found.empty() || !ends_word(text, found.size())) continue;
      auto& tokens = tokens_[i];
      const auto [token, is_new] = tokens.try_emplace(lower(found));
      if (is_new) token->second = kForms[i].token(tokens.size());
      *out += token->second;
      return found.size();
    }
    return 0;
  }

  static bool ends_word(std::string_view text, std::size_t size) {
    return size == text.size() || !is_alnum(text[size]);
  }

  std::map<std::string, std::string> names_;
  std::map<std::string, std::size_t> kinds_;
  std::array<std::vector<std::string>, 256> by_first_;
  std::array<std::map<std::string, std::string>, 4> tokens_;
};

std::map<DomId, std::string> domain_names(const HostRecord& record) {
  Observer observer;
  (void)observe(record, InputMode::capture, &observer);
  return observer.snapshot().backends.domain_names;
}

/// Texts of an answer that may hold a name.
void mask_identity(XenIdentity* identity, Masker* masker) {
  for (auto* text : {&identity->compile_domain, &identity->command_line}) {
    if (*text) *text = masker->masked(**text);
  }
}

}  // namespace

void mask(HostRecord* record, const std::vector<std::string>& names) {
  Masker masker;
  for (const auto& [domain, name] : domain_names(*record)) masker.add_name(name, "guest");
  for (const std::string& name : names) masker.add_name(name, "machine");
  for (Document& text : record->texts) text.bytes = masker.masked(text.bytes);
  for (Attempt& attempt : record->tried) attempt.error = masker.masked(attempt.error);
  for (Observation& observation : record->observations) {
    if (auto* identity = std::get_if<XenIdentity>(&observation)) mask_identity(identity, &masker);
    if (auto* result = std::get_if<ProbeResult>(&observation)) {
      result->detail = masker.masked(result->detail);
    }
  }
}

}  // namespace xic
