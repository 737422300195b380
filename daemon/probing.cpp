#include "daemon/probing.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/backend/guests.h"
#include "host/capture/observations.h"

namespace xic::daemon {
namespace {

using Json = nlohmann::json;

constexpr const char* kBegun = "begun";
constexpr const char* kAnswered = "answered";
constexpr const char* kNone = "none";

/// What the unit's sandbox refuses unless it was opened.
constexpr std::array<std::string_view, 3> kNeedTheDropIns = {"no_iomem", "no_recorder", "no_load"};

Error not_possible(const ProbeResult& result) {
  Error error;
  error.code = Error::Code::denied;
  error.message = "the probe is not possible: " + result.detail;
  if (!result.refusals.empty()) error.hint = result.refusals.back().remedy;
  const bool sandbox =
      std::any_of(result.refusals.begin(), result.refusals.end(), [](const ProbeRefusal& refusal) {
        return std::find(kNeedTheDropIns.begin(), kNeedTheDropIns.end(), refusal.id) !=
               kNeedTheDropIns.end();
      });
  if (sandbox) {
    error.message +=
        "; the unit's sandbox refuses it without the drop-ins recorder.conf and "
        "probe.conf, see xen-iommud.conf(5)";
  }
  return error;
}

Error was_interrupted(const std::string& file) {
  Error error;
  error.message = "the probe was begun in this boot and its end was not seen; it is not made again";
  error.hint = "xen-iommu-check --probe makes it by hand; without the file " + file +
               " in the state directory the daemon makes it at its next start";
  return error;
}

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

void Probing::set_mode(ProbeMode mode) {
  if (mode != mode_) not_before_ = 0;
  mode_ = mode;
}

std::optional<ProbeResult> Probing::recall(const std::string& boot) {
  boot_ = boot;
  const auto text = memory_.read();
  if (!text || !*text) return std::nullopt;
  const Json json = Json::parse(**text, nullptr, false);
  if (!json.is_object() || text_of(json, "boot") != boot) return std::nullopt;
  const std::string state = text_of(json, "state");
  if (state == kBegun) {
    settled_ = true;
    problem_ = was_interrupted(memory_.name());
  }
  if (state != kAnswered) return std::nullopt;
  const Observations kept = read_observations(text_of(json, "answer"), memory_.name());
  for (const Observation& one : kept.found) {
    const auto* result = std::get_if<ProbeResult>(&one);
    if (result == nullptr) continue;
    settled_ = true;
    return *result;
  }
  return std::nullopt;
}

bool Probing::due(const Facts& facts) const {
  return mode_ == ProbeMode::once_per_boot && run_ && !settled_ &&
         clock_->uptime() >= not_before_ && !guests(facts.backends).empty();
}

std::optional<ProbeResult> Probing::make(const Facts& facts) {
  not_before_ = clock_->uptime() + kAgainNs;
  problem_.reset();
  if (auto kept = remember(kBegun, nullptr); !kept) {
    problem_ = kept.error();
    return std::nullopt;
  }
  ProbeResult result = run_(facts);
  settled_ = result.answer != ProbeResult::Answer::not_possible;
  if (!settled_) problem_ = not_possible(result);
  if (auto kept = remember(settled_ ? kAnswered : kNone, &result); !kept) problem_ = kept.error();
  return result;
}

Expected<void> Probing::problem() const {
  if (mode_ == ProbeMode::never || !problem_) return {};
  return tl::unexpected(*problem_);
}

Expected<void> Probing::remember(const char* state, const ProbeResult* result) {
  Json json = {{"boot", boot_}, {"state", state}};
  if (result != nullptr) json["answer"] = write_observations({*result});
  return memory_.write(json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n');
}

}  // namespace xic::daemon
