#include "host/capture/observations.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include "host/capture/record_json.h"

namespace xic {
namespace {

using namespace record_json;

constexpr std::size_t kMaxLine = std::size_t{64} * 1024;
/// A host asks once per fault group and grant, far fewer.
constexpr std::size_t kMaxObservations = 65536;
constexpr std::size_t kMaxRanges = 1024;
constexpr std::uint32_t kMaxDomain = 0x7fef;
constexpr std::size_t kMaxSteps = 256;  ///< Of a probe; they fit into a line.
constexpr std::size_t kMaxSign = 1024;

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  (void)error;  // 16 digits hold any value.
  return "0x" + std::string(digits.data(), end);
}

/// Texts may hold any bytes: a guest's, or of a hypervisor's odd build.
std::string line_of(const json& object) {
  return object.dump(-1, ' ', true, json::error_handler_t::replace) + '\n';
}

// ---- words of an enumeration -------------------------------------------------------------------
template <class Value>
struct Word {
  Value value;
  std::string_view word;
};

constexpr std::array kGrantedWords = {
    Word<GrantedNow::Answer>{GrantedNow::Answer::granted_or_own, "granted"},
    Word<GrantedNow::Answer>{GrantedNow::Answer::not_granted, "not_granted"},
    Word<GrantedNow::Answer>{GrantedNow::Answer::free_or_xen, "free_or_xen"},
};
constexpr std::array kProbeWords = {
    Word<ProbeResult::Answer>{ProbeResult::Answer::present, "present"},
    Word<ProbeResult::Answer>{ProbeResult::Answer::absent, "absent"},
    Word<ProbeResult::Answer>{ProbeResult::Answer::mixed, "mixed"},
    Word<ProbeResult::Answer>{ProbeResult::Answer::not_possible, "not_possible"},
};

constexpr std::array kStepWords = {
    Word<ProbeStep::Kind>{ProbeStep::Kind::learnt, "learnt"},
    Word<ProbeStep::Kind>{ProbeStep::Kind::asked, "asked"},
    Word<ProbeStep::Kind>{ProbeStep::Kind::loaded, "loaded"},
};
constexpr std::array kOutcomeWords = {
    Word<ProbeStep::Outcome>{ProbeStep::Outcome::known, "known"},
    Word<ProbeStep::Outcome>{ProbeStep::Outcome::left_out, "left_out"},
    Word<ProbeStep::Outcome>{ProbeStep::Outcome::granted, "granted"},
    Word<ProbeStep::Outcome>{ProbeStep::Outcome::not_granted, "not_granted"},
    Word<ProbeStep::Outcome>{ProbeStep::Outcome::present, "present"},
    Word<ProbeStep::Outcome>{ProbeStep::Outcome::absent, "absent"},
    Word<ProbeStep::Outcome>{ProbeStep::Outcome::no_answer, "no_answer"},
};

template <class Value, std::size_t kCount>
std::string word_of(Value value, const std::array<Word<Value>, kCount>& words) {
  for (const auto& one : words) {
    if (one.value == value) return std::string(one.word);
  }
  return {};
}

template <class Value, std::size_t kCount>
std::optional<Value> value_of(const json& object, const char* key,
                              const std::array<Word<Value>, kCount>& words) {
  const auto word = text_of(object, key);
  for (const auto& one : words) {
    if (word == one.word) return one.value;
  }
  return std::nullopt;
}

// ---- parts of several kinds --------------------------------------------------------------------
std::string source_of(const json& object, std::string_view name) {
  return text_of(object, "source").value_or(std::string(name));
}

json ranges_json(const std::vector<AddressRange>& ranges) {
  json list = json::array();
  for (const AddressRange& range : ranges) {
    list.push_back({{"begin", hex(range.begin)}, {"end", hex(range.end)}});
  }
  return list;
}

/// Nothing where one of them is no range.
std::optional<std::vector<AddressRange>> ranges_of(const json& object) {
  const auto list = object.find("ranges");
  if (list == object.end() || !list->is_array() || list->size() > kMaxRanges) return std::nullopt;
  std::vector<AddressRange> ranges;
  for (const json& one : *list) {
    if (!one.is_object()) return std::nullopt;
    const auto begin = number_of(one, "begin");
    const auto end = number_of(one, "end");
    if (!begin || !end || *begin >= *end) return std::nullopt;
    ranges.push_back({*begin, *end, {}, {}});
  }
  return ranges;
}

/// A frame is an address without its last 12 bits.
std::optional<Frame> frame_in(const json& object) {
  const auto frame = number_of(object, "frame");
  if (!frame || *frame >> (64 - kPageShift) != 0) return std::nullopt;
  return Frame{*frame};
}

// ---- each kind: to and from JSON ---------------------------------------------------------------
template <class Value>
struct Kind;

/// Each written as its kind.
template <class Value>
json list_json(const std::vector<Value>& values) {
  json list = json::array();
  for (const Value& value : values) list.push_back(Kind<Value>::write(value));
  return list;
}

/// What can be read of a list; nothing where it is absent or longer than any probe's.
template <class Value>
std::vector<Value> list_of(const json& object, const char* key) {
  std::vector<Value> values;
  const auto list = object.find(key);
  if (list == object.end() || !list->is_array() || list->size() > kMaxSteps) return values;
  for (const json& one : *list) {
    if (!one.is_object()) continue;
    if (auto value = Kind<Value>::read(one)) values.push_back(*std::move(value));
  }
  return values;
}

std::vector<std::string> texts_of(const json& object, const char* key) {
  std::vector<std::string> texts;
  const auto list = object.find(key);
  if (list == object.end() || !list->is_array() || list->size() > kMaxSteps) return texts;
  for (const json& one : *list) {
    if (one.is_string()) texts.push_back(one.get_ref<const std::string&>().substr(0, kMaxSign));
  }
  return texts;
}

struct IdentityText {
  const char* key;
  std::optional<std::string> XenIdentity::*text;
};
constexpr std::array kIdentityTexts = {
    IdentityText{"compiler", &XenIdentity::compiler},
    IdentityText{"compile_by", &XenIdentity::compile_by},
    IdentityText{"compile_domain", &XenIdentity::compile_domain},
    IdentityText{"compile_date", &XenIdentity::compile_date},
    IdentityText{"capabilities", &XenIdentity::capabilities},
    IdentityText{"changeset", &XenIdentity::changeset},
    IdentityText{"command_line", &XenIdentity::command_line},
    IdentityText{"build_id", &XenIdentity::build_id},
};

template <>
struct Kind<XenIdentity> {
  static constexpr std::string_view kName = "identity";
  static json write(const XenIdentity& identity) {
    json out = {{"major", hex(identity.major)},
                {"minor", hex(identity.minor)},
                {"extra", identity.extra},
                {"source", identity.source}};
    for (const auto& [key, text] : kIdentityTexts) {
      if (identity.*text) out[key] = *(identity.*text);
    }
    if (identity.features) out["features"] = hex(*identity.features);
    return out;
  }
  static std::optional<XenIdentity> read(const json& object, std::string_view name) {
    const auto major = small_number_of(object, "major");
    const auto minor = small_number_of(object, "minor");
    if (!major || !minor) return std::nullopt;
    XenIdentity identity;
    identity.major = *major;
    identity.minor = *minor;
    identity.extra = text_of(object, "extra").value_or("");
    for (const auto& [key, text] : kIdentityTexts) identity.*text = text_of(object, key);
    identity.features = number_of(object, "features");
    identity.source = source_of(object, name);
    return identity;
  }
};

template <>
struct Kind<SysctlAnswer> {
  static constexpr std::string_view kName = "sysctl_abi";
  static json write(const SysctlAnswer& answer) {
    return {{"number", hex(answer.number)}, {"bridged", answer.bridged}, {"source", answer.source}};
  }
  static std::optional<SysctlAnswer> read(const json& object, std::string_view name) {
    const auto number = small_number_of(object, "number");
    if (!number) return std::nullopt;
    return SysctlAnswer{*number, flag_of(object, "bridged"), source_of(object, name)};
  }
};

template <>
struct Kind<FeatureAnswer> {
  static constexpr std::string_view kName = "features";
  static json write(const FeatureAnswer& answer) {
    return {{"words", hex(answer.words)}, {"source", answer.source}};
  }
  static std::optional<FeatureAnswer> read(const json& object, std::string_view name) {
    const auto words = number_of(object, "words");
    if (!words) return std::nullopt;
    return FeatureAnswer{*words, source_of(object, name)};
  }
};

template <>
struct Kind<PhysicalAnswer> {
  static constexpr std::string_view kName = "physical_info";
  static json write(const PhysicalAnswer& answer) {
    return {{"cpus", hex(answer.info.cpus)},
            {"capabilities", hex(answer.info.capabilities)},
            {"source", answer.source}};
  }
  static std::optional<PhysicalAnswer> read(const json& object, std::string_view name) {
    const auto capabilities = small_number_of(object, "capabilities");
    if (!capabilities) return std::nullopt;
    return PhysicalAnswer{{small_number_of(object, "cpus").value_or(0), *capabilities},
                          source_of(object, name)};
  }
};

template <>
struct Kind<KernelAnswer> {
  static constexpr std::string_view kName = "dom0_kernel";
  static json write(const KernelAnswer& answer) {
    return {{"release", answer.release}, {"source", answer.source}};
  }
  static std::optional<KernelAnswer> read(const json& object, std::string_view name) {
    auto release = text_of(object, "release");
    if (!release) return std::nullopt;
    return KernelAnswer{*std::move(release), source_of(object, name)};
  }
};

template <>
struct Kind<BootMemory> {
  static constexpr std::string_view kName = "boot_memory";
  static json write(const BootMemory& memory) { return {{"ranges", ranges_json(memory.nodes)}}; }
  static std::optional<BootMemory> read(const json& object, std::string_view) {
    auto ranges = ranges_of(object);
    if (!ranges) return std::nullopt;
    return BootMemory{*std::move(ranges)};
  }
};

template <>
struct Kind<XenRegions> {
  static constexpr std::string_view kName = "xen_regions";
  static json write(const XenRegions& found) { return {{"ranges", ranges_json(found.regions)}}; }
  static std::optional<XenRegions> read(const json& object, std::string_view) {
    auto ranges = ranges_of(object);
    if (!ranges) return std::nullopt;
    return XenRegions{*std::move(ranges)};
  }
};

template <>
struct Kind<ConsoleGap> {
  static constexpr std::string_view kName = "console_gap";
  static json write(const ConsoleGap& gap) {
    return {{"text", gap.text}, {"bytes", hex(gap.bytes)}};
  }
  static std::optional<ConsoleGap> read(const json& object, std::string_view) {
    auto text = text_of(object, "text");
    const auto bytes = number_of(object, "bytes");
    if (!text || !bytes) return std::nullopt;
    return ConsoleGap{*std::move(text), *bytes};
  }
};

template <>
struct Kind<GrantedNow> {
  static constexpr std::string_view kName = "granted_now";
  static json write(const GrantedNow& answer) {
    return {{"frame", hex(answer.frame.value())},
            {"answer", word_of(answer.answer, kGrantedWords)},
            {"at_fault", answer.at_fault},
            {"source", answer.source}};
  }
  static std::optional<GrantedNow> read(const json& object, std::string_view name) {
    const auto frame = frame_in(object);
    const auto answer = value_of(object, "answer", kGrantedWords);
    if (!frame || !answer) return std::nullopt;
    return GrantedNow{*frame, *answer, flag_of(object, "at_fault"), source_of(object, name)};
  }
};

template <>
struct Kind<InFlight> {
  static constexpr std::string_view kName = "in_flight";
  static json write(const InFlight& request) {
    return {{"iova", hex(request.iova.value())},
            {"domain", hex(request.domain.value())},
            {"ref", hex(request.ref.value())},
            {"backend", request.backend},
            {"at_fault", request.at_fault}};
  }
  static std::optional<InFlight> read(const json& object, std::string_view) {
    const auto iova = number_of(object, "iova");
    const auto domain = small_number_of(object, "domain");
    const auto ref = small_number_of(object, "ref");
    if (!iova || !domain || *domain > kMaxDomain || !ref) return std::nullopt;
    return InFlight{Iova{*iova}, DomId{static_cast<std::uint16_t>(*domain)}, GrantRef{*ref},
                    text_of(object, "backend").value_or(""), flag_of(object, "at_fault")};
  }
};

template <>
struct Kind<GrantRecords> {
  static constexpr std::string_view kName = "grant_records";
  static json write(const GrantRecords& records) {
    json out = {{"text", records.text},
                {"read_at_ns", hex(records.read_at_ns)},
                {"missed", hex(records.missed)},
                {"drift_ppm", hex(records.drift_ppm)}};
    if (records.dump) {
      out["dump"] = {{"first_line_ns", hex(records.dump->first_line_ns)},
                     {"last_line_ns", hex(records.dump->last_line_ns)},
                     {"begin_ns", hex(records.dump->printed.begin)},
                     {"end_ns", hex(records.dump->printed.end)}};
    }
    return out;
  }
  static std::optional<TimedDump> read_dump(const json& object) {
    const auto first = number_of(object, "first_line_ns");
    const auto last = number_of(object, "last_line_ns");
    const auto begin = number_of(object, "begin_ns");
    const auto end = number_of(object, "end_ns");
    if (!first || !last || !begin || !end || *first > *last || *begin > *end) return std::nullopt;
    return TimedDump{*first, *last, {*begin, *end}};
  }
  static std::optional<GrantRecords> read(const json& object, std::string_view) {
    GrantRecords records;
    const auto text = text_of(object, "text");
    const auto read_at = number_of(object, "read_at_ns");
    const auto missed = number_of(object, "missed");
    const auto drift = small_number_of(object, "drift_ppm");
    if (!text || !read_at || !missed || !drift) return std::nullopt;
    records.text = *text;
    records.read_at_ns = *read_at;
    records.missed = *missed;
    records.drift_ppm = *drift;
    if (const auto dump = object.find("dump"); dump != object.end()) {
      if (!dump->is_object()) return std::nullopt;
      records.dump = read_dump(*dump);
      if (!records.dump) return std::nullopt;
    }
    return records;
  }
};

template <>
struct Kind<ProbeStep> {
  static json write(const ProbeStep& step) {
    return {
        {"step", word_of(step.kind, kStepWords)}, {"outcome", word_of(step.outcome, kOutcomeWords)},
        {"frame", hex(step.frame.value())},       {"domain", hex(step.granter.value())},
        {"ref", hex(step.ref.value())},           {"detail", step.detail}};
  }
  static std::optional<ProbeStep> read(const json& object) {
    const auto kind = value_of(object, "step", kStepWords);
    const auto outcome = value_of(object, "outcome", kOutcomeWords);
    const auto frame = frame_in(object);
    const auto domain = small_number_of(object, "domain");
    const auto ref = small_number_of(object, "ref");
    if (!kind || !outcome || !frame || !domain || *domain > kMaxDomain || !ref) return std::nullopt;
    return ProbeStep{*kind,          *outcome,
                     *frame,         DomId{static_cast<std::uint16_t>(*domain)},
                     GrantRef{*ref}, text_of(object, "detail").value_or("")};
  }
};

/// Beside very many guests without the pages that were learnt and not needed.
std::vector<ProbeStep> steps_to_keep(const ProbeResult& result) {
  std::vector<ProbeStep> kept = result.steps;
  if (kept.size() <= kMaxSteps) return kept;
  std::set<Frame> looked_at;
  for (const ProbeStep& step : kept) {
    if (step.kind != ProbeStep::Kind::learnt) looked_at.insert(step.frame);
  }
  std::erase_if(kept, [&](const ProbeStep& step) { return !looked_at.contains(step.frame); });
  return kept;
}

template <>
struct Kind<ProbeRefusal> {
  static json write(const ProbeRefusal& refusal) {
    return {{"id", refusal.id}, {"why", refusal.why}, {"remedy", refusal.remedy}};
  }
  static std::optional<ProbeRefusal> read(const json& object) {
    auto id = text_of(object, "id");
    auto why = text_of(object, "why");
    if (!id || !why) return std::nullopt;
    return ProbeRefusal{*std::move(id), *std::move(why), text_of(object, "remedy").value_or("")};
  }
};

template <>
struct Kind<ProbeResult> {
  static constexpr std::string_view kName = "probe";
  static json write(const ProbeResult& result) {
    return {{"answer", word_of(result.answer, kProbeWords)},
            {"valid_host", result.valid_host},
            {"frames", hex(result.frames)},
            {"detail", result.detail},
            {"steps", list_json(steps_to_keep(result))},
            {"refusals", list_json(result.refusals)},
            {"weaker_signs", result.weaker_signs},
            {"source", result.source}};
  }
  static std::optional<ProbeResult> read(const json& object, std::string_view name) {
    const auto answer = value_of(object, "answer", kProbeWords);
    if (!answer) return std::nullopt;
    ProbeResult result{*answer, flag_of(object, "valid_host"),
                       small_number_of(object, "frames").value_or(0),
                       text_of(object, "detail").value_or(""), source_of(object, name)};
    result.steps = list_of<ProbeStep>(object, "steps");
    result.refusals = list_of<ProbeRefusal>(object, "refusals");
    result.weaker_signs = texts_of(object, "weaker_signs");
    return result;
  }
};

/// Reads `object` where it is of the kind named; false where it is of another.
template <class Value>
bool read_kind(const json& object, std::string_view kind, std::string_view name,
               std::optional<Observation>* found) {
  if (kind != Kind<Value>::kName) return false;
  if (auto value = Kind<Value>::read(object, name)) *found = *std::move(value);
  return true;
}

template <class... Values>
bool read_any(const json& object, std::string_view kind, std::string_view name,
              std::optional<Observation>* found, const std::variant<Values...>*) {
  return (read_kind<Values>(object, kind, name, found) || ...);
}

Limit unreadable(std::string_view name, std::string why) {
  return {"capture_record_damaged", "a part of the capture's own records could not be read",
          std::string(name) + ": " + std::move(why)};
}

}  // namespace

std::string write_observations(const std::vector<Observation>& observations) {
  std::string text;
  for (const Observation& observation : observations) {
    text += std::visit(
        [](const auto& value) {
          using Value = std::remove_cvref_t<decltype(value)>;
          json object = Kind<Value>::write(value);
          object["kind"] = Kind<Value>::kName;
          return line_of(object);
        },
        observation);
  }
  return text;
}

Observations read_observations(std::string_view text, std::string_view name) {
  Observations read;
  std::size_t damaged = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto object = line.size() <= kMaxLine ? parse_object(line) : std::nullopt;
    const auto kind = object ? text_of(*object, "kind") : std::nullopt;
    std::optional<Observation> found;
    const Observation* const kinds = nullptr;
    if (kind && !read_any(*object, *kind, name, &found, kinds)) continue;  // of a later version
    if (!found || read.found.size() >= kMaxObservations) {
      ++damaged;
      continue;
    }
    read.found.push_back(*std::move(found));
  }
  if (damaged != 0) read.limits.push_back(unreadable(name, std::to_string(damaged) + " lines"));
  return read;
}

}  // namespace xic
