#include "host/capture/recognise.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "core/grant/trace_definition.h"

namespace xic {
namespace {

constexpr std::string_view kXenPrefix = "(XEN)";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

template <class Predicate>
std::size_t run_length(std::string_view text, Predicate predicate) {
  std::size_t n = 0;
  while (n < text.size() && predicate(text[n])) ++n;
  return n;
}

/// "12:34" anywhere: what loggers put in front of a line.
bool has_clock_time(std::string_view text) {
  for (std::size_t i = 2; i + 2 < text.size(); ++i) {
    if (text[i] == ':' && is_digit(text[i - 1]) && is_digit(text[i - 2]) && is_digit(text[i + 1]) &&
        is_digit(text[i + 2])) {
      return true;
    }
  }
  return false;
}

/// "(XEN)" begins the line, or stands behind the stamp of whatever recorded the console.
bool is_console_line(std::string_view line) {
  const std::size_t at = line.substr(0, 256).find(kXenPrefix);
  return at == 0 || (at != std::string_view::npos && has_clock_time(line.substr(0, at)));
}

/// "[   68.290307] ", also behind "<6>" or a syslog header "... kernel: ".
bool is_kernel_line(std::string_view line) {
  line = line.substr(0, 256);
  if (line.starts_with('<')) {
    const std::size_t digits = run_length(line.substr(1), is_digit);
    if (digits != 0 && line.substr(1 + digits).starts_with('>')) line.remove_prefix(digits + 2);
  }
  if (const std::size_t tag = line.find(" kernel: ");
      tag != std::string_view::npos && has_clock_time(line.substr(0, tag))) {
    return true;
  }
  if (!line.starts_with('[')) return false;
  line.remove_prefix(1);
  line.remove_prefix(run_length(line, [](char c) { return c == ' '; }));
  const std::size_t seconds = run_length(line, is_digit);
  if (seconds == 0 || !line.substr(seconds).starts_with('.')) return false;
  const std::string_view fraction = line.substr(seconds + 1);
  return run_length(fraction, is_digit) == 6 && fraction.substr(6).starts_with(']');
}

/// "virt_caps              : hvm": keys that only `xl info` prints.
bool is_xl_info_line(std::string_view line) {
  const std::size_t key = run_length(line, [](char c) { return is_lower(c) || c == '_'; });
  const std::string_view rest = line.substr(key);
  if (!rest.substr(run_length(rest, [](char c) { return c == ' '; })).starts_with(':')) {
    return false;
  }
  constexpr std::array<std::string_view, 14> kKeys = {
      "cc_compile_by",   "cc_compile_domain", "cc_compiler", "free_memory", "hw_caps",
      "machine",         "release",           "virt_caps",   "xen_caps",    "xen_changeset",
      "xen_commandline", "xen_extra",         "xen_major",   "xen_version"};
  return std::find(kKeys.begin(), kKeys.end(), line.substr(0, key)) != kKeys.end();
}

/// `/local/domain/1/name = "x"`, or in the tree form ` name = "x"`, with or without permissions.
bool is_xenstore_line(std::string_view line) {
  const std::size_t at = line.substr(0, 512).find(" = \"");
  if (at == std::string_view::npos) return false;
  const std::string_view key = line.substr(run_length(line, [](char c) { return c == ' '; }));
  const std::size_t length = run_length(key, [](char c) {
    return is_letter(c) || is_digit(c) || c == '/' || c == '-' || c == '_' || c == '@' ||
           c == '.' || c == ':';
  });
  return length != 0 && key.substr(length).starts_with(" = \"") &&
         line.find('"', at + 4) != std::string_view::npos;
}

/// "  40010000-4165ffff : Kernel code"
bool is_iomem_line(std::string_view line) {
  line.remove_prefix(run_length(line, [](char c) { return c == ' '; }));
  const std::size_t begin = run_length(line, is_hex);
  if (begin < 8 || begin > 16 || !line.substr(begin).starts_with('-')) return false;
  line.remove_prefix(begin + 1);
  const std::size_t end = run_length(line, is_hex);
  return end >= 8 && end <= 16 && line.substr(end).starts_with(" : ");
}

/// "/sys/hypervisor/properties/features:00002705", hypfs "/buildinfo/changeset: ...".
bool is_hypervisor_line(std::string_view line) {
  constexpr std::array<std::string_view, 4> kRoots = {"/sys/hypervisor/", "/buildinfo/", "/params/",
                                                      "/proc/xen/"};
  return std::any_of(kRoots.begin(), kRoots.end(),
                     [&](std::string_view root) { return line.starts_with(root); }) &&
         line.find(':') != std::string_view::npos;
}

TextKind machine_kind(std::string_view line) {
  if (is_console_line(line)) return TextKind::console;
  if (is_kernel_line(line)) return TextKind::kernel_log;
  if (is_xenstore_line(line)) return TextKind::xenstore;
  if (is_iomem_line(line)) return TextKind::iomem;
  if (is_xl_info_line(line)) return TextKind::xl_info;
  if (is_hypervisor_line(line)) return TextKind::hypervisor;
  return TextKind::unknown;
}

/// "# xl dmesg": root's prompt, not a heading.
bool is_prompt(std::string_view heading) {
  constexpr std::array<std::string_view, 9> kCommands = {
      "xl ", "xenstore-ls", "cat ", "dmesg", "grep ", "journalctl", "sudo ", "tail ", "xen"};
  return std::any_of(kCommands.begin(), kCommands.end(),
                     [&](std::string_view command) { return heading.starts_with(command); });
}

/// A line that only Markdown, reStructuredText or HTML would have.
bool is_markup(std::string_view line) {
  if (line.starts_with('#')) {
    const std::size_t level = run_length(line, [](char c) { return c == '#'; });
    const std::string_view rest = line.substr(level);
    return level <= 6 && rest.size() > 1 && rest[0] == ' ' && is_letter(rest[1]) &&
           !is_prompt(rest.substr(1)) && !rest.ends_with('#');
  }
  if (line.starts_with('|')) return line.size() > 2 && line.find('|', 1) != std::string_view::npos;
  if (line.starts_with("- ") || line.starts_with("* ")) return true;
  // A mail may quote nothing but a log.
  if (line.starts_with("> ")) return machine_kind(line.substr(2)) == TextKind::unknown;
  if (line.starts_with('<')) {
    return line.size() > 1 && (is_letter(line[1]) || line[1] == '/' || line[1] == '!');
  }
  const std::size_t number = run_length(line, is_digit);
  if (number != 0 && number <= 2 && line.substr(number).starts_with(". ")) return true;
  // The line under a heading.
  return line.size() >= 3 && (line[0] == '=' || line[0] == '-' || line[0] == '~') &&
         line.find_first_not_of(line[0]) == std::string_view::npos;
}

/// Six words or more, nearly all of them plain, and one that glues sentences.
bool is_sentence(std::string_view line) {
  constexpr std::array<std::string_view, 16> kGlue = {"the",  "The",  "a",    "is",   "are", "was",
                                                      "of",   "and",  "that", "with", "we",  "it",
                                                      "This", "this", "by",   "were"};
  std::size_t words = 0;
  std::size_t plain = 0;
  bool glued = false;
  while (!line.empty()) {
    line.remove_prefix(run_length(line, [](char c) { return c == ' '; }));
    const std::string_view word = line.substr(0, run_length(line, [](char c) { return c != ' '; }));
    if (word.empty()) break;
    line.remove_prefix(word.size());
    ++words;
    std::size_t letters = run_length(word, [](char c) { return is_letter(c) || c == '\''; });
    if (letters + 1 == word.size() &&
        std::string_view(".,;:!?)").find(word.back()) != std::string_view::npos) {
      ++letters;
    }
    if (letters == word.size()) ++plain;
    glued = glued || std::find(kGlue.begin(), kGlue.end(), word) != kGlue.end();
  }
  return glued && words >= 6 && plain * 4 >= words * 3;
}

/// Counts of line kinds.
struct Tally {
  std::array<std::size_t, static_cast<std::size_t>(TextKind::unknown) + 1> machine{};
  std::size_t evidence = 0;  ///< Machine lines at the start of a line, outside of a fence.
  std::size_t fenced = 0;    ///< Machine lines between "```".
  std::size_t prose = 0;
  std::size_t lines = 0;  ///< That are not blank.

