// What an administrator can set, and the one table that says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/types.h"
#include "host/recorder/recorder_session.h"

namespace xic::daemon {

enum class GrantDumpMode : std::uint8_t { never, small };
enum class ProbeMode : std::uint8_t { never, once_per_boot };
enum class Wakeup : std::uint8_t { poll, virq };

struct Settings {
  std::chrono::milliseconds poll_interval{};
  std::chrono::milliseconds summary_interval{};
  std::uint64_t history_size = 0;  ///< Bytes, both segments together.
  GrantDumpMode grant_dump = GrantDumpMode::never;
  std::chrono::milliseconds grant_dump_interval{};
  RecorderMode recorder = RecorderMode::off;
  ProbeMode probe = ProbeMode::never;
  std::string console_source;  ///< "auto", "ring", or the path of xenconsoled's hypervisor.log.
  Wakeup wakeup = Wakeup::poll;
};

/// The section of the configuration file that all keys are in.
inline constexpr std::string_view kSettingsSection = "Watch";

/// One key: its name, the text of its default, what may stand there, and where it goes.
struct SettingKey {
  std::string_view name;
  std::string_view default_text;
  std::string_view form;  ///< For the message about a bad value: "a time from 100ms to 1min".
  bool (*set)(Settings*, std::string_view);
};

[[nodiscard]] std::span<const SettingKey> setting_keys();
[[nodiscard]] Settings default_settings();

/// Settings as files gave them, and what was wrong with those.
struct LoadedSettings {
  Settings settings;
  std::vector<std::string> warnings;  ///< "FILE:LINE: ...", one each.
  bool usable = true;  ///< False where a file could not be read or a value made no sense. An
                       ///< unknown key is a warning only: it may be of a newer version.
};

/// Reads one file's text on top of `loaded`. `name` is for messages.
void parse_settings(const std::string& name, std::string_view text, LoadedSettings* loaded);

/// `folder`/xen-iommud.conf, then `folder`/conf.d/*.conf in the order of their names; later ones
/// win. Nothing there is no error: the defaults hold.
[[nodiscard]] LoadedSettings load_settings(const std::string& folder);

}  // namespace xic::daemon
