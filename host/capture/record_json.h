// Reading fields of JSON that anybody may have written.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace xic::record_json {

using nlohmann::json;

/// An object, or nothing where `text` is none or nests too deeply.
[[nodiscard]] std::optional<json> parse_object(std::string_view text);
/// At most 4096 bytes of it.
[[nodiscard]] std::optional<std::string> text_of(const json& object, const char* key);
/// False where it is absent.
[[nodiscard]] bool flag_of(const json& object, const char* key);
/// "0x13", or a plain JSON number.
[[nodiscard]] std::optional<std::uint64_t> number_of(const json& object, const char* key);
[[nodiscard]] std::optional<std::uint32_t> small_number_of(const json& object, const char* key);

}  // namespace xic::record_json
