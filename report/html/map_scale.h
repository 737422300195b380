// Addresses -> places along a line. Only arithmetic; what is drawn there is memory_map.cpp's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/memory/memory_map.h"

namespace xic::html {

/// Addresses that are drawn without a gap.
struct Stretch {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  ///< One past the last byte.
  double x = 0;
  double width = 0;
  bool to_scale = false;  ///< Drawn at MapScale::bytes_per_unit(); else squeezed or widened.
};

/// A machine's RAM is a few stretches in an address space a thousand times as large, beside
/// device windows of any size. Stretches with RAM share one scale; stretches without (devices,
/// single pages far away) get a fixed width each; what lies between stretches is left out.
class MapScale {
 public:
  static constexpr double kGap = 22;           ///< Width of what is left out.
  static constexpr double kFixed = 46;         ///< Width of a stretch without RAM.
  static constexpr double kLeast = 10;         ///< Least width of a stretch with RAM.
  static constexpr std::size_t kMaxRam = 8;    ///< Stretches with RAM: beyond, near ones join.
  static constexpr std::size_t kMaxOther = 6;  ///< Likewise without.

  /// `ram` and `other` (devices, pages that only a fault or a grant names) may overlap and be in
  /// any order; empty ranges are ignored. `width` is the whole drawing's.
  MapScale(const std::vector<AddressRange>& ram, const std::vector<AddressRange>& other,
           double width);

  [[nodiscard]] const std::vector<Stretch>& stretches() const { return stretches_; }
  /// Of stretches with to_scale; 0 where there are none.
  [[nodiscard]] double bytes_per_unit() const { return bytes_per_unit_; }
  /// From 0 to the end of the last stretch: what was asked for, if that was enough.
  [[nodiscard]] double width() const;
  /// Where `address` lies; nothing in a gap. The end of a stretch counts as within it.
  [[nodiscard]] std::optional<double> x(std::uint64_t address) const;

 private:
  void lay_out(double width, const std::vector<bool>& has_ram);

  std::vector<Stretch> stretches_;
  double bytes_per_unit_ = 0;
};

}  // namespace xic::html
