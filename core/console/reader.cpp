#include "core/console/reader.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>

#include "core/console/literal_scanner.h"
#include "core/console/message_splitter.h"
#include "core/scan.h"

namespace xic {
namespace {

using scan::trim;

/// See LineSink::on_line.
constexpr unsigned kMaxJoins = 8;

/// A wrapped line is no longer than what a person pastes; the bound keeps offering a growing text
/// again and again cheap.
constexpr std::size_t kMaxJoinedBytes = 4096;

/// The scanner is tuned to the text once it has turned out to be long.
constexpr std::uint64_t kTuneAfterBytes = std::uint64_t{2} << 20;

const char* find_last_lf(const char* begin, const char* end) {
  return static_cast<const char*>(::memrchr(begin, '\n', static_cast<std::size_t>(end - begin)));
}

const char* find_lf(const char* begin, const char* end) {
  if (begin == end) return nullptr;  // An empty string_view may hold a null pointer.
  return static_cast<const char*>(std::memchr(begin, '\n', static_cast<std::size_t>(end - begin)));
}

std::string_view view(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

struct LineReader::Impl {
  /// A physical line that is read in full, with a literal or without.
  struct HeldLine {
    std::string bytes;
    std::uint64_t offset = 0;
  };

  Impl(PreparedLiterals literals, LineSink* line_sink, Options line_options,
       ReaderCounters* line_counters)
      : scanner(std::move(literals)),
        sink(line_sink),
        options(line_options),
        counters(line_counters) {}

  void feed(std::string_view bytes);
  void finish();

  // ---- bytes -> lines ---------------------------------------------------------------------------
  bool complete_carry(const char** at, const char* end);
  void read_cut_line(std::string_view head, std::uint64_t offset);
  void read_lines(const char* begin, const char* end, std::uint64_t offset);
  void read_alone(std::string_view bytes, std::uint64_t offset);
  void tune(std::string_view bytes);

  // ---- lines -> messages ------------------------------------------------------------------------
  void deliver(std::string_view bytes, std::uint64_t offset);

  // ---- joining wrapped lines --------------------------------------------------------------------
  void hold_back(const Line& line);
  void drain();
  void join_with(HeldLine next);
  bool may_join(std::string_view next_line) const;
  Consumed offer_joined(bool last_chance);
  void give_up();
  void return_held();

  PreparedLiterals scanner;
  LineSink* sink;
  Options options;
  ReaderCounters* counters;

  std::string carry;  ///< The beginning of a line whose end was not fed yet.
  std::uint64_t carry_offset = 0;
  std::uint64_t cut_offset = 0;          ///< Of the line that is being dropped.
  std::uint64_t fed = 0;                 ///< Bytes of this text.
  std::optional<std::uint64_t> torn_at;  ///< A line begins there whose head is missing.
  bool dropping = false;                 ///< In a line that is too long: until its LF.
  bool tuned = false;
  bool every_line = false;  ///< See LineReader::read_every_line().

  /// The message that waits for more, if any.
  bool waiting = false;
  Line wanted;       ///< Its views are set anew for each offer.
  std::string text;  ///< Of the message, joined so far.
  std::string raw;
  unsigned joins = 0;
  bool blank_skipped = false;
  std::vector<HeldLine> held;  ///< What was joined; read anew if the sink wants none of it.
  std::deque<HeldLine> queue;  ///< Lines to be read before any others.
};

void LineReader::Impl::feed(std::string_view bytes) {
  const std::uint64_t start = fed;
  fed += bytes.size();
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const char* at = begin;
  if (dropping) {
    const char* const lf = find_lf(at, end);
    if (lf == nullptr) return;
    at = lf + 1;
    dropping = false;
  }
  if (!carry.empty() && !complete_carry(&at, end)) return;
  if (!tuned && start >= kTuneAfterBytes) tune(view(at, end));
  while (at != end) {
    const std::uint64_t offset = start + static_cast<std::uint64_t>(at - begin);
    const auto left = static_cast<std::size_t>(end - at);
    const char* const stop = at + std::min(left, kMaxLineBytes + 1);
    if (const char* const lf = find_last_lf(at, stop)) {
      read_lines(at, lf + 1, offset);
      at = lf + 1;
      continue;
    }
    if (left <= kMaxLineBytes) {
      carry.assign(at, left);
      carry_offset = offset;
      return;
    }
    read_cut_line(view(at, at + kMaxLineBytes), offset);
    const char* const lf = find_lf(at + kMaxLineBytes, end);
    if (lf == nullptr) {
      dropping = true;
      return;
    }
    at = lf + 1;
  }
}

/// Reads the line that began in an earlier portion, if its end, or too much of it, is here; `*at`
/// is then behind it. False if nothing is left to do in this portion.
bool LineReader::Impl::complete_carry(const char** at, const char* end) {
  const char* const lf = find_lf(*at, end);
  const std::string_view part = view(*at, lf != nullptr ? lf : end);
  const std::size_t room = kMaxLineBytes - carry.size();
  carry.append(part.substr(0, room));
  const bool too_long = part.size() > room;
  if (lf == nullptr && !too_long) return false;
  if (too_long) {
    read_cut_line(carry, carry_offset);
  } else {
    read_alone(carry, carry_offset);
  }
  carry.clear();
  if (lf == nullptr) {
    dropping = true;
    return false;
  }
  *at = lf + 1;
  return true;
}

void LineReader::Impl::read_cut_line(std::string_view head, std::uint64_t offset) {
  ++counters->cut_lines;
  cut_offset = offset;
  read_alone(head, offset);
}

/// Whole lines, each with its LF and none too long.
void LineReader::Impl::read_lines(const char* begin, const char* end, std::uint64_t offset) {
  const char* at = begin;
  while (at != end) {
    const char* line = at;
    const char* hit = at;
    if (!waiting && !every_line) {
      hit = scanner->find(at, end);
      if (hit == nullptr) return;
      const char* const lf_before = find_last_lf(at, hit);
      if (lf_before != nullptr) line = lf_before + 1;
    }
    const char* const lf = find_lf(hit, end);
    const std::uint64_t line_offset = offset + static_cast<std::uint64_t>(line - begin);
    if (waiting) {
      read_alone(view(line, lf), line_offset);
    } else {
      deliver(view(line, lf), line_offset);
    }
    at = lf + 1;
  }
}

/// One line (no LF) of which it is not known whether it holds a literal.
void LineReader::Impl::read_alone(std::string_view bytes, std::uint64_t offset) {
  if (waiting) {
    queue.push_back({std::string(bytes), offset});
    drain();
  } else if (every_line || scanner->find(bytes.data(), bytes.data() + bytes.size()) != nullptr) {
    deliver(bytes, offset);
  }
}

void LineReader::Impl::tune(std::string_view bytes) {
  constexpr std::size_t kEnough = std::size_t{32} * 1024;
  if (bytes.size() < kEnough) return;  // A later portion may be larger.
  auto own = std::make_shared<LiteralScanner>(*scanner);
  own->tune(bytes);
  scanner = std::move(own);
  tuned = true;
}

void LineReader::Impl::deliver(std::string_view bytes, std::uint64_t offset) {
  ++counters->candidate_lines;
  if (std::memchr(bytes.data(), '\0', bytes.size()) != nullptr) {
    counters->nul_bytes += static_cast<std::uint64_t>(std::count(bytes.begin(), bytes.end(), '\0'));
  }
  MessageSplitter messages(bytes);
  Line line;
  line.input = options.input;
  line.offset = offset;
  while (messages.next(&line)) {
    if (torn_at == offset) line.mid_line = true;
    if (sink->on_line(line, false) != Consumed::needs_more) continue;
    // Only the last message of a line can go on in the next.
    if (options.repair_pastes && messages.at_end() && line.raw.size() <= kMaxJoinedBytes) {
      hold_back(line);
    } else {
      (void)sink->on_line(line, true);
    }
  }
}

void LineReader::Impl::hold_back(const Line& line) {
  waiting = true;
  wanted = line;
  text = line.text;
  raw = line.raw;
  joins = 0;
  blank_skipped = false;
}

/// Reads what is queued. A line joined in vain comes back to the front of the queue; since it was
/// joined to a line before it and never to more than kMaxJoins, this ends.
void LineReader::Impl::drain() {
  while (!queue.empty()) {
    HeldLine next = std::move(queue.front());
    queue.pop_front();
    if (waiting) {
      join_with(std::move(next));
    } else {
      read_alone(next.bytes, next.offset);
    }
  }
}

void LineReader::Impl::join_with(HeldLine next) {
  const std::string_view line = strip_quotes(next.bytes);
  const std::string_view addition = trim(line);
  if (addition.empty() && !blank_skipped) {
    blank_skipped = true;
    return;
  }
  if (!may_join(line)) {
    queue.push_front(std::move(next));
    give_up();
    return;
  }
  text.erase(text.find_last_not_of(" \t\r") + 1);
  text.append(1, ' ').append(addition);
  raw.append(1, '\n').append(line);
  held.push_back(std::move(next));
  ++joins;
  const bool last_chance = joins == kMaxJoins;
  const Consumed consumed = offer_joined(last_chance);
  if (consumed == Consumed::needs_more && !last_chance) return;
  waiting = false;
  if (consumed == Consumed::yes) {
    held.clear();
  } else {
    return_held();
  }
}

bool LineReader::Impl::may_join(std::string_view next_line) const {
  if (raw.size() + next_line.size() >= kMaxJoinedBytes) return false;
  if (trim(next_line).empty() || begins_message(next_line)) return false;
  MessageSplitter messages(next_line);
  Line first;
  return messages.next(&first) && messages.at_end();
}

Consumed LineReader::Impl::offer_joined(bool last_chance) {
  wanted.text = text;
  wanted.raw = raw;
  wanted.repaired = joins != 0;
  return sink->on_line(wanted, last_chance);
}

/// Nothing can be joined any more: the sink must take what there is.
void LineReader::Impl::give_up() {
  const Consumed consumed = offer_joined(true);
  waiting = false;
  if (consumed == Consumed::yes) {
    held.clear();
  } else {
    return_held();
  }
}

void LineReader::Impl::return_held() {
  for (; !held.empty(); held.pop_back()) queue.push_front(std::move(held.back()));
}

void LineReader::Impl::finish() {
  if (!carry.empty()) read_alone(carry, carry_offset);
  while (waiting) {
    give_up();
    drain();
  }
  carry.clear();
  fed = 0;
  torn_at.reset();
  dropping = false;
}

PreparedLiterals prepare_literals(std::span<const std::string_view> literals) {
  return std::make_shared<const LiteralScanner>(literals);
}

LineReader::LineReader(PreparedLiterals literals, LineSink* sink, Options options)
    : impl_(std::make_unique<Impl>(std::move(literals), sink, options, &counters_)) {}

LineReader::LineReader(std::span<const std::string_view> literals, LineSink* sink, Options options)
    : LineReader(prepare_literals(literals), sink, options) {}

LineReader::~LineReader() = default;

void LineReader::read_every_line(bool on) {
  impl_->every_line = on;
}

void LineReader::feed(std::string_view bytes) {
  counters_.bytes += bytes.size();
  impl_->feed(bytes);
}

void LineReader::skip(std::uint64_t bytes) {
  impl_->carry.clear();
  impl_->dropping = false;
  impl_->fed += bytes;
  impl_->torn_at = impl_->fed;
}

void LineReader::finish() {
  impl_->finish();
}

std::uint64_t LineReader::line_start() const {
  if (impl_->waiting) return impl_->wanted.offset;
  if (impl_->dropping) return impl_->cut_offset;
  return impl_->carry.empty() ? impl_->fed : impl_->carry_offset;
}

}  // namespace xic
