// `xl info`: "xen_version            : 4.14.1".
#pragma once

#include <optional>
#include <string_view>

namespace xic {

struct XlInfoField {
  std::string_view key;
  std::string_view value;  ///< Trimmed.
  bool bounded = false;    ///< Another field follows in the same text, so the value is whole.
};

/// Takes one field off the front of `*text`. A text that was joined from wrapped lines holds more
/// than one: a value ends where the next known field begins.
[[nodiscard]] std::optional<XlInfoField> take_xl_info_field(std::string_view* text);

/// Fields whose values are long enough to be wrapped by a mailer.
[[nodiscard]] bool may_wrap(std::string_view key);

}  // namespace xic
