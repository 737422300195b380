// The probe's steps in words, page by page, so that a reader can follow and repeat them.
#pragma once

#include <string>
#include <vector>

#include "core/diagnosis/facts.h"

namespace xic::render {

/// One line per page that was looked at, then what refused and what else can be said. Untrusted
/// names are made safe. Empty where the probe did not run.
[[nodiscard]] std::vector<std::string> probe_lines(const Facts& facts);

[[nodiscard]] std::string_view token(ProbeStep::Kind kind);
[[nodiscard]] std::string_view token(ProbeStep::Outcome outcome);
[[nodiscard]] std::string_view token(TraceSighting::State state);

}  // namespace xic::render
