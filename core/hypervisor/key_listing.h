// Debug key 'h': which handlers are registered.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace xic {

/// Key 'o' (dump IOMMU page tables) is registered only where dom0's IOMMU is on (up to 4.19 in
/// iommu_hwdom_init(), later in iommu_setup()). The listing is in ascending order of the keys'
/// codes, so an 'o' that is missing between its neighbours is not registered.
class KeyListing {
 public:
  enum class Found : std::uint8_t { nothing, registered, missing };

  /// "'h' pressed -> showing installed handlers"
  void begin();
  /// Any other line of Xen's: what follows belongs to no listing.
  void end() { previous_ = kNone; }
  /// " key 'o' (ascii '6f') => dump iommu p2m table"
  [[nodiscard]] static std::optional<char> key_of(std::string_view text);
  [[nodiscard]] Found add(char key);
  /// True between begin() and the first key: from 4.21 on (478556f8e3) Xen prints its banner there.
  [[nodiscard]] bool just_begun() const { return previous_ == kBegun; }
  [[nodiscard]] bool open() const { return previous_ != kNone; }

 private:
  static constexpr int kNone = -1;
  static constexpr int kBegun = 0;
  int previous_ = kNone;
};

}  // namespace xic
