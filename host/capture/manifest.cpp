#include "host/capture/manifest.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "host/capture/record_json.h"

namespace xic {
namespace {

using namespace record_json;

constexpr std::string_view kSchema = "xen-iommu-check-capture/1";
constexpr std::size_t kMaxManifest = std::size_t{1024} * 1024;
constexpr std::size_t kMaxAttempts = 64;
constexpr std::size_t kMaxFiles = 64;

/// Kinds that a recorder writes.
constexpr std::array kRecorded = {TextKind::console, TextKind::kernel_log, TextKind::xenstore,
                                  TextKind::iomem, TextKind::grant_trace};

std::optional<TextKind> recorded_kind(std::string_view label) {
  const auto* const found = std::find_if(kRecorded.begin(), kRecorded.end(),
                                         [&](TextKind kind) { return to_string(kind) == label; });
  if (found == kRecorded.end()) return std::nullopt;
  return *found;
}

std::string rfc3339(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (::gmtime_r(&time, &parts) == nullptr) return {};
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return std::string(text.data(), size);
}

/// An identifier, as in knowledge/limits.toml.
bool is_limit_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

}  // namespace

std::string write_manifest(const Manifest& manifest) {
  json out = {{"schema", kSchema},
              {"tool", {{"name", "xen-iommu-check"}, {"version", manifest.tool_version}}},
              {"recorded_at", rfc3339(manifest.recorded_at)},
              {"root", manifest.root},
              {"masked", manifest.masked},
              {"files", json::array()},
              {"tried", json::array()}};
  for (const auto& [name, kind] : manifest.files) {
    out["files"].push_back({{"name", name}, {"kind", to_string(kind)}});
  }
  for (const Attempt& attempt : manifest.tried) {
    json one = {{"what", attempt.what}, {"ok", attempt.ok}};
    if (!attempt.ok) {
      one["limit"] = attempt.limit;
      one["error"] = attempt.error;
    }
    out["tried"].push_back(std::move(one));
  }
  return out.dump(2, ' ', true, json::error_handler_t::replace) + '\n';
}

Manifest read_manifest(std::string_view text, std::string_view name, std::vector<Limit>* limits) {
  Manifest manifest;
  const auto found = text.size() <= kMaxManifest ? parse_object(text) : std::nullopt;
  if (!found) {
    limits->push_back({"capture_record_damaged",
                       "a part of the capture's own records could not be read",
                       std::string(name) + ": not the JSON object that it should be"});
    return manifest;
  }
  manifest.root = flag_of(*found, "root");
  manifest.masked = flag_of(*found, "masked");
  if (const auto tool = found->find("tool"); tool != found->end() && tool->is_object()) {
    manifest.tool_version = text_of(*tool, "version").value_or("");
  }
  if (const auto files = found->find("files"); files != found->end() && files->is_array()) {
    for (const json& file : *files) {
      if (!file.is_object() || manifest.files.size() >= kMaxFiles) continue;
      const auto file_name = text_of(file, "name");
      const auto kind = recorded_kind(text_of(file, "kind").value_or(""));
      if (file_name && kind) manifest.files.emplace(*file_name, *kind);
    }
  }
  const auto tried = found->find("tried");
  if (tried == found->end() || !tried->is_array()) return manifest;
  for (const json& attempt : *tried) {
    if (!attempt.is_object() || !attempt.contains("ok")) continue;
    if (manifest.tried.size() >= kMaxAttempts) break;
    std::string id = text_of(attempt, "limit").value_or("");
    if (!is_limit_id(id)) id.clear();
    manifest.tried.push_back({text_of(attempt, "what").value_or("unnamed"), std::move(id),
                              flag_of(attempt, "ok"),
                              text_of(attempt, "error").value_or("failed")});
  }
  return manifest;
}

}  // namespace xic
