// Errors of dom0's drivers that a refused DMA leads to, or that users take for it. None of them
// proves an IOMMU fault: all of them are also seen on machines without an IOMMU.
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/fault/family.h"
#include "core/fault/scan.h"
#include "core/scan.h"

namespace xic {
namespace {

using fault_text::begins;
using fault_text::Match;
using scan::trim;

constexpr std::size_t kMaxMessage = 512;
/// The names before a message are short.
constexpr std::size_t kMaxLeader = 160;

struct Phrase {
  std::string_view text;  ///< How the message begins.
  /// The text stands at the end of the message instead.
  bool at_end = false;
};

// As Linux's drivers print them; each was looked up in the driver named.
constexpr Phrase kPhrases[] = {
    {"DMA bus error: HRESP not OK"},            // cadence/macb_main.c
    {"WARNING: Host System Error"},             // usb/host/xhci-ring.c
    {"ADMA error"},                             // mmc/host/sdhci.c
    {"NETDEV WATCHDOG: "},                      // net/sched/sch_generic.c
    {"swiotlb buffer is full"},                 // kernel/dma/swiotlb.c, xen/swiotlb-xen.c
    {"DMA: Out of SW-IOMMU space for "},        // the same, up to 4.20
    {"DMA Tx error 0x"},                        // xilinx_axienet_main.c, nixge.c
    {"DMA Rx error 0x"},                        // the same
    {"Detected Hardware Unit Hang"},            // e1000e/netdev.c
    {"Detected Tx Unit Hang"},                  // e1000, igb, ixgbe
    {"DMA Status error. Resetting chip"},       // broadcom/tg3.c
    {"PCI error (cmd = 0x"},                    // realtek/r8169_main.c
    {"OHCI Unrecoverable Error"},               // usb/host/ohci-hcd.c
    {"host system error, PCI problems?"},       // usb/host/uhci-hcd.c
    {"controller is down; will reset: CSTS="},  // nvme/host/pci.c
    {", host bus error", true},                 // ata/libahci.c: "ata1: irq_stat 0x20000000, ..."
};

struct Head {
  std::string_view driver, device, netdev;
};

/// "macb ff0e0000.ethernet eth0: ", "xhci_hcd 0000:01:00.0: ", "mmc0: " or nothing. False for
/// prose.
bool read_head(std::string_view text, Head* head) {
  text = trim(text);
  if (text.empty()) return true;
  if (!text.ends_with(':')) return false;
  std::array<std::string_view, 3> words{};
  std::size_t count = 0;
  while (!text.empty()) {
    std::size_t end = 0;
    while (end < text.size() && !scan::is_blank(text[end])) ++end;
    if (count == words.size()) return false;
    std::string_view word = text.substr(0, end);
    if (word.ends_with(':')) word.remove_suffix(1);
    words[count] = word;
    ++count;
    text = scan::trim_front(text.substr(end));
  }
  if (count == 1) {
    // "mmc0", "ata1.00": the driver's kind and a number.
    head->device = words[0];
    head->driver = words[0].substr(0, words[0].find_first_of("0123456789"));
    return !head->driver.empty();
  }
  head->driver = words[0];
  head->device = words[1];
  head->netdev = words[2];
  return true;
}

/// Up to 5.x the watchdog names the device itself: "NETDEV WATCHDOG: eth0 (macb): transmit queue
/// ..".
void read_watchdog(std::string_view message, Head* head) {
  if (!head->driver.empty()) return;
  fault_text::Scanner scanner(message);
  std::string_view netdev;
  std::string_view driver;
  scanner.literal("NETDEV WATCHDOG: ").until(" ", &netdev).literal(" (").until(")", &driver);
  if (!scanner.ok()) return;
  head->netdev = netdev;
  head->driver = driver;
}

/// A message that one of the phrases begins (or ends), and who said it.
struct Found {
  Head head;
  std::string_view message;
};

/// Looks for a phrase in `text`, whose message begins at `at`.
Match find_phrase(std::string_view text, std::size_t at, Found* found) {
  const std::string_view message = trim(text.substr(at));
  for (const Phrase& phrase : kPhrases) {
    Match state = Match::no;
    if (phrase.at_end) {
      if (at != 0 && message.ends_with(phrase.text)) state = Match::yes;
    } else if (!message.empty() && message.front() == phrase.text.front()) {
      state = begins(message, phrase.text);
      // Less than two words of it may begin anything.
      if (state == Match::cut && message.find(' ') == std::string_view::npos) state = Match::no;
    }
    if (state == Match::no || !read_head(text.substr(0, at), &found->head)) continue;
    if (found->head.driver.empty()) read_watchdog(message, &found->head);
    if (found->head.driver.empty() && state == Match::yes) continue;
    found->message = message;
    return state;
  }
  return Match::no;
}

}  // namespace

Consumed read_dom0_error(Assembly* assembly, const Line& line, std::string_view text,
                         bool last_chance) {
  Found found;
  Match state = find_phrase(text, 0, &found);
  std::size_t colon = text.find(": ");
  while (state == Match::no && colon < kMaxLeader) {
    found = {};
    state = find_phrase(text, colon + 2, &found);
    colon = text.find(": ", colon + 2);
  }
  if (state == Match::no) return Consumed::no;
  const bool sized = found.message.starts_with("swiotlb buffer is full (");
  if (state == Match::cut || (sized && found.message.find(')') == std::string_view::npos)) {
    if (!last_chance) return Consumed::needs_more;
    if (state == Match::cut) return Consumed::no;
  }
  Dom0Error error;
  if (line.time.clock == Clock::dom0_uptime) error.uptime = line.time;
  error.driver = found.head.driver.substr(0, PendingFault::kMaxName);
  error.device = found.head.device.substr(0, PendingFault::kMaxName);
  error.netdev = found.head.netdev.substr(0, PendingFault::kMaxName);
  error.message = found.message.substr(0, kMaxMessage);
  error.raw = line.raw.substr(0, kMaxMessage);
  error.at = {line.input, line.offset};
  assembly->dom0_error(error);
  return Consumed::yes;
}

}  // namespace xic
