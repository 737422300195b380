#include "core/hypervisor/key_listing.h"

#include <optional>
#include <string_view>

#include "core/scan.h"

namespace xic {

void KeyListing::begin() {
  previous_ = kBegun;
}

std::optional<char> KeyListing::key_of(std::string_view text) {
  text = scan::trim_front(text);
  if (!scan::take(&text, "key '") || text.size() < 2 || text[1] != '\'') return std::nullopt;
  const char key = text.front();
  text.remove_prefix(2);
  if (!scan::take(&text, " (ascii '") || text.find("') => ") != 2) return std::nullopt;
  return key;
}

KeyListing::Found KeyListing::add(char key) {
  const int code = static_cast<unsigned char>(key);
  const int previous = previous_;
  if (previous != kNone) previous_ = code;
  if (key == 'o') return Found::registered;
  // 'm' (memory info) is registered in every version, 'n' on x86 only; 'p' only with performance
  // counters, 'q' (domain info) always. A listing that lost lines shows no such pair.
  const bool before = previous == 'm' || previous == 'n';
  const bool after = key == 'p' || key == 'q';
  return before && after ? Found::missing : Found::nothing;
}

}  // namespace xic
