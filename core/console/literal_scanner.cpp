#include "core/console/literal_scanner.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#if defined(__x86_64__) || defined(__i386__)
#define XIC_X86_KERNELS 1
#elif defined(__aarch64__) && defined(__GNUC__) && !defined(__clang__)
#define XIC_VECTOR16_KERNEL 1
#endif

namespace xic {
namespace {

constexpr std::size_t kAhead = kFingerprintBytes - 1;

/// 13 bits of a fingerprint's four bytes (multiplicative hashing).
std::uint32_t hash_of(std::uint32_t bytes) {
  return bytes * 0x9e3779b1U >> 19U;
}

const char* find_scalar(const LiteralScanner& scanner, const char* at, const char* begin,
                        const char* end) {
  for (; at < end; ++at) {
    const std::uint8_t buckets = scanner.buckets_at(at, end);
    if (buckets != 0 && scanner.matches_at(at, buckets, begin, end)) return at;
  }
  return nullptr;
}

#if defined(XIC_X86_KERNELS) || defined(XIC_VECTOR16_KERNEL)

/// The places named by `mask` (bit i: byte i), whose buckets are in `buckets`, in order.
template <std::size_t kWidth, class Mask>
const char* check_places(const LiteralScanner& scanner, Mask mask,
                         const std::array<std::uint8_t, kWidth>& buckets, const char* at,
                         const char* begin, const char* end) {
  for (; mask != 0; mask &= mask - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(mask));
    if (scanner.matches_at(at + i, buckets[i], begin, end)) return at + i;
  }
  return nullptr;
}

#endif

#if defined(XIC_X86_KERNELS)

// The compiler's builtins rather than <immintrin.h>: core includes nothing but the standard
// library.
using Char16 = char __attribute__((vector_size(16)));
using Word16 = std::uint16_t __attribute__((vector_size(16)));
using Char32 = char __attribute__((vector_size(32)));
using Word32 = std::uint16_t __attribute__((vector_size(32)));

__attribute__((target("ssse3"))) const char* find_ssse3(const LiteralScanner& scanner,
                                                        const char* begin, const char* end) {
  constexpr std::size_t kWidth = 16;
  Char16 low[kFingerprintBytes];
  Char16 high[kFingerprintBytes];
  for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
    std::memcpy(&low[i], scanner.tables().low[i].data(), kWidth);
    std::memcpy(&high[i], scanner.tables().high[i].data(), kWidth);
  }
  const Char16 nibble = Char16{} + char{15};
  const char* at = begin;
  for (; static_cast<std::size_t>(end - at) >= kWidth + kAhead; at += kWidth) {
    Char16 places = Char16{} + char{-1};
#pragma GCC unroll 4
    for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
      Char16 bytes;
      std::memcpy(&bytes, at + i, kWidth);
      const Char16 upper = reinterpret_cast<Char16>(reinterpret_cast<Word16>(bytes) >> 4) & nibble;
      places &= __builtin_ia32_pshufb128(low[i], bytes & nibble) &
                __builtin_ia32_pshufb128(high[i], upper);
    }
    const auto none = reinterpret_cast<Char16>(places == Char16{});
    const auto mask = static_cast<std::uint32_t>(__builtin_ia32_pmovmskb128(none)) ^ 0xffffU;
    if (mask == 0) continue;
    std::array<std::uint8_t, kWidth> buckets;
    std::memcpy(buckets.data(), &places, kWidth);
    if (const char* hit = check_places(scanner, mask, buckets, at, begin, end)) return hit;
  }
  return find_scalar(scanner, at, begin, end);
}

__attribute__((target("avx2"))) const char* find_avx2(const LiteralScanner& scanner,
                                                      const char* begin, const char* end) {
  constexpr std::size_t kWidth = 32;
  Char32 low[kFingerprintBytes];
  Char32 high[kFingerprintBytes];
  for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
    std::memcpy(&low[i], scanner.tables().low[i].data(), kWidth);
    std::memcpy(&high[i], scanner.tables().high[i].data(), kWidth);
  }
  const Char32 nibble = Char32{} + char{15};
  const char* at = begin;
  for (; static_cast<std::size_t>(end - at) >= kWidth + kAhead; at += kWidth) {
    Char32 places = Char32{} + char{-1};
#pragma GCC unroll 4
    for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
      Char32 bytes;
      std::memcpy(&bytes, at + i, kWidth);
      const Char32 upper = reinterpret_cast<Char32>(reinterpret_cast<Word32>(bytes) >> 4) & nibble;
      places &= __builtin_ia32_pshufb256(low[i], bytes & nibble) &
                __builtin_ia32_pshufb256(high[i], upper);
    }
    const auto none = reinterpret_cast<Char32>(places == Char32{});
    const std::uint32_t mask = ~static_cast<std::uint32_t>(__builtin_ia32_pmovmskb256(none));
    if (mask == 0) continue;
    std::array<std::uint8_t, kWidth> buckets;
    std::memcpy(buckets.data(), &places, kWidth);
    if (const char* hit = check_places(scanner, mask, buckets, at, begin, end)) return hit;
  }
  return find_scalar(scanner, at, begin, end);
}

