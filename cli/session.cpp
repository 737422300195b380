#include "cli/session.h"

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/live.h"
#include "cli/output.h"
#include "host/sources.h"

namespace xic::cli {
namespace {

std::optional<std::int64_t> source_date_epoch() {
  const char* text = std::getenv("SOURCE_DATE_EPOCH");
  if (text == nullptr) return std::nullopt;
  const std::string_view digits = text;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  // Later than the year 9999 no date format of the report can tell.
  constexpr std::int64_t kLatest = 253402300799;
  if (error != std::errc{} || end != digits.data() + digits.size() || seconds < 0 ||
      seconds > kLatest) {
    complain("SOURCE_DATE_EPOCH is no number of seconds, ignoring");
    return std::nullopt;
  }
  return seconds;
}

}  // namespace

Expected<void> observe_inputs(const Options& options, Observer* observer) {
  if (!options.image.empty()) return read_image(options.image, observer);
  if (!options.capture.empty()) return read_capture(options.capture, options.logs, observer);
  if (!options.logs.empty()) return read_logs(options.logs, observer);
  return observe_host(options, {}, observer);
}

Session::Session(Facts facts)
    : facts_(std::move(facts)),
      diagnosis_(diagnose(facts_, built_in_knowledge())),
      report_(bare_report()) {
  report_.facts = &facts_;
  report_.diagnosis = &diagnosis_;
}

Report bare_report() {
  Report report;
  report.tool_version = XIC_VERSION;
  report.knowledge = &built_in_knowledge();
  report.knowledge_date = report.knowledge->date;
  report.generated_at = source_date_epoch().value_or(static_cast<std::int64_t>(std::time(nullptr)));
  return report;
}

}  // namespace xic::cli