  std::size_t& of(TextKind kind) { return machine[static_cast<std::size_t>(kind)]; }
};

Tally tally(std::string_view text) {
  Tally found;
  bool fenced = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t indent = run_length(line, [](char c) { return c == ' '; });
    if (indent == line.size()) continue;
    ++found.lines;
    if (line.substr(indent).starts_with("```")) {
      fenced = !fenced;
      continue;
    }
    // Four blanks make a code block. /proc/iomem and the tree form of xenstore-ls indent by less
    // for the first levels, and the tree's top is at the start of the line.
    const std::string_view start = indent < 4 ? line.substr(indent) : std::string_view{};
    TextKind kind = TextKind::unknown;
    if (!start.empty()) {
      kind = machine_kind(start);
    } else if (is_iomem_line(line)) {
      kind = TextKind::iomem;
    } else if (is_xenstore_line(line)) {
      kind = TextKind::xenstore;
    }
    if (kind != TextKind::unknown) {
      ++found.of(kind);
      ++(fenced ? found.fenced : found.evidence);
    } else if (!fenced && !start.empty() && (is_markup(start) || is_sentence(start))) {
      ++found.prose;
    }
  }
  // Nothing but a fence around a saved output: it was pasted from an issue tracker.
  if (found.prose == 0) found.evidence += found.fenced;
  return found;
}

/// By its first bytes (gzip, xz, zstd, bzip2, zip, ELF), or more than one byte in ten of the
/// beginning is a control character that no console prints.
bool looks_binary(std::string_view text) {
  constexpr std::array<std::string_view, 6> kMagic = {"\x1f\x8b",
                                                      "\xfd"
                                                      "7zXZ",
                                                      "\x28\xb5\x2f\xfd",
                                                      "BZh",
                                                      "PK\x03\x04",
                                                      "\x7f"
                                                      "ELF"};
  if (std::any_of(kMagic.begin(), kMagic.end(),
                  [&](std::string_view magic) { return text.starts_with(magic); })) {
    return true;
  }
  constexpr std::size_t kSample = 64 * std::size_t{1024};
  text = text.substr(0, kSample);
  const auto odd = std::count_if(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\b' &&
            byte != '\f' && byte != 0x1b) ||
           byte == 0x7f;
  });
  return static_cast<std::size_t>(odd) * 10 > text.size();
}

