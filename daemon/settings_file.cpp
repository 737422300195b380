// The configuration's files, read with inih.
#include <ini.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "daemon/settings.h"
#include "report/report.h"

namespace xic::daemon {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{64} * 1024;

/// A text that inih reads line by line. inih does not say where it is, so the lines are counted.
struct Lines {
  std::string_view rest;
  int number = 0;
  bool too_long = false;  ///< The line at hand did not fit inih's buffer.
};

char* next_line(char* buffer, int size, void* stream) {
  auto& lines = *static_cast<Lines*>(stream);
  if (lines.rest.empty() || size < 2) return nullptr;
  const std::size_t lf = lines.rest.find('\n');
  const std::size_t whole = lf == std::string_view::npos ? lines.rest.size() : lf + 1;
  const std::size_t room = static_cast<std::size_t>(size) - 1;
  const std::size_t taken = std::min(whole, room);
  std::memcpy(buffer, lines.rest.data(), taken);
  buffer[taken] = '\0';
  lines.rest.remove_prefix(whole);
  ++lines.number;
  lines.too_long = taken < whole;
  return buffer;
}

struct Parse {
  const std::string* name;
  LoadedSettings* loaded;
  Lines lines;

  void warn(const std::string& what) const {
    loaded->warnings.push_back(*name + ':' + std::to_string(lines.number) + ": " + what);
  }
  void take(std::string_view section, std::string_view name_of_key, std::string_view value);
};

void Parse::take(std::string_view section, std::string_view name_of_key, std::string_view value) {
  const auto keys = setting_keys();
  const auto key = std::find_if(keys.begin(), keys.end(),
                                [&](const SettingKey& one) { return one.name == name_of_key; });
  if (section != kSettingsSection || key == keys.end()) {
    warn("unknown key " + sanitise(name_of_key) + " in section [" + sanitise(section) +
         "], ignored");
    return;
  }
  if (!lines.too_long && key->set(&loaded->settings, value)) return;
  loaded->usable = false;
  warn(std::string(key->name) + " must be " + std::string(key->form) + ", not \"" +
       sanitise(value) + '"');
}

int on_key(void* user, const char* section, const char* name, const char* value) {
  static_cast<Parse*>(user)->take(section, name, value);
  return 1;
}

void read_file(const std::filesystem::path& path, LoadedSettings* loaded) {
  std::ifstream file(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file || text.size() > kMaxFileBytes) {
    loaded->usable = false;
    loaded->warnings.push_back(path.string() + (file ? ": is over 64 KiB" : ": cannot be read"));
    return;
  }
  parse_settings(path.string(), text, loaded);
}

}  // namespace

void parse_settings(const std::string& name, std::string_view text, LoadedSettings* loaded) {
  Parse parse{&name, loaded, {text}};
  if (text.find('\0') != std::string_view::npos) {
    loaded->usable = false;
    loaded->warnings.push_back(name + ": is no text");
    return;
  }
  // inih numbers the first line that it could not make sense of.
  const int bad_line = ::ini_parse_stream(
      [](char* buffer, int size, void* stream) {
        return next_line(buffer, size, &static_cast<Parse*>(stream)->lines);
      },
      &parse, on_key, &parse);
  if (bad_line == 0) return;
  loaded->usable = false;
  loaded->warnings.push_back(name + ':' + std::to_string(std::max(bad_line, 0)) +
                             ": is neither [Section] nor Key=value");
}

LoadedSettings load_settings(const std::string& folder) {
  namespace fs = std::filesystem;
  LoadedSettings loaded;
  loaded.settings = default_settings();
  std::error_code problem;
  const fs::path top(folder);
  const fs::path main_file = top / "xen-iommud.conf";
  if (fs::exists(main_file, problem)) read_file(main_file, &loaded);
  std::vector<fs::path> more;
  for (fs::directory_iterator at(top / "conf.d", problem), end; !problem && at != end;
       at.increment(problem)) {
    if (at->path().extension() == ".conf") more.push_back(at->path());
  }
  std::sort(more.begin(), more.end());
  for (const fs::path& path : more) read_file(path, &loaded);
  return loaded;
}

}  // namespace xic::daemon
