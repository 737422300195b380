// One line of Xen's 'g' dump, taken apart.
#pragma once

#include <string_view>

#include "core/grant/grant.h"

namespace xic {

enum class EntryForm : std::uint8_t {
  whole,   ///< All columns.
  cut,     ///< Ends behind the pin: what is missing is guest-writable and not needed.
  broken,  ///< Begins as an entry does, but Xen's own columns cannot be read.
  no_entry,
};

/// Reads `[ref] localdom mfn pin localdom gmfn flags` in the forms of common/grant_table.c:
///   Xen 4.4 - 4.8   "[%3d]    %5d 0x%06lx 0x%08x      %5d 0x%06lx 0x%02x"
///   Xen 4.9, 4.10   "[0x%03x]  %5d 0x%06lx 0x%08x      %5d 0x%06lx 0x%02x"
///   Xen 4.11 -      "[0x%03x]  %5d 0x%05lx 0x%08x      %5d 0x%06lx 0x%02x"
/// `text` without leading blanks. The granter stands in no entry; `grant->granter` is left alone.
/// `*grant` is meaningful for whole and cut.
[[nodiscard]] EntryForm parse_entry(std::string_view text, Grant* grant);

}  // namespace xic