std::string_view trim_left(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // Byte order mark
  return text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

/// Of a text that begins like JSON. The first line of observations is one whole object.
TextKind json_kind(std::string_view start) {
  const std::string_view first_line = start.substr(0, start.find('\n'));
  if (first_line.find("\"kind\"") != std::string_view::npos) return TextKind::observations;
  if (start.substr(0, 4096).find("\"xen-iommu-check-capture/") != std::string_view::npos) {
    return TextKind::manifest;
  }
  return TextKind::notes;
}

/// Not a kernel's "[    0.000000]".
bool begins_like_json(std::string_view start) {
  const std::string_view next = trim_left(start.substr(1)).substr(0, 1);
  if (start[0] == '{') return next == "\"" || next == "}";
  return start[0] == '[' && (next == "{" || next == "\"" || next == "]");
}

/// "XIC-1001"
bool names_a_cause(std::string_view text) {
  for (std::size_t at = text.find("XIC-"); at != std::string_view::npos;
       at = text.find("XIC-", at + 4)) {
    if (run_length(text.substr(at + 4), is_digit) == 4) return true;
  }
  return false;
}

/// tracefs' `trace` (trace.c: print_trace_header()) with a record of the flight recorder's.
bool is_grant_trace(std::string_view start) {
  return start.starts_with("# tracer: ") &&
         std::any_of(kTraceKinds.begin(), kTraceKinds.end(), [&](const TraceEventKind& event) {
           return start.find(": (" + std::string(event.symbol) + '+') != std::string_view::npos;
         });
}

TextKind strongest(Tally& found) {
  TextKind best = TextKind::unknown;
  std::size_t most = 0;
  for (const TextKind kind : {TextKind::console, TextKind::kernel_log, TextKind::xl_info,
                              TextKind::xenstore, TextKind::iomem, TextKind::hypervisor}) {
    if (found.of(kind) > most) {
      most = found.of(kind);
      best = kind;
    }
  }
  // Console texts hold dom0's kernel lines where a serial line recorded both.
  const bool serial =
      found.of(TextKind::console) + found.of(TextKind::kernel_log) == found.evidence;
  if (serial && found.of(TextKind::console) != 0) return TextKind::console;
  return most * 10 >= found.evidence * 9 ? best : TextKind::mixed;
}

}  // namespace

