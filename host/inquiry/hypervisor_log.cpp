#include "host/inquiry/hypervisor_log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "host/capture/file.h"

namespace xic {
namespace {

constexpr off_t kMost = off_t{1} << 20;

}  // namespace

Expected<std::string> read_hypervisor_log(const std::string& path) {
  auto fd = open_for_reading(path);
  if (!fd) return tl::unexpected(std::move(fd.error()));
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) return tl::unexpected(system_error("read " + path, errno));
  const bool cut = status.st_size > kMost;
  if (cut && ::lseek(fd->get(), status.st_size - kMost, SEEK_SET) < 0) {
    return tl::unexpected(system_error("read " + path, errno));
  }
  std::string text;
  // What is appended meanwhile is left to the next reader.
  const auto whole = read_up_to(fd->get(), static_cast<std::size_t>(kMost), path, &text);
  if (!whole) return tl::unexpected(whole.error());
  if (cut) text.erase(0, text.find('\n') + 1);
  return text;
}

}  // namespace xic
