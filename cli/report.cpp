#include <utility>

#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "core/observer.h"

namespace xic::cli {

Expected<int> report(const Options& options) {
  Observer observer;
  if (auto done = observe_inputs(options, &observer); !done) {
    return tl::unexpected(std::move(done.error()));
  }
  const Session session(observer.snapshot());
  auto written = write_report(options, render_html(session.report()));
  if (!written) return tl::unexpected(std::move(written.error()));
  return kExitOk;
}

}  // namespace xic::cli
