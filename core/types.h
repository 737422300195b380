// The quantities this field confuses: each is a type of its own.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <tl/expected.hpp>

namespace xic {

/// An integer that converts to no other integer. `Tag` makes the type, `Rep` holds the value.
template <class Tag, class Rep>
class Strong {
 public:
  constexpr Strong() = default;
  constexpr explicit Strong(Rep value) : value_(value) {}
  [[nodiscard]] constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(Strong, Strong) = default;

 private:
  Rep value_{};
};

/// Address a device used, in bytes. On a direct-mapped dom0 it equals the machine address.
using Iova = Strong<struct IovaTag, std::uint64_t>;
/// Machine frame number: a machine address divided by 4096 (Xen's page size on Arm and x86).
using Frame = Strong<struct FrameTag, std::uint64_t>;
/// Xen domain number, 0 .. 0x7fff (public/xen.h: DOMID_FIRST_RESERVED is 0x7ff0).
using DomId = Strong<struct DomIdTag, std::uint16_t>;
/// Index into a domain's grant table.
using GrantRef = Strong<struct GrantRefTag, std::uint32_t>;
/// Free-running byte counter of Xen's console ring, modulo 2^32 (drivers/char/console.c).
using RingIndex = Strong<struct RingIndexTag, std::uint32_t>;

inline constexpr DomId kDom0{0};
inline constexpr unsigned kPageShift = 12;
inline constexpr std::uint64_t kPageMask = (std::uint64_t{1} << kPageShift) - 1;

/// The frame that holds `iova` where addresses map 1:1.
[[nodiscard]] constexpr Frame frame_of(Iova iova) {
  return Frame{iova.value() >> kPageShift};
}
/// The first byte of `frame`.
[[nodiscard]] constexpr Iova address_of(Frame frame) {
  return Iova{frame.value() << kPageShift};
}

/// Why something could not be done: what failed, on what, and what the user can do.
struct Error {
  enum class Code : std::uint8_t {
    not_found,
    denied,
    abi_mismatch,  ///< The hypervisor takes no interface number that this program knows.
    unavailable,   ///< This host, kernel or build does not have it: nobody may do it here.
    malformed,
    too_large,
    io
  };
  Code code = Code::io;
  int sys_errno = 0;    ///< 0 where no system call was involved.
  std::string message;  ///< One sentence: what failed, on what.
  std::string hint;     ///< What the user can do; may be empty.
};

template <class T>
using Expected = tl::expected<T, Error>;

/// A value together with the place it was read from, for example "boot banner" or "xl info".
template <class T>
struct Sourced {
  T value{};
  std::string source;
};

}  // namespace xic

template <class Tag, class Rep>
struct std::hash<xic::Strong<Tag, Rep>> {
  std::size_t operator()(xic::Strong<Tag, Rep> v) const noexcept {
    return std::hash<Rep>{}(v.value());
  }
};
