// A synthetic console text: what a serial line of an Arm board with Xen and a dom0 shows over
// weeks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace xic::bench {

/// Small and repeatable (xorshift64*), so that every run sees the same text.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    state_ ^= state_ >> 12U;
    state_ ^= state_ << 25U;
    state_ ^= state_ >> 27U;
    return state_ * 0x2545f4914f6cdd1dULL;
  }
  unsigned below(unsigned bound) { return static_cast<unsigned>((next() >> 33U) % bound); }

 private:
  std::uint64_t state_;
};

/// Writes lines; `fault_percent` of them are context faults printed by Xen's SMMUv2 driver.
class ConsoleText {
 public:
  explicit ConsoleText(unsigned fault_percent, std::uint64_t seed = 0x9e3779b97f4a7c15ULL)
      : fault_percent_(fault_percent), random_(seed) {}

  /// Appends one line with its LF.
  void append_line(std::string* text) {
    micros_ += 1 + random_.below(40'000);
    std::array<char, 256> line;
    const int length =
        random_.below(100) < fault_percent_ ? print_fault(&line) : print_other(&line);
    text->append(line.data(), static_cast<std::size_t>(length));
  }

 private:
  using Buffer = std::array<char, 256>;

  int print_fault(Buffer* line) {
    const unsigned long frame = 0x800000UL + random_.below(0x40000);
    const unsigned fsynr = 0xb0000U + 0x10U * random_.below(2) + 1 + random_.below(3);
    return std::snprintf(line->data(), line->size(),
                         "(XEN) [%5lu.%06lu] smmu: /smmu@fd800000: Unhandled context fault: "
                         "fsr=0x402, iova=0x%08lx, fsynr=0x%x, cb=%u\n",
                         seconds(), micros(), (frame << 12U) + random_.below(4096), fsynr,
                         random_.below(2));
  }

  int print_other(Buffer* line) {
    const unsigned a = random_.below(1000);
    const unsigned b = random_.below(0x10000);
    char* const out = line->data();
    const std::size_t room = line->size();
    switch (random_.below(16)) {
      case 0:
        return std::snprintf(out, room,
                             "(XEN) [%5lu.%06lu] d%uv%u: vGICD: unhandled word write "
                             "0x%014x to ICACTIVER%u\n",
                             seconds(), micros(), a % 7, a % 4, b, a % 32);
      case 1:
        return std::snprintf(out, room, "(XEN) [%5lu.%06lu] d%uv%u Unhandled SMC/HVC: 0x%08x\n",
                             seconds(), micros(), a % 7, a % 4, 0x84000000U + b);
      case 2:
        return std::snprintf(out, room,
                             "(XEN) [%5lu.%06lu] memory_map:add: dom%u gfn=%x mfn=%x nr=%u "
                             "cache=0\n",
                             seconds(), micros(), a % 7, b, b, a % 16);
      case 3:
        return std::snprintf(out, room,
                             "(XEN) [%5lu.%06lu] (d%u) Booting Linux on physical CPU "
                             "0x%010x [0x411fd%03x]\n",
                             seconds(), micros(), a % 7, b, a);
      case 4:
        return std::snprintf(out, room,
                             "(XEN) [%5lu.%06lu] xen-source/xen/common/sched/null.c:%u: %u <-- "
                             "d%uv%u\n",
                             seconds(), micros(), a, a % 8, a % 7, a % 4);
      case 5:
        return std::snprintf(out, room,
                             "(XEN) [%5lu.%06lu] traps.c:1983:d%uv%u HSR=0x%08x pc=0x%014x "
                             "gva=0x%010x gpa=0x%014x\n",
                             seconds(), micros(), a % 7, a % 4, 0x93830045U, b, b + 1, b + 2);
      case 6:
        return std::snprintf(out, room,
                             "[%5lu.%06lu] xenbr0: port %u(vif%u.0) entered forwarding state\n",
                             seconds(), micros(), a % 16, a % 7);
      case 7:
        return std::snprintf(out, room,
                             "[%5lu.%06lu] xen-blkback: backend/vbd/%u/51712: using %u queues, "
                             "protocol 1 (arm-abi) persistent grants\n",
                             seconds(), micros(), a % 7, a % 4 + 1);
      case 8:
        return std::snprintf(out, room, "[%5lu.%06lu] vif vif-%u-0 vif%u.0: Guest Rx ready\n",
                             seconds(), micros(), a % 7, a % 7);
      case 9:
        return std::snprintf(
            out, room,
            "[%5lu.%06lu] audit: type=1400 audit(%lu.%03u:%u): apparmor=\"STATUS\" "
            "operation=\"profile_load\" profile=\"unconfined\" pid=%u\n",
            seconds(), micros(), 1'700'000'000UL + seconds(), a, b, b % 30'000);
      case 10:
        return std::snprintf(out, room,
                             "[%5lu.%06lu] usb 1-%u: new high-speed USB device number %u using "
                             "xhci-hcd\n",
                             seconds(), micros(), a % 8, a % 128);
      case 11:
        return std::snprintf(out, room,
                             "[%5lu.%06lu] EXT4-fs (mmcblk0p%u): mounted filesystem with ordered "
                             "data mode. Opts: (null)\n",
                             seconds(), micros(), a % 8);
      case 12:
        return std::snprintf(out, room,
                             "[%5lu.%06lu] IPv6: ADDRCONF(NETDEV_CHANGE): vif%u.0: link becomes "
                             "ready\n",
                             seconds(), micros(), a % 7);
      case 13:
        return std::snprintf(out, room,
                             "[%5lu.%06lu] systemd[1]: Started Session %u of user root.\n",
                             seconds(), micros(), b);
      case 14:
        return std::snprintf(out, room,
                             "[%5lu.%06lu] macb ff0e0000.ethernet eth0: link up (%u/Full)\n",
                             seconds(), micros(), a % 2 != 0 ? 1000U : 100U);
      default:
        return std::snprintf(out, room, "root@zcu102-zynqmp:~# xl console guest%u\n", a % 7);
    }
  }

  [[nodiscard]] unsigned long seconds() const {
    return static_cast<unsigned long>(micros_ / 1'000'000);
  }
  [[nodiscard]] unsigned long micros() const {
    return static_cast<unsigned long>(micros_ % 1'000'000);
  }

  unsigned fault_percent_;
  Random random_;
  std::uint64_t micros_ = 3'000'000;
};

/// At least `bytes` of whole lines.
inline std::string console_text(std::size_t bytes, unsigned fault_percent) {
  std::string text;
  text.reserve(bytes + 256);
  ConsoleText source(fault_percent);
  while (text.size() < bytes) source.append_line(&text);
  return text;
}

}  // namespace xic::bench
