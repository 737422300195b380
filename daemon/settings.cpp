#include "daemon/settings.h"

#include <array>
#include <utility>

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

/// One of `words`, each with the value it stands for.
template <auto member, class Value, std::size_t count>
bool set_word(Settings* settings, std::string_view text,
              const std::pair<std::string_view, Value> (&words)[count]) {
  for (const auto& [word, value] : words) {
    if (text != word) continue;
    settings->*member = value;
    return true;
  }
  return false;
}

constexpr std::pair<std::string_view, GrantDumpMode> kGrantDump[] = {
    {"never", GrantDumpMode::never}, {"small", GrantDumpMode::small}};
constexpr std::pair<std::string_view, RecorderMode> kRecorder[] = {
    {"off", RecorderMode::off},
    {"after-first-fault", RecorderMode::after_first_fault},
    {"always", RecorderMode::always}};
constexpr std::pair<std::string_view, ProbeMode> kProbe[] = {
    {"never", ProbeMode::never}, {"once-per-boot", ProbeMode::once_per_boot}};
constexpr std::pair<std::string_view, Wakeup> kWakeup[] = {{"poll", Wakeup::poll},
                                                           {"virq", Wakeup::virq}};
constexpr std::size_t kLongestPath = 4095;

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
                 if (!value || *value < std::size_t{64} << 10 || *value > 1ULL << 30) return false;
                 settings->history_size = *value;
                 return true;
               }},
    SettingKey{"GrantDump", "never", "never or small",
               [](Settings* settings, std::string_view text) {
                 return set_word<&Settings::grant_dump>(settings, text, kGrantDump);
               }},
    SettingKey{"GrantDumpInterval", "10min", "a time from 10s to 24h",
               [](Settings* settings, std::string_view text) {
                 return set_time<&Settings::grant_dump_interval>(settings, text, 10s, 24h);
               }},
    SettingKey{"Recorder", "off", "off, after-first-fault or always",
               [](Settings* settings, std::string_view text) {
                 return set_word<&Settings::recorder>(settings, text, kRecorder);
               }},
    SettingKey{"Probe", "never", "never or once-per-boot",
               [](Settings* settings, std::string_view text) {
                 return set_word<&Settings::probe>(settings, text, kProbe);
               }},
    SettingKey{"ConsoleSource", "auto", "auto, ring or an absolute path",
               [](Settings* settings, std::string_view text) {
                 const bool path = text.starts_with('/') && text.size() <= kLongestPath;
                 if (!path && text != "auto" && text != "ring") return false;
                 settings->console_source = text;
                 return true;
               }},
    SettingKey{"Wakeup", "poll", "poll or virq",
               [](Settings* settings, std::string_view text) {
                 return set_word<&Settings::wakeup>(settings, text, kWakeup);
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
