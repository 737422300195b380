// Console texts of one host that overlap (two reads of one ring, a ring and a serial log) are
// aligned and merged before anything is counted.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace xic {

/// A run of bytes of one text, to be read in this order.
struct TextSlice {
  std::size_t text = 0;   ///< Index into the input of merge_console_texts().
  std::size_t begin = 0;  ///< Byte range.
  std::size_t end = 0;
  bool xen_lines_known = false;  ///< Xen's lines in here were delivered by another slice already:
                                 ///< read only what others (dom0's kernel) printed.
};

/// Orders and trims `texts` so that each Xen line is read once. Texts are aligned by their "(XEN)"
/// lines (stamps included): contained, or overlapping at an end by at least two lines, else kept
/// whole one after the other, in order of their first comparable Xen stamp, then as given. A cut
/// first or last line never hinders an overlap. Linear in the total size.
[[nodiscard]] std::vector<TextSlice> merge_console_texts(std::span<const std::string_view> texts);

}  // namespace xic
