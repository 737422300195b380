// What a text is, by its content. Names say nothing: a capture is whatever somebody saved.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace xic {

enum class TextKind : std::uint8_t {
  empty,
  binary,      ///< No text; not read.
  console,     ///< Xen's console: "(XEN)" at the start of lines.
  kernel_log,  ///< dom0's kernel log.
  xl_info,
  xenstore,
  iomem,         ///< /proc/iomem
  hypervisor,    ///< `grep -r . /sys/hypervisor`, hypfs
  mixed,         ///< Several of the above in one text.
  manifest,      ///< Our manifest.json
  observations,  ///< Our observations.ndjson
  grant_trace,   ///< What the flight recorder held, as the kernel prints it.
  notes,         ///< Prose, a report, a script: may quote evidence and is none.
  unknown,       ///< Text of no known form.
};

[[nodiscard]] std::string_view to_string(TextKind kind);

struct Recognition {
  TextKind kind = TextKind::unknown;
  /// "(XEN)" stands somewhere in it.
  bool mentions_xen = false;
};

/// Linear in the size of `text`. A text counts as notes, whatever it quotes, where it
/// - is a script ("#!"), or a report of this program (names a cause, "XIC-1001"), or JSON, or
/// - has Markdown or HTML structure (headings, fences, tables, list items, tags) or sentences, and
///   more lines of these than lines of evidence at the start of a line. What is indented like a
///   code block, fenced, quoted in a table or within a sentence is no such line.
/// Shell prompts and separators around saved outputs are no headings.
[[nodiscard]] Recognition recognise(std::string_view text);

/// For Facts::sources: "console text", "xl info", "mixed text with console text" ...
[[nodiscard]] std::string label_of(const Recognition& found);

/// True where a text of this kind says something about a host.
[[nodiscard]] bool is_evidence(TextKind kind);

}  // namespace xic
