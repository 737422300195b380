#include "core/grant/trace_parser.h"

#include <array>
#include <optional>

#include "core/grant/trace_definition.h"
#include "core/scan.h"

namespace xic {
namespace {

constexpr std::size_t kMapWords = 4;
constexpr std::uint64_t kInvalid = ~std::uint64_t{0};   // linux: INVALID_P2M_ENTRY
constexpr std::uint32_t kMaxBatch = 65536;              // far above any kernel's
constexpr std::uint16_t kFirstReservedDomain = 0x7ff0;  // public/xen.h: DOMID_FIRST_RESERVED
constexpr std::uint32_t kReadOnly = 1U << 2;            // public/grant_table.h: GNTMAP_readonly
constexpr unsigned kFrameBits = 40;                     // 52 address bits

/// "   123.456789" -> nanoseconds.
std::optional<std::uint64_t> take_stamp(std::string_view* text) {
  constexpr std::uint64_t kNsPerS = 1'000'000'000;
  const auto seconds = scan::take_number<std::uint64_t>(text);
  if (!seconds || *seconds > UINT64_MAX / kNsPerS - 1 || !scan::take(text, ".")) {
    return std::nullopt;
  }
  const std::size_t before = text->size();
  const auto micros = scan::take_number<std::uint32_t>(text);
  if (!micros || before - text->size() != 6) return std::nullopt;
  return *seconds * kNsPerS + std::uint64_t{*micros} * 1000;
}

/// Everything in front of "name: (symbol+0x0/0x..)": "   task-123   [000] d..1.   10.123456: ".
bool read_head(std::string_view head, GrantTraceEvent* event) {
  // From the right: a task's name can hold anything.
  head = scan::trim(head);
  if (!head.ends_with(':')) return false;
  head.remove_suffix(1);
  const std::size_t stamp_at = head.find_last_of(' ');
  if (stamp_at == std::string_view::npos) return false;
  std::string_view stamp = head.substr(stamp_at + 1);
  const auto time = take_stamp(&stamp);
  if (!time || !stamp.empty()) return false;
  head = scan::trim(head.substr(0, stamp_at));
  const std::string_view flags = head.substr(head.rfind(' ') + 1);
  const std::size_t cpu_at = head.rfind('[');
  if (cpu_at == std::string_view::npos) return false;
  std::string_view cpu_text = head.substr(cpu_at + 1);
  const auto cpu = scan::take_number<std::uint32_t>(&cpu_text);
  if (!cpu || !cpu_text.starts_with(']')) return false;
  head = scan::trim(head.substr(0, cpu_at));
  // With the option record-tgid a "(  123)" stands between.
  if (head.ends_with(')')) head = scan::trim(head.substr(0, head.rfind('(')));
  const std::size_t dash = head.rfind('-');
  if (dash == std::string_view::npos) return false;
  std::string_view pid_text = head.substr(dash + 1);
  const auto pid = scan::take_number<std::uint32_t>(&pid_text);
  if (!pid || !pid_text.empty()) return false;
  // "d.s..": its third character tells the context (ftrace.rst: h hard, s soft interrupt).
  event->in_softirq = flags.find_first_of("shHzZ") != std::string_view::npos;
  event->time_ns = *time;
  event->cpu = *cpu;
  event->pid = *pid;
  event->task = scan::trim(head.substr(0, dash));
  return true;
}

/// " n=3", and the number behind it.
std::optional<std::uint32_t> take_count(std::string_view* text) {
  *text = scan::trim_front(*text);
  if (!scan::take(text, "n=")) return std::nullopt;
  const auto count = scan::take_number<std::uint32_t>(text);
  return count && *count <= kMaxBatch ? count : std::nullopt;
}

/// " o={0x1,0x2,0x3,0x4}"
std::optional<std::array<std::uint64_t, kMapWords>> take_words(std::string_view* text) {
  std::array<std::uint64_t, kMapWords> words{};
  if (!scan::take(text, " o={")) return std::nullopt;
  for (std::size_t i = 0; i < kMapWords; ++i) {
    const auto word = scan::take_hex(text);
    if (!word || !scan::take(text, i + 1 < kMapWords ? "," : "}")) return std::nullopt;
    words[i] = *word;
  }
  return words;
}

std::optional<std::uint64_t> take_field(std::string_view* text, std::string_view name) {
  *text = scan::trim_front(*text);
  if (!scan::take(text, name)) return std::nullopt;
  return scan::take_hex(text);
}

class Reader {
 public:
  explicit Reader(GrantTraceSink* sink) : sink_(sink) {}

  void line(std::string_view text) {
    if (text.starts_with('#')) {
      header(text);
      return;
    }
    if (started(text)) return;
    for (const TraceEventKind& definition : kTraceKinds) {
      const std::optional<std::size_t> at = place_of(text, definition);
      if (!at) continue;
      std::string_view rest = text.substr(*at);
      rest.remove_prefix(rest.find(')') == std::string_view::npos ? rest.size()
                                                                  : rest.find(')') + 1);
      const bool understood = record(definition, text.substr(0, *at), rest);
      ++(understood ? quality_.records : quality_.damaged);
      return;
    }
  }
  [[nodiscard]] GrantTraceQuality quality() const { return quality_; }

