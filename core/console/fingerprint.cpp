#include "core/console/fingerprint.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace xic {
namespace {

/// Different places of the sample that are looked at, a bit each.
constexpr std::size_t kPlaces = 2048;
constexpr std::size_t kWords = kPlaces / 64;
using Places = std::array<std::uint64_t, kWords>;

/// The bytes at a place, and how often they were seen.
struct Gram {
  std::array<char, kFingerprintBytes> bytes{};
  std::uint32_t count = 0;
};

/// The most frequent successions of bytes in `text`, most frequent first. Logs say the same again
/// and again: what is seen once does not matter.
std::vector<Gram> frequent_grams(std::string_view text) {
  // Enough for some hundred lines, in a few runs spread over the text.
  constexpr std::size_t kRuns = 16;
  constexpr std::size_t kRunBytes = 2048;
  // Where all slots of a gram are taken, those in them grow older: the frequent ones outlive it.
  constexpr unsigned kSlotBits = 14;
  constexpr std::size_t kWays = 4;
  std::vector<Gram> slots(std::size_t{1} << kSlotBits);
  const auto note = [&](const char* bytes) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes, sizeof word);
    const std::size_t first = word * 0x9e3779b1U >> (32U - kSlotBits) & ~(kWays - 1);
    const std::span<Gram> ways = std::span(slots).subspan(first, kWays);
    for (Gram& gram : ways) {
      if (gram.count == 0) std::memcpy(gram.bytes.data(), bytes, kFingerprintBytes);
      if (std::memcmp(gram.bytes.data(), bytes, kFingerprintBytes) != 0) continue;
      ++gram.count;
      return;
    }
    for (Gram& gram : ways) --gram.count;
  };
  const std::size_t stride = std::max(kRunBytes, text.size() / kRuns);
  for (std::size_t start = 0; start < text.size(); start += stride) {
    const std::string_view run = text.substr(start, kRunBytes);
    for (std::size_t at = 0; at + kFingerprintBytes <= run.size(); ++at) note(run.data() + at);
  }
  std::erase_if(slots, [](const Gram& gram) { return gram.count < 2; });
  std::sort(slots.begin(), slots.end(), [](const Gram& a, const Gram& b) {
    return a.count != b.count ? a.count > b.count : a.bytes < b.bytes;
  });
  if (slots.size() > kPlaces) slots.resize(kPlaces);
  return slots;
}

/// What a set of fingerprints lets through.
struct Reach {
  NibbleSets sets;
  /// For each position in a fingerprint, at which places of the sample the byte there passes: by
  /// its low nibble, by its high one.
  std::array<Places, kFingerprintBytes> low{};
  std::array<Places, kFingerprintBytes> high{};
};

void unite(Places* places, const Places& more) {
  for (std::size_t word = 0; word < kWords; ++word) (*places)[word] |= more[word];
}

class Sample {
 public:
  explicit Sample(std::string_view text) {
    const std::vector<Gram> grams = frequent_grams(text);
    for (std::size_t place = 0; place < grams.size(); ++place) {
      const std::size_t word = place / 64;
      const std::uint64_t bit = std::uint64_t{1} << place % 64;
      for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
        const auto byte = static_cast<std::uint8_t>(grams[place].bytes[i]);
        low_[i][byte & 15U][word] |= bit;
        high_[i][byte >> 4U][word] |= bit;
      }
      all_[word] |= bit;
      count_[place] = grams[place].count;
    }
  }

  /// Lets the fingerprint of `literal` at `offset` through as well.
  void add(Reach* reach, std::string_view literal, std::size_t offset) const {
    reach->sets.add(literal, offset);
    for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
      const bool any = offset + i >= literal.size();
      const auto byte = any ? std::uint8_t{0} : static_cast<std::uint8_t>(literal[offset + i]);
      unite(&reach->low[i], any ? all_ : low_[i][byte & 15U]);
      unite(&reach->high[i], any ? all_ : high_[i][byte >> 4U]);
    }
  }

  /// How often the sample has something that passes. Adds what random bytes would give, so that
  /// between sets that the sample cannot tell apart the narrower wins.
  [[nodiscard]] double count(const Reach& reach) const {
    Places places = all_;
    double chance = 1;
    for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
      for (std::size_t word = 0; word < kWords; ++word) {
        places[word] &= reach.low[i][word] & reach.high[i][word];
      }
      chance *= std::popcount(reach.sets.low[i]) * std::popcount(reach.sets.high[i]) / 256.0;
    }
    std::uint64_t seen = 0;
    for (std::size_t word = 0; word < kWords; ++word) {
      for (std::uint64_t left = places[word]; left != 0; left &= left - 1) {
        seen += count_[word * 64 + static_cast<std::size_t>(std::countr_zero(left))];
      }
    }
    return static_cast<double>(seen) + chance * static_cast<double>(kPlaces);
  }

 private:
  using ByNibble = std::array<Places, 16>;

  Places all_{};
  std::array<std::uint32_t, kPlaces> count_{};  ///< Of each place.
  std::array<ByNibble, kFingerprintBytes> low_{};
  std::array<ByNibble, kFingerprintBytes> high_{};
};

