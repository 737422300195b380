#include <utility>

#include "cli/daemon_state.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/verbs.h"

namespace xic::cli {

Expected<int> status(const Options& options) {
  const auto state =
      read_published_state(options.state_file.empty() ? kStateFile : options.state_file);
  if (!state) {
    // That it does not run is the answer to the question.
    Error error = state.error();
    if (error.code == Error::Code::not_found) error.code = Error::Code::unavailable;
    return tl::unexpected(std::move(error));
  }
  const DaemonView view{&state->report, state->age, state->alive};
  auto written = write_report(options, options.format == Format::json
                                           ? render_status_json(view)
                                           : render_status_text(view, text_style(options)));
  if (!written) return tl::unexpected(std::move(written.error()));
  return state->alive ? kExitOk : kExitUnavailable;
}

}  // namespace xic::cli
