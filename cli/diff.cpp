#include "report/diff.h"

#include <string>
#include <utility>

#include "cli/output.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "host/capture/file.h"

namespace xic::cli {
namespace {

// A report of 1024 fault groups has about 2 MiB.
constexpr std::size_t kMaxReportBytes = std::size_t{64} << 20;

Expected<std::string> read_report(const std::string& path) {
  auto fd = open_for_reading(path);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  std::string bytes;
  const auto whole = read_up_to(fd->get(), kMaxReportBytes, path, &bytes);
  if (!whole) return tl::unexpected(whole.error());
  if (*whole) return bytes;
  Error error;
  error.code = Error::Code::too_large;
  error.message = path + " is over 64 MiB, which no report is";
  return tl::unexpected(std::move(error));
}

}  // namespace

Expected<int> diff(const Options& options) {
  const auto before = read_report(options.diff.front());
  if (!before) return tl::unexpected(before.error());
  const auto after = read_report(options.diff.back());
  if (!after) return tl::unexpected(after.error());
  const auto comparison =
      compare_reports(options.diff.front(), *before, options.diff.back(), *after);
  if (!comparison) return tl::unexpected(comparison.error());
  auto written =
      write_report(options, options.format == Format::json
                                ? render_comparison_json(bare_report(), *comparison)
                                : render_comparison_text(*comparison, text_style(options)));
  if (!written) return tl::unexpected(std::move(written.error()));
  return comparison->changed() ? 1 : 0;
}

}  // namespace xic::cli
