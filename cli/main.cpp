// xen-iommu-check: parses the command line, runs one verb, turns failures into exit statuses.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <string>
#include <utility>
#include <variant>

#include "cli/exit_codes.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "core/diagnosis/knowledge.h"

namespace xic::cli {
namespace {

/// A descriptor 0 to 2 that the caller closed would be given to the next file opened, and a message
/// could end up in it. Opened the wrong way round, so that using it still fails.
void occupy_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0) {
      (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
  }
}

/// Says what went wrong, and for monitoring also where it reads.
int fail(std::string_view message, int exit_code, bool nagios) {
  complain(message);
  if (!nagios) return exit_code;
  (void)write_report({}, "IOMMU UNKNOWN - " + sanitise(message) + '\n');
  return kExitUnknown;
}

Expected<int> run(const Options& options) {
  switch (options.verb) {
    case Verb::check:
      return options.diff.empty() ? check(options) : diff(options);
    case Verb::explain:
      return explain(options);
    case Verb::grants:
      return grants(options);
    case Verb::capture:
      return capture(options);
    case Verb::watch:
      return watch(options);
    case Verb::report:
      return report(options);
    case Verb::status:
      return status(options);
  }
  return kExitInternal;
}

int run_command_line(int argc, char** argv) {
  const auto parsed =
      parse_options(argc, argv, {XIC_VERSION, std::string(built_in_knowledge().date)});
  if (const auto* message = std::get_if<Message>(&parsed)) {
    if (message->exit_code != kExitOk) {
      return fail(message->text + " (see --help)", message->exit_code, wants_nagios(argc, argv));
    }
    const auto written = write_report({}, message->text);
    return written ? kExitOk : fail(written.error().message, kExitIo, false);
  }
  const auto& options = std::get<Options>(parsed);
  const auto exit_code = run(options);
  if (exit_code) return *exit_code;
  const Error& error = exit_code.error();
  const int failed =
      fail(error.message, exit_code_for(error.code), options.format == Format::nagios);
  if (!error.hint.empty()) complain("hint: " + error.hint);
  return failed;
}

}  // namespace
}  // namespace xic::cli

int main(int argc, char** argv) {
  using namespace xic::cli;
  occupy_standard_descriptors();
  // A reader who has gone away is seen as EPIPE by write_report().
  (void)::signal(SIGPIPE, SIG_IGN);
  try {
    return run_command_line(argc, argv);
  } catch (const std::exception& error) {
    return fail(std::string("internal error: ") + error.what(), kExitInternal,
                wants_nagios(argc, argv));
  }
}
