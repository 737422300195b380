// Bytes -> lines. Finds the lines worth looking at and hands each, with its provenance, to a sink.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/console/line.h"

namespace xic {

/// Receives the lines of a text.
class LineSink {
 public:
  virtual ~LineSink() = default;
  /// `line` is valid during the call only. Consumed::needs_more asks the reader to offer the same
  /// message again, joined with the following physical line by one blank; this happens only while
  /// the reader repairs pastes, at most 8 times for one message; `last_chance` is then true and
  /// the sink must take what there is.
  virtual Consumed on_line(const Line& line, bool last_chance) = 0;
};

/// What a reader could not deliver.
struct ReaderCounters {
  std::uint64_t bytes = 0;            ///< Bytes fed.
  std::uint64_t candidate_lines = 0;  ///< Lines that held a literal and were delivered.
  std::uint64_t cut_lines = 0;        ///< Lines over kMaxLineBytes; the rest of each was dropped.
  std::uint64_t nul_bytes = 0;        ///< NUL bytes seen in delivered lines (dom0 may write them).
};

/// Longest line delivered whole; what follows up to the line's end is dropped and counted.
inline constexpr std::size_t kMaxLineBytes = std::size_t{64} * 1024;

class LiteralScanner;

/// Literals made ready to be searched for. To prepare them costs as much as to read some hundred
/// lines: readers of many short texts share them.
using PreparedLiterals = std::shared_ptr<const LiteralScanner>;
/// `literals`: each 3 to 32 bytes; copied.
[[nodiscard]] PreparedLiterals prepare_literals(std::span<const std::string_view> literals);

/// Streaming reader in bounded memory: it searches the bytes for any of a set of literals, widens
/// each hit to its line, splits glued messages, strips prefixes (mail quoting, syslog, journald,
/// "(XEN)", stamps) and calls the sink in order. Lines are split on LF only; a CR before it is
/// dropped, one elsewhere is kept (a guest may have written it). Lines without a literal are
/// skipped unseen, but for those that a needs_more asks for. Marks of mail quoting are no part of a
/// line.
class LineReader {
 public:
  struct Options {
    bool repair_pastes = false;  ///< Join wrapped lines on needs_more. For files and pastes only:
                                 ///< in a ring, two lines may have two authors.
    std::uint32_t input = 0;     ///< Stored into each Line.
  };

  /// `literals`: not null, all of them what any consumer needs to see. `sink` must outlive the
  /// reader.
  LineReader(PreparedLiterals literals, LineSink* sink, Options options);
  LineReader(std::span<const std::string_view> literals, LineSink* sink, Options options);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// From the next line on, deliver each, with a literal or without; or only those with one again.
  /// May be called by the sink from within on_line().
  void read_every_line(bool on);

  /// Any bytes, in any portions.
  void feed(std::string_view bytes);
  /// `bytes` of the text are missing here: the line under way is dropped, offsets go on behind the
  /// gap, and what stands there up to the next LF counts as the middle of a line (Line::mid_line).
  void skip(std::uint64_t bytes);
  /// Delivers an unterminated last line. The reader can be fed again afterwards (new text, whose
  /// offsets begin at 0).
  void finish();
  [[nodiscard]] const ReaderCounters& counters() const { return counters_; }
  /// Offset of the first byte that was not yet read as part of a whole line: where the line under
  /// way begins, or the end of what was fed. A text read again from there gives the same lines.
  [[nodiscard]] std::uint64_t line_start() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  ReaderCounters counters_;
};

/// Splits one physical line (no LF) into messages and strips their prefixes; calls `deliver` for
/// each, in order. Pure; exposed for tests and for `explain`.
void split_messages(std::string_view physical_line,
                    const std::function<void(const Line&)>& deliver);

}  // namespace xic
