#include "host/live/small_file.h"

#include "host/capture/file.h"
#include "host/live/failure.h"

namespace xic {
namespace {

constexpr std::size_t kMost = std::size_t{64} * 1024;

}  // namespace

Expected<std::string> read_small_file(const std::string& path) {
  const auto file = open_for_reading(path);
  if (!file) return tl::unexpected(failure(file.error().sys_errno, "open " + path));
  std::string text;
  const auto whole = read_up_to(file->get(), kMost, path, &text);
  if (!whole) return tl::unexpected(failure(whole.error().sys_errno, "read " + path));
  if (!*whole) {
    return tl::unexpected(Error{Error::Code::too_large, 0, path + " is longer than 64 KiB", ""});
  }
  return text;
}

Expected<std::string> read_value(const std::string& path) {
  auto text = read_small_file(path);
  if (text && text->ends_with('\n')) text->pop_back();
  return text;
}

}  // namespace xic