#elif defined(XIC_VECTOR16_KERNEL)

using Byte16 = std::uint8_t __attribute__((vector_size(16)));
using Half2 = std::uint64_t __attribute__((vector_size(16)));

const char* find_vector16(const LiteralScanner& scanner, const char* begin, const char* end) {
  constexpr std::size_t kWidth = 16;
  Byte16 low[kFingerprintBytes];
  Byte16 high[kFingerprintBytes];
  for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
    std::memcpy(&low[i], scanner.tables().low[i].data(), kWidth);
    std::memcpy(&high[i], scanner.tables().high[i].data(), kWidth);
  }
  const char* at = begin;
  for (; static_cast<std::size_t>(end - at) >= kWidth + kAhead; at += kWidth) {
    Byte16 places = Byte16{} + std::uint8_t{0xff};
#pragma GCC unroll 4
    for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
      Byte16 bytes;
      std::memcpy(&bytes, at + i, kWidth);
      // GCC makes one TBL instruction of each; the indexes are below 16.
      places &= __builtin_shuffle(low[i], bytes & 15) & __builtin_shuffle(high[i], bytes >> 4);
    }
    const auto halves = reinterpret_cast<Half2>(places);
    if ((halves[0] | halves[1]) == 0) continue;
    std::array<std::uint8_t, kWidth> buckets;
    std::memcpy(buckets.data(), &places, kWidth);
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < kWidth; ++i) mask |= (buckets[i] != 0 ? 1U : 0U) << i;
    if (const char* hit = check_places(scanner, mask, buckets, at, begin, end)) return hit;
  }
  return find_scalar(scanner, at, begin, end);
}

#endif

}  // namespace

bool LiteralScanner::is_supported(Kernel kernel) {
  switch (kernel) {
    case Kernel::scalar:
      return true;
#if defined(XIC_X86_KERNELS)
    case Kernel::ssse3:
      return __builtin_cpu_supports("ssse3") != 0;
    case Kernel::avx2:
      return __builtin_cpu_supports("avx2") != 0;
#elif defined(XIC_VECTOR16_KERNEL)
    case Kernel::vector16:
      return true;
#endif
    default:
      return false;
  }
}

LiteralScanner::Kernel LiteralScanner::best_kernel() {
  for (const Kernel kernel : {Kernel::avx2, Kernel::ssse3, Kernel::vector16}) {
    if (is_supported(kernel)) return kernel;
  }
  return Kernel::scalar;
}

LiteralScanner::LiteralScanner(std::span<const std::string_view> literals, Kernel kernel)
    : kernel_(kernel) {
  std::vector<std::string_view> wanted;
  for (const std::string_view literal : literals) {
    if (literal.empty() || literal.find('\n') != std::string_view::npos) continue;
    // Where one literal is found, another that contains it adds nothing.
    const bool implied = std::any_of(literals.begin(), literals.end(), [&](std::string_view other) {
      return !other.empty() && other.size() < literal.size() &&
             literal.find(other) != std::string_view::npos;
    });
    if (!implied) wanted.push_back(literal);
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());

  literals_.assign(wanted.begin(), wanted.end());
  build(plan_quickly(wanted));
}

void LiteralScanner::tune(std::string_view sample) {
  build(plan_by_sample(std::vector<std::string_view>(literals_.begin(), literals_.end()), sample));
}

