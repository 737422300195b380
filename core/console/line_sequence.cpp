#include "core/console/line_sequence.h"

#include <algorithm>
#include <cstring>

#include "core/console/log_prefix.h"
#include "core/console/message_splitter.h"
#include "core/console/timestamp.h"

namespace xic {
namespace {

constexpr std::string_view kXenTag = "(XEN)";
constexpr std::string_view kBlanks = " \t\r";

/// Spreads the bits of `x` (the finisher of MurmurHash3).
constexpr std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 33U;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33U;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33U;
}

/// "(XEN)" stands at the front, or behind nothing but what a log daemon or a mail program adds. A
/// text that was cut begins with less than a line: what stands before "(XEN)" may be the rest of
/// another message.
bool begins_with_xen(std::string_view line) {
  const std::string_view text = strip_quotes(line);
  return text.substr(parse_log_prefix(text).length).starts_with(kXenTag);
}

}  // namespace

bool TextLines::next(TextLine* line) {
  if (at_ >= end_) return false;
  const std::size_t lf = text_.substr(0, end_).find('\n', at_);
  const std::size_t end = lf == std::string_view::npos ? end_ : lf;
  line->begin = at_;
  line->next = lf == std::string_view::npos ? end_ : lf + 1;
  line->bytes = text_.substr(at_, end - at_);
  line->xen = line->bytes.find(kXenTag) != std::string_view::npos &&
              (at_ != 0 || begins_with_xen(line->bytes));
  at_ = line->next;
  return true;
}

std::uint64_t hash_line(std::string_view line) {
  const std::size_t xen = line.find(kXenTag);
  line = xen != std::string_view::npos ? line.substr(xen) : strip_quotes(line);
  const std::size_t first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return 0;
  line = line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
  std::uint64_t hash = mix(line.size());
  while (!line.empty()) {
    std::uint64_t word = 0;
    const std::size_t part = std::min(line.size(), sizeof word);
    std::memcpy(&word, line.data(), part);
    hash = mix(hash ^ word) + 0x9e3779b97f4a7c15ULL;
    line.remove_prefix(part);
  }
  return hash == 0 ? 1 : hash;
}

LineSequence::LineSequence(std::string_view text) : text_(text) {
  const std::size_t last_lf = text.rfind('\n');
  tail_ = last_lf == std::string_view::npos ? 0 : last_lf + 1;
  if (const std::string_view tail = text.substr(tail_); tail.find(kXenTag) != tail.npos) {
    tail_hash_ = hash_line(tail);
  }
  TextLines lines(text, 0, tail_);
  TextLine line;
  while (lines.next(&line)) {
    if (!line.xen) continue;
    if (hashes_.size() == kMaxLines) {
      hashes_.clear();
      break;
    }
    hashes_.push_back(hash_line(line.bytes));
    if (boot_) continue;
    std::string_view message = line.bytes.substr(line.bytes.find(kXenTag) + kXenTag.size());
    if (message.starts_with(' ')) message.remove_prefix(1);
    const Timestamp stamp = take_xen_timestamp(&message);
    if (stamp.clock == Clock::xen_boot) boot_ = stamp.value;
    if (stamp.clock == Clock::xen_wall && !wall_) wall_ = stamp.value;
  }
  failure_.resize(hashes_.size());
  for (std::size_t i = 1, border = 0; i < hashes_.size(); ++i) {
    while (border != 0 && hashes_[i] != hashes_[border]) border = failure_[border - 1];
    if (hashes_[i] == hashes_[border]) ++border;
    failure_[i] = static_cast<std::uint32_t>(border);
  }
}

LineSequence::Alignment LineSequence::align(const LineSequence& part) const {
  Alignment found;
  if (part.size() == 0) return found;
  std::size_t matched = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    while (matched != 0 && hashes_[i] != part.hashes_[matched]) {
      matched = part.failure_[matched - 1];
    }
    if (hashes_[i] == part.hashes_[matched]) ++matched;
    if (matched == part.size()) {
      found.contained_at = i + 1 - matched;
      return found;
    }
  }
  found.overlap = matched;
  return found;
}

bool LineSequence::tail_equals(const LineSequence& other, std::size_t index) const {
  return tail_hash_ != 0 && index < other.size() && other.hashes_[index] == tail_hash_;
}

std::vector<std::size_t> LineSequence::offsets(const std::vector<std::size_t>& indexes) const {
  std::vector<std::size_t> result;
  result.reserve(indexes.size());
  TextLines lines(text_, 0, tail_);
  TextLine line;
  std::size_t index = 0;
  while (result.size() != indexes.size() && lines.next(&line)) {
    if (!line.xen) continue;
    if (indexes[result.size()] == index) result.push_back(line.begin);
    ++index;
  }
  result.resize(indexes.size(), tail_);
  return result;
}

}  // namespace xic
