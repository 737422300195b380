// /proc/iomem, also for a process that may not see its addresses by itself.
#pragma once

#include <optional>
#include <string>

namespace xic {

/// The kernel shows addresses to whoever had CAP_SYS_ADMIN when the file was opened
/// (kernel/resource.c: r_show). So a service without that right can be given the open file, as its
/// standard input (systemd.exec(5): StandardInput=file:/proc/iomem).
///
/// The text behind `fd`, from its beginning, where it is the file that `path` names on a proc file
/// system, at most 4 MiB; nothing else is read.
[[nodiscard]] std::optional<std::string> iomem_of(int fd, const char* path = "/proc/iomem");

/// The same, without reading.
[[nodiscard]] bool is_iomem(int fd, const char* path = "/proc/iomem");

}  // namespace xic
