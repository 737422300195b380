// Which evidence a screen shows, and in what words.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/report.h"

namespace xic::render {

/// One line of "Why". Safe to print.
struct WhyRow {
  std::string label;
  std::string value;
  std::string source;
};

struct WhyRows {
  std::vector<WhyRow> rows;
  std::size_t hidden = 0;  ///< Observations that no row stands for.
};

/// At most `most` rows. Observations of faults are summed up in one, as the faults themselves are
/// shown elsewhere; the same statement from several sources is one row. What decides alone or
/// speaks for another state than the verdict's is never dropped for what merely agrees; of the
/// rest, one row of each kind comes before a second of any.
[[nodiscard]] WhyRows why_rows(const Report& report, std::size_t most);

}  // namespace xic::render
