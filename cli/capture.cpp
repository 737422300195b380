#include <sys/utsname.h>

#include <string>
#include <utility>
#include <vector>

#include "cli/exit_codes.h"
#include "cli/live.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "host/capture/mask.h"
#include "host/capture/write_capture.h"

namespace xic::cli {
namespace {

/// The host's name, whole and short: logs have either.
std::vector<std::string> host_names() {
  utsname system{};
  if (::uname(&system) != 0) return {};
  const std::string whole = system.nodename;
  return {whole, whole.substr(0, whole.find('.'))};
}

}  // namespace

Expected<int> capture(const Options& options) {
  InquiryOptions inquiry;
  inquiry.dump = InquiryOptions::Dump::if_small;
  inquiry.ask_granted_frames = true;
  inquiry.whole_store = true;
  auto record = record_host(options, std::move(inquiry));
  if (!record) return tl::unexpected(std::move(record.error()));
  if (options.mask) mask(&*record, host_names());
  auto written =
      write_capture(capture_files(*record, XIC_VERSION, options.mask), options.subject.front());
  if (!written) return tl::unexpected(std::move(written.error()));
  for (const Attempt& attempt : record->tried) {
    if (!attempt.ok) complain("not recorded: " + attempt.what + ": " + attempt.error);
  }
  auto told = write_report({}, "wrote " + sanitise(options.subject.front()) + "; judge it with " +
                                   "xen-iommu-check --capture\n");
  if (!told) return tl::unexpected(std::move(told.error()));
  return kExitOk;
}

}  // namespace xic::cli
