#include "host/capture/observations.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

namespace xic {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxLine = std::size_t{64} * 1024;
constexpr std::size_t kMaxManifest = std::size_t{1024} * 1024;
constexpr std::size_t kMaxDepth = 16;
/// Of one kind; a host asks once per fault group and grant, far fewer.
constexpr std::size_t kMaxAnswers = 65536;
constexpr std::size_t kMaxText = 1024;
constexpr std::size_t kMaxFailures = 64;

/// Brackets outside of strings never nest deeper than kMaxDepth.
bool shallow(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return false;
    } else if ((c == '}' || c == ']') && depth != 0) {
      --depth;
    }
  }
  return true;
}

/// An object, or nothing where `text` is none or hostile.
std::optional<json> parse_object(std::string_view text) {
  if (!shallow(text)) return std::nullopt;
  json parsed = json::parse(text.begin(), text.end(), nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  return parsed;
}

std::optional<std::string> text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get_ref<const std::string&>().substr(0, kMaxText);
}

bool flag_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

/// "0x13", or a plain JSON number.
std::optional<std::uint64_t> number_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return std::nullopt;
  if (found->is_number_unsigned()) return found->get<std::uint64_t>();
  if (!found->is_string()) return std::nullopt;
  std::string_view text = found->get_ref<const std::string&>();
  if (!text.starts_with("0x")) return std::nullopt;
  text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> small_number_of(const json& object, const char* key) {
  const auto value = number_of(object, key);
  if (!value || *value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

class Reader {
 public:
  Reader(std::string_view name, Observer* observer) : name_(name), observer_(observer) {}

  /// False where the line cannot be used.
  bool line(std::string_view text) {
    if (text.size() > kMaxLine) return false;
    const auto object = parse_object(text);
    if (!object) return false;
    const auto kind = text_of(*object, "kind");
    if (!kind) return false;
    if (*kind == "sysctl_abi") return sysctl_abi(*object);
    if (*kind == "features") return features(*object);
    if (*kind == "granted_now") return granted_now(*object);
    if (*kind == "probe") return probe(*object);
    return true;
  }

 private:
  std::string source_of(const json& object) const {
    return text_of(object, "source").value_or(name_);
  }

  bool sysctl_abi(const json& object) {
    const auto number = small_number_of(object, "number");
    if (number) observer_->set_sysctl_abi(*number, source_of(object));
    return number.has_value();
  }

  bool features(const json& object) {
    const auto words = number_of(object, "words");
    if (words) observer_->set_features(*words, source_of(object));
    return words.has_value();
  }

  bool granted_now(const json& object) {
    const auto frame = number_of(object, "frame");
    const auto answer = text_of(object, "answer");
    // A frame is an address without its last 12 bits.
    if (!frame || *frame >> (64 - kPageShift) != 0 || !answer) return false;
    GrantedNow found;
    found.frame = Frame{*frame};
    if (*answer == "granted") {
      found.answer = GrantedNow::Answer::granted_or_own;
    } else if (*answer == "not_granted") {
      found.answer = GrantedNow::Answer::not_granted;
    } else if (*answer == "free_or_xen") {
      found.answer = GrantedNow::Answer::free_or_xen;
    } else {
      return false;
    }
    if (++answers_ > kMaxAnswers) return false;
    found.at_fault = flag_of(object, "at_fault");
    found.source = source_of(object);
    observer_->add_granted_now(std::move(found));
    return true;
  }

  bool probe(const json& object) {
    const auto answer = text_of(object, "answer");
    if (!answer) return false;
    ProbeResult found;
    if (*answer == "present") {
      found.answer = ProbeResult::Answer::present;
    } else if (*answer == "absent") {
      found.answer = ProbeResult::Answer::absent;
    } else if (*answer == "mixed") {
      found.answer = ProbeResult::Answer::mixed;
    } else if (*answer == "not_possible") {
      found.answer = ProbeResult::Answer::not_possible;
    } else {
      return false;
    }
    found.valid_host = flag_of(object, "valid_host");
    found.frames = small_number_of(object, "frames").value_or(0);
    found.detail = text_of(object, "detail").value_or("");
    found.source = source_of(object);
    observer_->set_probe(std::move(found));
    return true;
  }

  std::string name_;
  Observer* observer_;
  std::size_t answers_ = 0;
};

Limit unreadable(std::string_view name, std::string why) {
  return {"capture_record_damaged", "a part of the capture's own records could not be read",
          std::string(name) + ": " + std::move(why)};
}

}  // namespace

void read_manifest(std::string_view text, std::string_view name, Observer* observer) {
  const auto manifest = text.size() <= kMaxManifest ? parse_object(text) : std::nullopt;
  if (!manifest) {
    observer->add_limit(unreadable(name, "not the JSON object that it should be"));
    return;
  }
  observer->set_mode(InputMode::capture, flag_of(*manifest, "root"));
  const auto tried = manifest->find("tried");
  if (tried == manifest->end() || !tried->is_array()) return;
  std::size_t failures = 0;
  for (const json& attempt : *tried) {
    if (!attempt.is_object() || !attempt.contains("ok") || flag_of(attempt, "ok")) continue;
    if (++failures > kMaxFailures) return;
    observer->add_limit({"capture_source_failed", "could not be recorded on the host",
                         text_of(attempt, "what").value_or("unnamed") + ": " +
                             text_of(attempt, "error").value_or("failed")});
  }
}

void read_observations(std::string_view text, std::string_view name, Observer* observer) {
  Reader reader(name, observer);
  std::size_t damaged = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (!reader.line(line)) ++damaged;
  }
  if (damaged != 0) {
    observer->add_limit(unreadable(name, std::to_string(damaged) + " lines"));
  }
}

}  // namespace xic
