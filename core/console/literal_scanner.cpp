#include "core/console/literal_scanner.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#if defined(__x86_64__) || defined(__i386__)
#define XIC_X86_KERNELS 1
#elif defined(__aarch64__) && defined(__GNUC__) && !defined(__clang__)
#define XIC_VECTOR16_KERNEL 1
#endif

namespace xic {
namespace {

constexpr std::size_t kAhead = kFingerprintBytes - 1;

/// Which characters occur, by their lower six bits.
std::uint64_t letters_of(std::string_view text) {
  std::uint64_t letters = 0;
  for (const char c : text) letters |= std::uint64_t{1} << (static_cast<unsigned char>(c) & 63U);
  return letters;
}

/// Bytes where a fingerprint may begin.
struct Places {
  const char* block = nullptr;  ///< Blocks before this one hold none.
  std::uint32_t mask = 0;       ///< Bit i: byte i of the block. 0: too little text is left to tell.
};

const char* find_scalar(const LiteralScanner& scanner, const char* at, const char* begin,
                        const char* end) {
  for (; at < end; ++at) {
    if (scanner.may_begin_at(at, end) && scanner.matches_at(at, begin, end)) return at;
  }
  return nullptr;
}

#if defined(XIC_X86_KERNELS) || defined(XIC_VECTOR16_KERNEL)

using FindPlaces = Places(const LiteralScanner::Tables&, const char*, const char*);

/// The few places are looked at out here, so that nothing else is in the kernels' loops.
template <FindPlaces* kFindPlaces, std::size_t kWidth>
const char* find_in_blocks(const LiteralScanner& scanner, const char* begin, const char* end) {
  Places places = kFindPlaces(scanner.tables(), begin, end);
  while (places.mask != 0) {
    for (; places.mask != 0; places.mask &= places.mask - 1) {
      const char* const at = places.block + std::countr_zero(places.mask);
      if (scanner.matches_at(at, begin, end)) return at;
    }
    places = kFindPlaces(scanner.tables(), places.block + kWidth, end);
  }
  return find_scalar(scanner, places.block, begin, end);
}

#endif

#if defined(XIC_X86_KERNELS)

// The compiler's builtins rather than <immintrin.h>: core includes nothing but the standard
// library.
using Char16 = char __attribute__((vector_size(16)));
using Word16 = std::uint16_t __attribute__((vector_size(16)));
using Char32 = char __attribute__((vector_size(32)));
using Word32 = std::uint16_t __attribute__((vector_size(32)));

__attribute__((target("ssse3"))) Places find_places_ssse3(const LiteralScanner::Tables& tables,
                                                          const char* at, const char* end) {
  constexpr std::size_t kWidth = 16;
  Char16 low[kFingerprintBytes];
  Char16 high[kFingerprintBytes];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
    std::memcpy(&low[i], tables.low[i].data(), kWidth);
    std::memcpy(&high[i], tables.high[i].data(), kWidth);
  }
  const Word16 nibbles = Word16{} + std::uint16_t{0x0f0f};
  for (; static_cast<std::size_t>(end - at) >= kWidth + kAhead; at += kWidth) {
    Char16 places = Char16{} + char{-1};
#pragma GCC unroll 4
    for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
      Word16 bytes;
      std::memcpy(&bytes, at + i, kWidth);
      const auto lower = reinterpret_cast<Char16>(bytes & nibbles);
      const auto upper = reinterpret_cast<Char16>((bytes >> 4) & nibbles);
      places &= __builtin_ia32_pshufb128(low[i], lower) & __builtin_ia32_pshufb128(high[i], upper);
    }
    const auto none = reinterpret_cast<Char16>(places == Char16{});
    const auto mask = static_cast<std::uint32_t>(__builtin_ia32_pmovmskb128(none)) ^ 0xffffU;
    if (mask != 0) return {at, mask};
  }
  return {at, 0};
}

__attribute__((target("avx2"))) Places find_places_avx2(const LiteralScanner::Tables& tables,
                                                        const char* at, const char* end) {
  constexpr std::size_t kWidth = 32;
  Char32 low[kFingerprintBytes];
  Char32 high[kFingerprintBytes];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
    std::memcpy(&low[i], tables.low[i].data(), kWidth);
    std::memcpy(&high[i], tables.high[i].data(), kWidth);
  }
  const Word32 nibbles = Word32{} + std::uint16_t{0x0f0f};
  for (; static_cast<std::size_t>(end - at) >= kWidth + kAhead; at += kWidth) {
    Char32 places = Char32{} + char{-1};
#pragma GCC unroll 4
    for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
      Word32 bytes;
      std::memcpy(&bytes, at + i, kWidth);
      const auto lower = reinterpret_cast<Char32>(bytes & nibbles);
      const auto upper = reinterpret_cast<Char32>((bytes >> 4) & nibbles);
      places &= __builtin_ia32_pshufb256(low[i], lower) & __builtin_ia32_pshufb256(high[i], upper);
    }
    const auto none = reinterpret_cast<Char32>(places == Char32{});
    const std::uint32_t mask = ~static_cast<std::uint32_t>(__builtin_ia32_pmovmskb256(none));
    if (mask != 0) return {at, mask};
  }
  return {at, 0};
}

#elif defined(XIC_VECTOR16_KERNEL)

using Byte16 = std::uint8_t __attribute__((vector_size(16)));
using Half2 = std::uint64_t __attribute__((vector_size(16)));