/// The literals of one bucket so far.
struct Bucket {
  Reach reach;
  double count = 0;
};

std::size_t offsets_of(std::string_view literal) {
  return literal.size() > kFingerprintBytes ? literal.size() - kFingerprintBytes + 1 : 1;
}

/// Puts literal `index` where it costs least.
void place(std::string_view literal, const Sample& sample, std::vector<Bucket>* buckets,
           Fingerprint* fingerprint) {
  // The places that are rarest by themselves; trying them all in all buckets gains little.
  constexpr std::size_t kTried = 8;
  std::vector<std::pair<double, std::size_t>> offsets;
  for (std::size_t offset = 0; offset < offsets_of(literal); ++offset) {
    Reach alone;
    sample.add(&alone, literal, offset);
    offsets.emplace_back(sample.count(alone), offset);
  }
  std::sort(offsets.begin(), offsets.end());
  if (offsets.size() > kTried) offsets.resize(kTried);
  double best = std::numeric_limits<double>::infinity();
  for (const auto& [alone, offset] : offsets) {
    for (std::size_t bucket = 0; bucket < buckets->size(); ++bucket) {
      Reach joined = (*buckets)[bucket].reach;
      sample.add(&joined, literal, offset);
      const double added = sample.count(joined) - (*buckets)[bucket].count;
      if (added < best) {
        best = added;
        *fingerprint = {offset, bucket};
      }
    }
  }
  Bucket& chosen = (*buckets)[fingerprint->bucket];
  sample.add(&chosen.reach, literal, fingerprint->offset);
  chosen.count = sample.count(chosen.reach);
}

}  // namespace

void NibbleSets::add(std::string_view literal, std::size_t offset) {
  for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
    if (offset + i >= literal.size()) {
      low[i] = 0xffff;
      high[i] = 0xffff;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(literal[offset + i]);
    low[i] = static_cast<std::uint16_t>(low[i] | 1U << (byte & 15U));
    high[i] = static_cast<std::uint16_t>(high[i] | 1U << (byte >> 4U));
  }
}

std::vector<Fingerprint> plan_quickly(std::span<const std::string_view> literals) {
  std::vector<Fingerprint> plan(literals.size());
  for (std::size_t i = 0; i < plan.size(); ++i) {
    plan[i].bucket = i * kFingerprintBuckets / plan.size();
  }
  return plan;
}

std::vector<Fingerprint> plan_by_sample(std::span<const std::string_view> literals,
                                        std::string_view text) {
  const Sample sample(text);
  std::vector<Fingerprint> plan(literals.size());
  std::vector<Bucket> buckets(kFingerprintBuckets);
  // Short literals first: they have the least choice.
  std::vector<std::size_t> order(literals.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return literals[a].size() < literals[b].size();
  });
  for (const std::size_t i : order) place(literals[i], sample, &buckets, &plan[i]);
  // The first to come did not know their neighbours: each may choose once more.
  for (const std::size_t i : order) {
    Bucket& old = buckets[plan[i].bucket];
    old.reach = {};
    for (std::size_t j = 0; j < plan.size(); ++j) {
      if (j != i && plan[j].bucket == plan[i].bucket) {
        sample.add(&old.reach, literals[j], plan[j].offset);
      }
    }
    old.count = sample.count(old.reach);
    place(literals[i], sample, &buckets, &plan[i]);
  }
  return plan;
}

}  // namespace xic
