#include "daemon/boot_id.h"

#include <algorithm>
#include <fstream>

namespace xic::daemon {

Expected<std::string> boot_id(const std::string& root) {
  const std::string path = root + "/proc/sys/kernel/random/boot_id";
  std::ifstream file(path);
  std::string text;
  file >> text;
  std::erase(text, '-');
  const bool hex = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (text.size() == 32 && hex) return text;
  Error error;
  error.code = Error::Code::not_found;
  error.message = "cannot tell which boot this is: " + path + " is missing or of another form";
  error.hint = "mount /proc";
  return tl::unexpected(std::move(error));
}

}  // namespace xic::daemon
