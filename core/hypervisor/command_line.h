// Options on Xen's command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xic {

/// The last value given for `name`: the text after "name=", "" where the name stands alone. Nothing
/// where it is absent. Words after "--" are not Xen's (they are dom0's).
[[nodiscard]] std::optional<std::string_view> option(std::string_view command_line,
                                                     std::string_view name);

/// As Xen reads a boolean option: "name", "name=yes", "no-name", "name=0" (common/kernel.c,
/// parse_boolean). Nothing where the option is absent or its value is none of these.
[[nodiscard]] std::optional<bool> boolean_option(std::string_view command_line,
                                                 std::string_view name);

/// What loglvl= sets, in the words of the boot line "Std. Loglevel: ".
[[nodiscard]] std::optional<std::string> log_level_in_words(std::string_view loglvl);

/// Size of the console ring that conring_size= asks for, in KiB: without a unit the number is KiB
/// (size_param), Xen rounds up to a power of two and never goes below 16.
[[nodiscard]] std::optional<std::uint32_t> ring_kib_of(std::string_view conring_size);

}  // namespace xic
