// Where dom0's kernel has one grant operation in registers: found in its own machine code.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace xic {

/// A call in set_foreign_p2m_mapping() (linux: arch/arm/xen/p2m.c) that is handed the page of one
/// operation, with the operation's address in a register.
struct MapCallSite {
  std::uint32_t offset = 0;     ///< Of the call, from the function's begin, in bytes.
  std::uint32_t operation = 0;  ///< x19 .. x28: holds a struct gnttab_map_grant_ref's address.
  friend bool operator==(const MapCallSite&, const MapCallSite&) = default;
};

/// Looks for the one call to `callee` that is made with x1 = dev_bus_addr >> 12 of the operation at
/// a register: `ldr xT, [xB, #24]`, `lsr x1, xT, #12`, `bl callee`, in a straight line that leaves
/// xB alone and that no branch enters. So whoever stops at the call may read through xB what the
/// kernel itself has just read. Nothing where the code has another form.
///
/// `code`: the function's instructions (A64, Arm ARM C4.1), the first at address `begin`.
[[nodiscard]] std::optional<MapCallSite> find_map_call(std::span<const std::uint32_t> code,
                                                       std::uint64_t begin, std::uint64_t callee);

/// The one call to `callee`, in bytes from the function's begin. Nothing where there is none, or
/// more than one: which of them it is cannot be told.
[[nodiscard]] std::optional<std::uint32_t> find_only_call(std::span<const std::uint32_t> code,
                                                          std::uint64_t begin,
                                                          std::uint64_t callee);

}  // namespace xic
