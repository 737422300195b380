// The dumps of one boot: the latest complete one answers "was this frame granted to dom0?".
#pragma once

#include <cstdint>
#include <optional>

#include "core/fault/fault.h"
#include "core/grant/grant.h"

namespace xic {

class DumpHistory {
 public:
  /// True when the dump is complete and look_up() answers from it from now on. A damaged dump is
  /// kept only to be shown, and only where it shows more than an earlier damaged one.
  bool add(GrantDump&& dump);
  /// The latest complete dump's word on `frame`. GrantSighting::asked is false without one.
  [[nodiscard]] GrantSighting look_up(Frame frame) const;
  /// A new boot: its grants are others.
  void forget();
  /// The latest complete dump, else the fullest damaged one.
  [[nodiscard]] std::optional<GrantDump> latest() const;
  [[nodiscard]] std::uint32_t complete_count() const { return complete_count_; }
  [[nodiscard]] std::uint32_t damaged_count() const { return damaged_count_; }

 private:
  std::optional<GrantDump> complete_;
  std::optional<GrantDump> damaged_;
  GrantIndex index_;
  std::uint32_t complete_count_ = 0;
  std::uint32_t damaged_count_ = 0;
};

}  // namespace xic