 private:
  /// Where "map1: (set_foreign_p2m_mapping+" begins, the last one in the line.
  static std::optional<std::size_t> place_of(std::string_view text,
                                             const TraceEventKind& definition) {
    std::size_t end = text.size();
    while (true) {
      const std::size_t at = text.substr(0, end).rfind(definition.name);
      if (at == std::string_view::npos) return std::nullopt;
      std::string_view rest = text.substr(at + definition.name.size());
      if (scan::take(&rest, ": (") && scan::take(&rest, definition.symbol) &&
          rest.starts_with('+') && at != 0 && text[at - 1] == ' ') {
        return at;
      }
      end = at;
    }
  }

  /// "   task-123   [000] .....   10.1: tracing_mark_write: xen_iommu recorder started"
  bool started(std::string_view text) {
    constexpr std::string_view kWriter = "tracing_mark_write: ";
    if (!text.ends_with(kTraceStartMark)) return false;
    text.remove_suffix(kTraceStartMark.size());
    if (!text.ends_with(kWriter)) return false;
    text.remove_suffix(kWriter.size());
    GrantTraceEvent event;
    event.kind = GrantTraceEvent::Kind::started;
    if (!read_head(text, &event)) return false;
    ++quality_.records;
    sink_->on_grant_trace(event);
    return true;
  }

  /// "# entries-in-buffer/entries-written: 140080/250280   #P:4"
  void header(std::string_view text) {
    const std::string_view key = "entries-in-buffer/entries-written: ";
    const std::size_t at = text.find(key);
    if (at == std::string_view::npos) return;
    text.remove_prefix(at + key.size());
    const auto held = scan::take_number<std::uint64_t>(&text);
    if (!held || !scan::take(&text, "/")) return;
    const auto written = scan::take_number<std::uint64_t>(&text);
    if (written && *written > *held) quality_.overwritten = *written - *held;
  }

  bool record(const TraceEventKind& definition, std::string_view head, std::string_view text) {
    GrantTraceEvent event;
    if (!read_head(head, &event)) return false;
    const bool understood = definition.name == kTraceMap.name         ? map(text, &event)
                            : definition.name == kTraceOperation.name ? operation(text, &event)
                            : definition.name == kTraceUnmap.name     ? unmap(text, &event)
                            : definition.name == kTraceGone.name      ? gone(text, &event)
                                                                      : page(text, &event);
    if (understood) sink_->on_grant_trace(event);
    return understood;
  }

  static bool map(std::string_view text, GrantTraceEvent* event) {
    const auto count = take_count(&text);
    const auto words = count ? take_words(&text) : std::nullopt;
    if (!words || !scan::trim(text).empty()) return false;
    const auto domain = static_cast<std::uint16_t>((*words)[2]);
    event->kind = GrantTraceEvent::Kind::maps;
    event->count = *count;
    event->failed = static_cast<std::uint16_t>((*words)[2] >> 16) != 0;  // status
    event->pfn = (*words)[0] >> kPageShift;
    event->ref = GrantRef{static_cast<std::uint32_t>((*words)[1] >> 32)};
    event->read_only = ((*words)[1] & kReadOnly) != 0;
    event->frame = Frame{(*words)[3] >> kPageShift};
    event->domain = DomId{domain};
    // No such structure: nothing of this kernel is to be believed.
    return domain < kFirstReservedDomain &&
           (event->failed || event->frame.value() >> kFrameBits == 0);
  }

  static bool operation(std::string_view text, GrantTraceEvent* event) {
    std::array<std::uint64_t, 4> values{};
    constexpr std::array<std::string_view, 4> kNames{"pfn=", "mfn=", "flags=", "ref="};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      const auto value = take_field(&text, kNames[i]);
      if (!value) return false;
      values[i] = *value;
    }
    text = scan::trim_front(text);
    if (!scan::take(&text, "dom=")) return false;
    const auto domain = scan::take_number<std::uint16_t>(&text);
    if (!domain || !text.empty() || values[3] > UINT32_MAX) return false;
    event->kind = GrantTraceEvent::Kind::set;
    event->whole = true;
    event->pfn = values[0];
    event->frame = Frame{values[1]};
    event->read_only = (values[2] & kReadOnly) != 0;
    event->ref = GrantRef{static_cast<std::uint32_t>(values[3])};
    event->domain = DomId{*domain};
    return *domain < kFirstReservedDomain && values[1] >> kFrameBits == 0;
  }

  static bool unmap(std::string_view text, GrantTraceEvent* event) {
    const auto count = take_count(&text);
    event->kind = GrantTraceEvent::Kind::unmaps;
    event->count = count.value_or(0);
    return count && scan::trim(text).empty();
  }

  static bool page(std::string_view text, GrantTraceEvent* event) {
    const auto pfn = take_field(&text, "pfn=");
    if (!pfn) return false;
    const auto mfn = take_field(&text, "mfn=");
    if (!mfn) return false;
    text = scan::trim_front(text);
    if (!scan::take(&text, "nr=")) return false;
    const auto pages = scan::take_number<std::uint64_t>(&text);
    if (pages != std::uint64_t{1} || !text.empty()) return false;
    const bool gone = *mfn == kInvalid;
    event->pfn = *pfn;
    event->frame = Frame{*mfn};
    event->kind = gone ? GrantTraceEvent::Kind::cleared : GrantTraceEvent::Kind::set;
    return gone || *mfn >> kFrameBits == 0;
  }

  static bool gone(std::string_view text, GrantTraceEvent* event) {
    return page(text, event) && event->kind == GrantTraceEvent::Kind::cleared;
  }

  GrantTraceSink* sink_;
  GrantTraceQuality quality_;
};

}  // namespace

GrantTraceQuality read_grant_trace(std::string_view text, GrantTraceSink* sink) {
  Reader reader(sink);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    reader.line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return reader.quality();
}

}  // namespace xic
