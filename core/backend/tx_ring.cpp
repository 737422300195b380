#include "core/backend/tx_ring.h"

namespace xic {
namespace {

constexpr std::size_t kPageBytes = std::size_t{1} << kPageShift;
constexpr std::size_t kRequestProducer = 0;
constexpr std::size_t kResponseProducer = 8;
constexpr std::size_t kFirstSlot = 64;
constexpr std::size_t kSlotBytes = 12;
constexpr std::uint32_t kSlots = 256;

constexpr std::uint32_t kMoreData = 4;   // XEN_NETTXF_more_data
constexpr std::uint32_t kExtraInfo = 8;  // XEN_NETTXF_extra_info
constexpr std::uint32_t kMoreExtra = 1;  // XEN_NETIF_EXTRA_FLAG_MORE

/// Little-endian, as every machine that Xen runs on.
std::uint32_t number_at(std::span<const std::byte> page, std::size_t at, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) {
    value = value << 8 | std::to_integer<std::uint32_t>(page[at + i]);
  }
  return value;
}

struct Slot {
  std::uint32_t ref, offset, flags, size;
};

class Ring {
 public:
  explicit Ring(std::span<const std::byte> page)
      : page_(page),
        at_(number_at(page, kResponseProducer, 4)),
        end_(number_at(page, kRequestProducer, 4)) {}

  [[nodiscard]] std::uint32_t left() const { return end_ - at_; }

  /// One packet: a request, its extra information, its further pages.
  void take_packet(std::vector<TxRequest>* requests) {
    const Slot first = take();
    if ((first.flags & kExtraInfo) != 0) skip_extra_info();
    // The first slot's size is the packet's: what the others do not hold is in its page.
    std::uint32_t elsewhere = 0;
    std::vector<TxRequest> further;
    for (bool more = (first.flags & kMoreData) != 0; more && left() != 0;) {
      const Slot slot = take();
      more = (slot.flags & kMoreData) != 0;
      elsewhere += slot.size;
      add(slot, slot.size, &further);
    }
    if (first.size >= elsewhere) add(first, first.size - elsewhere, requests);
    requests->insert(requests->end(), further.begin(), further.end());
  }

 private:
  [[nodiscard]] std::size_t place() const { return kFirstSlot + kSlotBytes * (at_ % kSlots); }

  Slot take() {
    const std::size_t at = place();
    ++at_;
    return {number_at(page_, at, 4), number_at(page_, at + 4, 2), number_at(page_, at + 6, 2),
            number_at(page_, at + 10, 2)};
  }

  void skip_extra_info() {
    for (bool more = true; more && left() != 0; ++at_) {
      more = (number_at(page_, place() + 1, 1) & kMoreExtra) != 0;
    }
  }

  static void add(const Slot& slot, std::uint32_t size, std::vector<TxRequest>* requests) {
    if (size == 0 || slot.offset + size > kPageBytes) return;
    requests->push_back({GrantRef{slot.ref}, static_cast<std::uint16_t>(slot.offset),
                         static_cast<std::uint16_t>(size)});
  }

  std::span<const std::byte> page_;
  std::uint32_t at_;
  std::uint32_t end_;
};

}  // namespace

TxRingView parse_tx_ring(std::span<const std::byte> page) {
  TxRingView view;
  if (page.size() < kPageBytes) return view;
  Ring ring(page);
  if (ring.left() > kSlots) return view;
  view.in_flight = ring.left();
  while (ring.left() != 0) ring.take_packet(&view.requests);
  return view;
}

}  // namespace xic