void LiteralScanner::build(std::span<const Fingerprint> plan) {
  tables_ = {};
  fingerprints_ = {};
  std::array<NibbleSets, kFingerprintBuckets> sets{};
  for (auto& bucket : buckets_) bucket.clear();
  for (std::size_t i = 0; i < literals_.size(); ++i) {
    const std::string& literal = literals_[i];
    Entry entry;
    entry.text = static_cast<std::uint32_t>(i);
    entry.size = static_cast<std::uint32_t>(literal.size());
    entry.offset = static_cast<std::uint32_t>(plan[i].offset);
    const std::size_t head = std::min<std::size_t>(literal.size(), sizeof entry.value);
    std::memcpy(&entry.value, literal.data(), head);
    constexpr std::uint64_t kAllOnes = std::numeric_limits<std::uint64_t>::max();
    std::memcpy(&entry.mask, &kAllOnes, head);
    buckets_[plan[i].bucket].push_back(entry);
    sets[plan[i].bucket].add(literal, plan[i].offset);
    note_fingerprint(std::string_view(literal).substr(plan[i].offset, kFingerprintBytes));
  }
  for (std::size_t bucket = 0; bucket < kFingerprintBuckets; ++bucket) {
    for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
      for (std::size_t lane = 0; lane < 32; ++lane) {
        const unsigned low = sets[bucket].low[i] >> (lane % 16) & 1U;
        const unsigned high = sets[bucket].high[i] >> (lane % 16) & 1U;
        tables_.low[i][lane] = static_cast<std::uint8_t>(tables_.low[i][lane] | low << bucket);
        tables_.high[i][lane] = static_cast<std::uint8_t>(tables_.high[i][lane] | high << bucket);
      }
    }
  }
}

/// `known`: the bytes of a literal from its fingerprint's offset on, at most kFingerprintBytes.
/// Where the literal ends before its fingerprint does, any byte may follow.
void LiteralScanner::note_fingerprint(std::string_view known) {
  if (known.size() + 1 < kFingerprintBytes) {
    fingerprints_.fill(std::numeric_limits<std::uint64_t>::max());
    return;
  }
  std::array<char, kFingerprintBytes> bytes{};
  std::copy(known.begin(), known.end(), bytes.begin());
  const int follows = known.size() < kFingerprintBytes ? 256 : 1;
  for (int byte = 0; byte < follows; ++byte) {
    if (follows != 1) bytes.back() = static_cast<char>(byte);
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    const std::uint32_t hash = hash_of(word);
    fingerprints_[hash / 64] |= std::uint64_t{1} << hash % 64;
  }
}

const char* LiteralScanner::find(const char* begin, const char* end) const {
  switch (kernel_) {
#if defined(XIC_X86_KERNELS)
    case Kernel::avx2:
      return find_avx2(*this, begin, end);
    case Kernel::ssse3:
      return find_ssse3(*this, begin, end);
#elif defined(XIC_VECTOR16_KERNEL)
    case Kernel::vector16:
      return find_vector16(*this, begin, end);
#endif
    default:
      return find_scalar(*this, begin, begin, end);
  }
}

std::uint8_t LiteralScanner::buckets_at(const char* at, const char* end) const {
  unsigned buckets = 0xff;
  const auto left = static_cast<std::size_t>(end - at);
  for (std::size_t i = 0; i < std::min(left, kFingerprintBytes) && buckets != 0; ++i) {
    const auto byte = static_cast<std::uint8_t>(at[i]);
    buckets &= static_cast<unsigned>(tables_.low[i][byte & 15U] & tables_.high[i][byte >> 4U]);
  }
  return static_cast<std::uint8_t>(buckets);
}

bool LiteralScanner::matches_at(const char* at, std::uint8_t buckets, const char* begin,
                                const char* end) const {
  constexpr std::size_t kHead = sizeof Entry::value;
  if (static_cast<std::size_t>(end - at) >= kFingerprintBytes) {
    std::uint32_t word = 0;
    std::memcpy(&word, at, sizeof word);
    const std::uint32_t hash = hash_of(word);
    if ((fingerprints_[hash / 64] >> hash % 64 & 1U) == 0) return false;
  }
  for (unsigned left = buckets; left != 0; left &= left - 1) {
    for (const Entry& entry : buckets_[static_cast<std::size_t>(std::countr_zero(left))]) {
      if (static_cast<std::size_t>(at - begin) < entry.offset) continue;
      const char* const start = at - entry.offset;
      const auto room = static_cast<std::size_t>(end - start);
      if (room < entry.size) continue;
      if (room >= kHead) {
        std::uint64_t head = 0;
        std::memcpy(&head, start, kHead);
        if ((head & entry.mask) != entry.value) continue;
        if (entry.size <= kHead) return true;
      }
      if (std::memcmp(start, literals_[entry.text].data(), entry.size) == 0) return true;
    }
  }
  return false;
}

}  // namespace xic