Places find_places_vector16(const LiteralScanner::Tables& tables, const char* at, const char* end) {
  constexpr std::size_t kWidth = 16;
  Byte16 low[kFingerprintBytes];
  Byte16 high[kFingerprintBytes];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
    std::memcpy(&low[i], tables.low[i].data(), kWidth);
    std::memcpy(&high[i], tables.high[i].data(), kWidth);
  }
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
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < kWidth; ++i) mask |= (places[i] != 0 ? 1U : 0U) << i;
    return {at, mask};
  }
  return {at, 0};
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

/// Multiplicative hashing of the four bytes at `at`.
std::uint32_t LiteralScanner::slot_of(const char* at) {
  std::uint32_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word * 0x9e3779b1U >> (32U - kSlotBits);
}

LiteralScanner::LiteralScanner(std::span<const std::string_view> literals, Kernel kernel)
    : kernel_(kernel) {
  std::vector<std::string_view> wanted;
  std::vector<std::uint64_t> letters;
  for (const std::string_view literal : literals) letters.push_back(letters_of(literal));
  for (std::size_t i = 0; i < literals.size(); ++i) {
    const std::string_view literal = literals[i];
    if (literal.empty() || literal.find('\n') != std::string_view::npos) continue;
    // Where one literal is found, another that contains it adds nothing.
    bool implied = false;
    for (std::size_t k = 0; k < literals.size() && !implied; ++k) {
      const std::string_view other = literals[k];
      implied = !other.empty() && other.size() < literal.size() &&
                (letters[k] & ~letters[i]) == 0 && literal.find(other) != std::string_view::npos;
    }
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
  std::array<NibbleSets, kFingerprintBuckets> sets{};
  std::vector<std::pair<std::uint32_t, Entry>> by_slot;
  for (std::size_t i = 0; i < literals_.size(); ++i) {
    const std::string& literal = literals_[i];
    const std::size_t offset = plan[i].offset;
    sets[plan[i].bucket].add(literal, offset);
    Entry entry;
    entry.text = static_cast<std::uint32_t>(i);
    entry.size = static_cast<std::uint32_t>(literal.size());
    entry.offset = static_cast<std::uint32_t>(offset);
    const std::size_t head = std::min<std::size_t>(literal.size(), sizeof entry.value);
    std::memcpy(&entry.value, literal.data(), head);
    constexpr std::uint64_t kAllOnes = std::numeric_limits<std::uint64_t>::max();
    std::memcpy(&entry.mask, &kAllOnes, head);
    for (const std::uint32_t slot : slots_of(std::string_view(literal).substr(offset))) {
      by_slot.emplace_back(slot, entry);
    }
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
  std::stable_sort(by_slot.begin(), by_slot.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  entries_.clear();
  slots_ = {};
  for (const auto& [slot, entry] : by_slot) {
    entries_.push_back(entry);
    ++slots_[slot + 1];
  }
  std::partial_sum(slots_.begin(), slots_.end(), slots_.begin());
}

/// `known`: the bytes of a literal from its fingerprint's offset on. Where the literal ends before
/// its fingerprint does, any byte may follow: it is in many slots.
std::vector<std::uint32_t> LiteralScanner::slots_of(std::string_view known) {
  std::vector<std::uint32_t> slots;
  if (known.size() + 1 < kFingerprintBytes) {
    slots.resize(kSlots);
    std::iota(slots.begin(), slots.end(), 0U);
    return slots;
  }
  std::array<char, kFingerprintBytes> bytes{};
  std::copy_n(known.begin(), std::min(known.size(), kFingerprintBytes), bytes.begin());
  const int follows = known.size() < kFingerprintBytes ? 256 : 1;
  for (int byte = 0; byte < follows; ++byte) {
    if (follows != 1) bytes.back() = static_cast<char>(byte);
    slots.push_back(slot_of(bytes.data()));
  }
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

const char* LiteralScanner::find(const char* begin, const char* end) const {
  switch (kernel_) {
#if defined(XIC_X86_KERNELS)
    case Kernel::avx2:
      return find_in_blocks<find_places_avx2, 32>(*this, begin, end);
    case Kernel::ssse3:
      return find_in_blocks<find_places_ssse3, 16>(*this, begin, end);
#elif defined(XIC_VECTOR16_KERNEL)
    case Kernel::vector16:
      return find_in_blocks<find_places_vector16, 16>(*this, begin, end);
#endif
    default:
      return find_scalar(*this, begin, begin, end);
  }
}

bool LiteralScanner::may_begin_at(const char* at, const char* end) const {
  unsigned buckets = 0xff;
  const auto left = static_cast<std::size_t>(end - at);
  for (std::size_t i = 0; i < std::min(left, kFingerprintBytes) && buckets != 0; ++i) {
    const auto byte = static_cast<std::uint8_t>(at[i]);
    buckets &= static_cast<unsigned>(tables_.low[i][byte & 15U] & tables_.high[i][byte >> 4U]);
  }
  return buckets != 0;
}

bool LiteralScanner::matches_at(const char* at, const char* begin, const char* end) const {
  std::span<const Entry> tried = entries_;
  if (static_cast<std::size_t>(end - at) >= kFingerprintBytes) {
    const std::uint32_t slot = slot_of(at);
    tried = tried.subspan(slots_[slot], slots_[slot + 1] - slots_[slot]);
  }
  for (const Entry& entry : tried) {
    constexpr std::size_t kHead = sizeof entry.value;
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
  return false;
}

}  // namespace xic
