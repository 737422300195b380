// Which bytes of each literal to search for, and which literals to search for together. Private to
// core/console.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace xic {

inline constexpr std::size_t kFingerprintBytes = 4;
inline constexpr std::size_t kFingerprintBuckets = 8;

/// The bytes of a literal that are searched for, and the bucket it shares with others.
struct Fingerprint {
  std::size_t offset = 0;  ///< In the literal.
  std::size_t bucket = 0;
};

/// The nibbles that a byte at each position of a fingerprint may have (bit n: nibble n).
struct NibbleSets {
  std::array<std::uint16_t, kFingerprintBytes> low{};
  std::array<std::uint16_t, kFingerprintBytes> high{};

  /// Lets the bytes of `literal` from `offset` on through. A literal that ends before its
  /// fingerprint does lets any byte stand behind it.
  void add(std::string_view literal, std::size_t offset);
};

/// A plan that needs no thought, for short texts. `literals` are sorted: neighbours share their
/// first bytes.
[[nodiscard]] std::vector<Fingerprint> plan_quickly(std::span<const std::string_view> literals);

/// A plan under which few places of `sample` look like a literal that is not there. Takes
/// some three milliseconds for a hundred literals.
[[nodiscard]] std::vector<Fingerprint> plan_by_sample(std::span<const std::string_view> literals,
                                                      std::string_view sample);

}  // namespace xic
