// Finds the first of a set of literals in a block of text, many bytes at a time. Private to
// core/console.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/fingerprint.h"

namespace xic {

/// Each literal is known by a fingerprint: four successive bytes of it. The literals are dealt into
/// eight buckets; per fingerprint position a table says, for the low and the high nibble of a byte,
/// in which buckets a byte with that nibble may stand. Two table look-ups by shuffle per position,
/// all ANDed, leave the few places where a literal of some bucket may be, and there the bytes are
/// compared. (The scheme is that of Hyperscan's "Teddy".)
class LiteralScanner {
 public:
  /// How a block is searched. All give the same answer.
  enum class Kernel : std::uint8_t {
    scalar,    ///< A byte at a time; any machine.
    vector16,  ///< 16 bytes at a time with the compiler's generic shuffle (arm64, GCC).
    ssse3,     ///< 16 bytes at a time on x86.
    avx2,      ///< 32 bytes at a time on x86.
  };

  /// The fastest kernel that this machine runs.
  [[nodiscard]] static Kernel best_kernel();
  [[nodiscard]] static bool is_supported(Kernel kernel);

  /// `literals` are copied. Empty ones, and ones with a LF in them (no line holds such), are left
  /// out. `kernel` must be supported.
  explicit LiteralScanner(std::span<const std::string_view> literals,
                          Kernel kernel = best_kernel());

  /// Chooses the fingerprints anew, for texts like `sample`. Changes the speed only. Worth its time
  /// (about that of reading ten megabytes) before a long text.
  void tune(std::string_view sample);

  /// A byte of the occurrence of a literal that lies in the first line of [begin, end) that holds
  /// one; nullptr if none does. `begin` stands at the start of a line.
  [[nodiscard]] const char* find(const char* begin, const char* end) const;

  /// Where any literal may be: tables for the kernels. Bit b stands for bucket b.
  struct Tables {
    alignas(32) std::array<std::array<std::uint8_t, 32>, kFingerprintBytes> low{};   ///< Twice 16.
    alignas(32) std::array<std::array<std::uint8_t, 32>, kFingerprintBytes> high{};  ///< Twice 16.
  };

  [[nodiscard]] const Tables& tables() const { return tables_; }
  /// As the tables tell. Near `end`, bytes that are missing may be any.
  [[nodiscard]] bool may_begin_at(const char* at, const char* end) const;
  /// Is there a literal with its fingerprint at `at`?
  [[nodiscard]] bool matches_at(const char* at, const char* begin, const char* end) const;

 private:
  static constexpr unsigned kSlotBits = 10;
  static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;

  struct Entry {
    std::uint64_t mask = 0;    ///< Which of the literal's first eight bytes it has.
    std::uint64_t value = 0;   ///< Those bytes, in memory order.
    std::uint32_t offset = 0;  ///< Of the fingerprint in the literal.
    std::uint32_t size = 0;    ///< Of the literal.
    std::uint32_t text = 0;    ///< Index into literals_.
  };

  void build(std::span<const Fingerprint> plan);
  static std::uint32_t slot_of(const char* at);
  static std::vector<std::uint32_t> slots_of(std::string_view known);

  Kernel kernel_;
  Tables tables_;
  std::vector<std::string> literals_;  ///< Sorted.
  /// By the hash of the fingerprint: those of slot i are [slots_[i], slots_[i + 1]).
  std::vector<Entry> entries_;
  std::array<std::uint32_t, kSlots + 1> slots_{};
};

}  // namespace xic
