// Could a guest have written the fault's line?
#pragma once

#include <string>

#include "core/diagnosis/facts.h"

namespace xic {

struct Authenticity {
  bool authentic = false;
  std::string why;  ///< The reason, either way.
};

/// A line counts where no guest can write one that begins "(XEN) ", or where something that no
/// guest controls confirms it. See docs/verdict.md.
[[nodiscard]] Authenticity judge_authenticity(const Facts& facts, const FaultGroup& fault);

/// The joined dom0 driver error, or nullptr.
[[nodiscard]] const Dom0Error* joined_error(const Facts& facts, const FaultGroup& fault);

}  // namespace xic
