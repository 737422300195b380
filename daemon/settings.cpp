#include "daemon/settings.h"

#include <array>

#include "daemon/spans.h"

namespace xic::daemon {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

template <milliseconds Settings::*member>
bool set_time(Settings* settings, std::string_view text, milliseconds least, milliseconds most) {
  const auto value = parse_time_span(text);
  if (!value || *value < least || *value > most) return false;
  settings->*member = *value;
  return true;
}

constexpr std::array kKeys{
    SettingKey{"PollInterval", "1s", "a time from 100ms to 1min",
               [](Settings* settings, std::string_view text) {
                 return set_time<&Settings::poll_interval>(settings, text, 100ms, 1min);
               }},
    SettingKey{"SummaryInterval", "10s", "a time from 1s to 5min",
               [](Settings* settings, std::string_view text) {
                 return set_time<&Settings::summary_interval>(settings, text, 1s, 5min);
               }},
    SettingKey{"HistorySize", "4M", "a size from 64K to 1G",
               [](Settings* settings, std::string_view text) {
                 const auto value = parse_size(text);
                 if (!value || *value < 64 * 1024 || *value > 1ULL << 30) return false;
                 settings->history_size = *value;
                 return true;
               }},
};

}  // namespace

std::span<const SettingKey> setting_keys() {
  return kKeys;
}

Settings default_settings() {
  Settings settings;
  for (const SettingKey& key : kKeys) (void)key.set(&settings, key.default_text);
  return settings;
}

}  // namespace xic::daemon
