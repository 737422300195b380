#include "daemon/settings.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>

#include "daemon/spans.h"

namespace xic::daemon {
namespace {

using namespace std::chrono_literals;

LoadedSettings parsed(std::string_view text) {
  LoadedSettings loaded;
  loaded.settings = default_settings();
  parse_settings("x.conf", text, &loaded);
  return loaded;
}

TEST(Settings, DefaultsAreThoseOfTheTable) {
  const Settings settings = default_settings();
  EXPECT_EQ(settings.poll_interval, 1s);
  EXPECT_EQ(settings.history_size, 4U << 20);
}

TEST(Settings, EveryDefaultIsAllowed) {
  for (const SettingKey& key : setting_keys()) {
    Settings settings;
    EXPECT_TRUE(key.set(&settings, key.default_text)) << key.name;
  }
}

TEST(Settings, ReadsKeysOfItsSection) {
  const LoadedSettings loaded =
      parsed("# comment\n[Watch]\nPollInterval = 250ms\nSummaryInterval=1min\n");
  EXPECT_TRUE(loaded.usable);
  EXPECT_TRUE(loaded.warnings.empty());
  EXPECT_EQ(loaded.settings.poll_interval, 250ms);
  EXPECT_EQ(loaded.settings.summary_interval, 1min);
}

TEST(Settings, AnUnknownKeyIsAWarningWithItsPlace) {
  const LoadedSettings loaded = parsed("[Watch]\n\nPolInterval=1s\nHistorySize=1M\n");
  EXPECT_TRUE(loaded.usable);
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_EQ(loaded.warnings[0], "x.conf:3: unknown key PolInterval in section [Watch], ignored");
  EXPECT_EQ(loaded.settings.history_size, 1U << 20);
}

TEST(Settings, ABadValueSaysWhatIsAllowed) {
  const LoadedSettings loaded = parsed("[Watch]\nPollInterval=1ms\n");
  EXPECT_FALSE(loaded.usable);
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_EQ(loaded.warnings[0],
            "x.conf:2: PollInterval must be a time from 100ms to 1min, not \"1ms\"");
  EXPECT_EQ(loaded.settings.poll_interval, 1s);
}

TEST(Settings, BrokenFilesAreNotUsable) {
  for (const std::string& text :
       {std::string("[Watch\nPollInterval=1s\n"), std::string("rubbish\n"),
        std::string("[Watch]\nPollInterval=") + std::string(5000, '1') + '\n',
        std::string("[Watch]\nPollInterval=\xff\xfe\n"), std::string("\0\0\0", 3)}) {
    EXPECT_FALSE(parsed(text).usable) << text.substr(0, 30);
  }
}

TEST(Settings, WarningsArePrintable) {
  const LoadedSettings loaded = parsed("[Watch]\nPollInterval=\x1b[31m\n");
  ASSERT_EQ(loaded.warnings.size(), 1U);
  EXPECT_EQ(loaded.warnings[0].find('\x1b'), std::string::npos);
}

TEST(Settings, TheShippedFileNamesEachKeyWithItsDefault) {
  std::ifstream file("systemd/xen-iommud.conf");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  std::map<std::string, std::string> shipped;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t lf = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, lf - at);
    const std::size_t equals = line.find('=');
    if (line.size() > 1 && line[0] == '#' && line[1] != ' ' && equals != std::string::npos) {
      shipped[line.substr(1, equals - 1)] = line.substr(equals + 1);
    }
    at = lf + 1;
  }
  std::map<std::string, std::string> wanted;
  for (const SettingKey& key : setting_keys()) wanted[std::string(key.name)] = key.default_text;
  EXPECT_EQ(shipped, wanted);
  const LoadedSettings loaded = parsed(text);
  EXPECT_TRUE(loaded.usable);
  EXPECT_TRUE(loaded.warnings.empty());
}

TEST(Settings, TimesAndSizes) {
  EXPECT_EQ(parse_time_span("250ms"), 250ms);
  EXPECT_EQ(parse_time_span("10min"), 10min);
  EXPECT_EQ(parse_time_span("2"), 2s);
  EXPECT_EQ(parse_time_span("18446744073709551615h"), std::nullopt);
  EXPECT_EQ(parse_time_span("-1s"), std::nullopt);
  EXPECT_EQ(parse_time_span("1 s"), std::nullopt);
  EXPECT_EQ(parse_size("64K"), 65536U);
  EXPECT_EQ(parse_size("99999999999G"), std::nullopt);
}

}  // namespace
}  // namespace xic::daemon
