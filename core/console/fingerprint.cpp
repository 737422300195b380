#include "core/console/fingerprint.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace xic {
namespace {

/// Places of the sample that are looked at, a bit each.
constexpr std::size_t kPlaces = 1024;
constexpr std::size_t kWords = kPlaces / 64;
using Places = std::array<std::uint64_t, kWords>;

/// For each fingerprint position and nibble: at which places of the sample the byte at that
/// position has that nibble.
class Sample {
 public:
  explicit Sample(std::string_view text) {
    if (text.size() < kFingerprintBytes) return;
    // Runs of 64 places, spread over the text.
    const std::size_t last = text.size() - kFingerprintBytes;
    const std::size_t stride = std::max<std::size_t>(64, last / kWords);
    words_ = std::min(kWords, last / 64 + 1);
    for (std::size_t word = 0; word < words_; ++word) {
      const std::size_t start = stride * word;
      for (std::size_t bit = 0; bit < 64 && start + bit <= last; ++bit) {
        for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
          const auto byte = static_cast<std::uint8_t>(text[start + bit + i]);
          low_[i][byte & 15U][word] |= std::uint64_t{1} << bit;
          high_[i][byte >> 4U][word] |= std::uint64_t{1} << bit;
        }
      }
    }
  }

  /// How many places look like one of `sets`. Adds what random bytes would give, so that between
  /// sets that the sample cannot tell apart the narrower wins.
  [[nodiscard]] double count(const NibbleSets& sets) const {
    Places all;
    all.fill(std::numeric_limits<std::uint64_t>::max());
    double chance = 1;
    for (std::size_t i = 0; i < kFingerprintBytes; ++i) {
      narrow(&all, low_[i], sets.low[i]);
      narrow(&all, high_[i], sets.high[i]);
      chance *= std::popcount(sets.low[i]) * std::popcount(sets.high[i]) / 256.0;
    }
    int places = 0;
    for (std::size_t word = 0; word < words_; ++word) places += std::popcount(all[word]);
    return places + chance * static_cast<double>(kPlaces);
  }

 private:
  using ByNibble = std::array<Places, 16>;

  void narrow(Places* all, const ByNibble& by_nibble, std::uint16_t nibbles) const {
    if (nibbles == 0xffff) return;
    Places any{};
    for (unsigned left = nibbles; left != 0; left &= left - 1) {
      const Places& places = by_nibble[static_cast<std::size_t>(std::countr_zero(left))];
      for (std::size_t word = 0; word < words_; ++word) any[word] |= places[word];
    }
    for (std::size_t word = 0; word < words_; ++word) (*all)[word] &= any[word];
  }

  std::size_t words_ = 0;  ///< In use.
  std::array<ByNibble, kFingerprintBytes> low_{};
  std::array<ByNibble, kFingerprintBytes> high_{};
};

/// The literals of one bucket so far.
struct Bucket {
  NibbleSets sets;
  double count = 0;
};

std::size_t offsets_of(std::string_view literal) {
  return literal.size() > kFingerprintBytes ? literal.size() - kFingerprintBytes + 1 : 1;
}

/// Puts literal `index` where it costs least.
void place(std::string_view literal, const Sample& sample, std::vector<Bucket>* buckets,
           Fingerprint* fingerprint) {
  // The places that are rarest by themselves; trying them all in all buckets gains little.
  constexpr std::size_t kTried = 3;
  std::array<std::pair<double, std::size_t>, kTried> tried;
  tried.fill({std::numeric_limits<double>::infinity(), 0});
  for (std::size_t offset = 0; offset < offsets_of(literal); ++offset) {
    NibbleSets sets;
    sets.add(literal, offset);
    const std::pair<double, std::size_t> here{sample.count(sets), offset};
    if (here < tried.back()) {
      tried.back() = here;
      std::sort(tried.begin(), tried.end());
    }
  }
  double best = std::numeric_limits<double>::infinity();
  for (const auto& [alone, offset] : tried) {
    if (alone == std::numeric_limits<double>::infinity()) break;
    for (std::size_t bucket = 0; bucket < buckets->size(); ++bucket) {
      NibbleSets joined = (*buckets)[bucket].sets;
      joined.add(literal, offset);
      const double added = sample.count(joined) - (*buckets)[bucket].count;
      if (added < best) {
        best = added;
        *fingerprint = {offset, bucket};
      }
    }
  }
  Bucket& chosen = (*buckets)[fingerprint->bucket];
  chosen.sets.add(literal, fingerprint->offset);
  chosen.count = sample.count(chosen.sets);
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
    old.sets = {};
    for (std::size_t j = 0; j < plan.size(); ++j) {
      if (j != i && plan[j].bucket == plan[i].bucket) old.sets.add(literals[j], plan[j].offset);
    }
    old.count = sample.count(old.sets);
    place(literals[i], sample, &buckets, &plan[i]);
  }
  return plan;
}

}  // namespace xic
