// Where a report goes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/options.h"
#include "core/types.h"
#include "report/report.h"

namespace xic::cli {

/// Writes all of `text` to `options.output`, or to standard output. A file appears whole or not at
/// all: it is written beside its place, synced and renamed, mode 0644. What is no regular file
/// (/dev/stdout, a pipe) is written to directly. A reader who has gone away is no error.
[[nodiscard]] Expected<void> write_report(const Options& options, std::string_view text);

enum class Reader : std::uint8_t { there, gone };
/// Writes all of `text` to standard output at once, for those who go on writing: whether anybody
/// still reads.
[[nodiscard]] Expected<Reader> write_stream(std::string_view text);

/// How text is to look, from the options, NO_COLOR, TERM and the terminal.
[[nodiscard]] TextStyle text_style(const Options& options);

/// One line on standard error: "xen-iommu-check: ...", safe for a terminal.
void complain(std::string_view text);

}  // namespace xic::cli
