// The verbs. Each returns the process's exit status, or why it could not do its work.
#pragma once

#include "cli/options.h"
#include "core/types.h"

namespace xic::cli {

/// The verdict about what was given, in the format asked for.
[[nodiscard]] Expected<int> check(const Options& options);

/// A cause by its id, or faults pasted as arguments or through standard input, in words.
[[nodiscard]] Expected<int> explain(const Options& options);

/// Who has granted which frame to dom0.
[[nodiscard]] Expected<int> grants(const Options& options);

/// What the running host tells, as a capture.
[[nodiscard]] Expected<int> capture(const Options& options);

/// Faults of the running host as they come, until a signal or until nobody reads.
[[nodiscard]] Expected<int> watch(const Options& options);

/// What changed between the two reports of --diff; 1 when something did that matters.
[[nodiscard]] Expected<int> diff(const Options& options);

/// The verdict and all that led to it, as an HTML page.
[[nodiscard]] Expected<int> report(const Options& options);

/// Is the daemon alive, what has it seen, what has it missed: 0 where it is, 69 where it is not.
[[nodiscard]] Expected<int> status(const Options& options);

}  // namespace xic::cli
