// Values out of a JSON document that may be of any make: what is missing or of another type is
// absent, never an exception.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/diagnosis/diagnosis.h"
#include "report/json_parts.h"
#include "report/names.h"

namespace xic::stored {

/// null where there is none.
[[nodiscard]] const render::Json& member(const render::Json& object, const char* name);
/// Empty where it is no array.
[[nodiscard]] const render::Json::array_t& elements(const render::Json& object, const char* name);
/// Empty where it is no object.
[[nodiscard]] std::vector<std::pair<std::string, render::Json>> members(const render::Json& object);

/// "" where absent or null.
[[nodiscard]] std::string text(const render::Json& object, const char* name);
[[nodiscard]] std::vector<std::string> texts(const render::Json& object, const char* name);
[[nodiscard]] std::optional<std::uint64_t> number(const render::Json& object, const char* name);
[[nodiscard]] std::optional<bool> flag(const render::Json& object, const char* name);
/// "0x8424cb148"
[[nodiscard]] std::optional<std::uint64_t> hex_of(const render::Json& value);
[[nodiscard]] std::optional<std::uint64_t> hex(const render::Json& object, const char* name);
/// The inverse of render::rfc3339(); 0 where absent.
[[nodiscard]] std::int64_t moment(const render::Json& object, const char* name);
/// The inverse of render::time_json().
[[nodiscard]] Timestamp time_of(const render::Json& json);

/// How an enumerator is called in JSON.
template <class Enum>
[[nodiscard]] std::string_view name_of(Enum value) {
  return render::token(value);
}
[[nodiscard]] inline std::string_view name_of(VerdictState value) {
  return to_string(value);
}
[[nodiscard]] inline std::string_view name_of(Confidence value) {
  return to_string(value);
}

/// The enumerator that is called `name`, looked for up to `last`; the first one where none is.
template <class Enum>
[[nodiscard]] Enum enumerator(const std::string& name, Enum last) {
  for (unsigned i = 0; i <= static_cast<unsigned>(last); ++i) {
    if (name_of(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
  }
  return Enum{};
}

}  // namespace xic::stored
