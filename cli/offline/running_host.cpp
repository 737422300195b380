// For a build without the Xen libraries: logs, captures and images only.
#include "cli/running_host.h"

namespace xic::cli {

Expected<std::unique_ptr<RunningHost>> running_host(const std::string& /*root*/) {
  return tl::unexpected(
      Error{Error::Code::unavailable, 0, "this build cannot ask a running host; say what to judge",
            "`xl dmesg | xen-iommu-check --log -`, or save the outputs of `xl dmesg`, `xl info`, "
            "`xenstore-ls -f`, `cat /proc/iomem` and `dmesg` in a folder, under any names, and use "
            "--capture FOLDER"});
}

}  // namespace xic::cli