std::string_view to_string(TextKind kind) {
  switch (kind) {
    case TextKind::empty:
      return "empty";
    case TextKind::binary:
      return "binary";
    case TextKind::console:
      return "console text";
    case TextKind::kernel_log:
      return "dom0 kernel log";
    case TextKind::xl_info:
      return "xl info";
    case TextKind::xenstore:
      return "xenstore listing";
    case TextKind::iomem:
      return "iomem";
    case TextKind::hypervisor:
      return "hypervisor properties";
    case TextKind::mixed:
      return "mixed text";
    case TextKind::manifest:
      return "capture manifest";
    case TextKind::observations:
      return "observations";
    case TextKind::grant_trace:
      return "grant trace";
    case TextKind::notes:
      return "notes, not evidence";
    case TextKind::unknown:
      return "unrecognised text";
  }
  return "";
}

std::string label_of(const Recognition& found) {
  std::string label(to_string(found.kind));
  if (found.mentions_xen && found.kind != TextKind::console && found.kind != TextKind::notes) {
    label += " with " + std::string(to_string(TextKind::console));
  }
  return label;
}

Recognition recognise(std::string_view text) {
  Recognition found;
  found.mentions_xen = text.find(kXenPrefix) != std::string_view::npos;
  const std::string_view start = trim_left(text);
  if (start.empty()) {
    found.kind = TextKind::empty;
  } else if (looks_binary(text)) {
    found.kind = TextKind::binary;
  } else if (begins_like_json(start)) {
    found.kind = json_kind(start);
  } else if (is_grant_trace(start)) {
    found = {TextKind::grant_trace, false};  // what it quotes are names of tasks
  } else if (start.starts_with("#!") || names_a_cause(text)) {
    found.kind = TextKind::notes;
  } else {
    Tally lines = tally(text);
    if (lines.prose > lines.evidence &&
        (lines.evidence != 0 || found.mentions_xen || lines.prose * 2 > lines.lines)) {
      found.kind = TextKind::notes;
    } else if (lines.evidence != 0) {
      found.kind = strongest(lines);
    } else {
      found.kind = found.mentions_xen ? TextKind::console : TextKind::unknown;
    }
  }
  return found;
}

bool is_evidence(TextKind kind) {
  switch (kind) {
    case TextKind::console:
    case TextKind::kernel_log:
    case TextKind::xl_info:
    case TextKind::xenstore:
    case TextKind::iomem:
    case TextKind::hypervisor:
    case TextKind::mixed:
    case TextKind::manifest:
    case TextKind::observations:
    case TextKind::grant_trace:
      return true;
    case TextKind::empty:
    case TextKind::binary:
    case TextKind::notes:
    case TextKind::unknown:
      return false;
  }
  return false;
}

}  // namespace xic
