// Times and sizes as people write them in a configuration file.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace xic::daemon {

/// "500ms", "1s", "10min", "1h"; a number alone is seconds, as in systemd's files.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_time_span(std::string_view text);
/// "65536", "64K", "4M", "1G": bytes, in powers of 1024.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace xic::daemon
