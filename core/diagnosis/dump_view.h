// The latest dump as the diagnosis asks it: which pages of other domains dom0 has mapped.
#pragma once

#include <vector>

#include "core/diagnosis/facts.h"
#include "core/grant/grant.h"

namespace xic {

class DumpView {
 public:
  /// `facts` must outlive the view. Costs nothing where there is no fault to explain.
  explicit DumpView(const Facts& facts);
  DumpView(const DumpView&) = delete;
  DumpView& operator=(const DumpView&) = delete;

  [[nodiscard]] bool complete() const { return complete_; }
  /// A grant of `frame` by another domain that dom0 has mapped; nullptr where the dump has none.
  [[nodiscard]] const Grant* mapped_by_dom0(Frame frame) const;
  /// Such a grant above 4 GiB of whose address only the low 32 bits are left in `address`.
  [[nodiscard]] const Grant* cut_to_32_bits(Iova address) const;

 private:
  bool complete_ = false;
  GrantIndex index_;
  std::vector<const Grant*>
      high_;  ///< Mapped by dom0, above 4 GiB, by the low 20 bits of the frame.
};

}  // namespace xic
