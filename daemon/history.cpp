#include "daemon/history.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "daemon/history_record.h"

namespace xic::daemon {
namespace {

constexpr const char* kNewer = "history.ndjson";
constexpr const char* kOlder = "history.1.ndjson";

/// More of a segment is not read back: it holds more records than a ring can hold fault lines.
constexpr std::size_t kMaxReadBack = std::size_t{4} << 20;

Error cannot_rotate() {
  Error error;
  error.message = "the history is full and its older half cannot be replaced";
  error.hint = "look at the rights and the file system of the state directory";
  return error;
}

}  // namespace

History::History(HistoryFiles* files, std::uint64_t size_limit)
    : files_(files), size_limit_(size_limit) {}

History::~History() = default;

Expected<Recovered> History::open(const std::string& epoch) {
  epoch_ = epoch;
  Recovered found;
  const auto older = files_->read(kOlder, kMaxReadBack);
  const auto newer = files_->read(kNewer, kMaxReadBack);
  // What could not be read may end anywhere.
  ends_in_mid_line_ = !newer;
  if (!newer) return tl::unexpected(newer.error());
  if (!older) return tl::unexpected(older.error());
  if (*older) recover(**older, &found);
  if (*newer) {
    recover(**newer, &found);
    segment_size_ = (*newer)->size();
    ends_in_mid_line_ = !(*newer)->empty() && (*newer)->back() != '\n';
  }
  cursor_ = found.cursor.value_or(0);
  found.faults = recorded_.size();
  return found;
}

void History::recover(std::string_view text, Recovered* found) {
  while (!text.empty()) {
    const std::size_t lf = std::min(text.find('\n'), text.size());
    if (lf != 0) recover_record(text.substr(0, lf), found);
    text.remove_prefix(std::min(lf + 1, text.size()));
  }
}

void History::recover_record(std::string_view line, Recovered* found) {
  const auto record = read_record(line);
  if (!record) {
    ++found->damaged_records;
    return;
  }
  if (record->untold) ++found->untold;
  if (record->still_waiting) found->untold = *record->still_waiting;
  if (record->epoch != epoch_) {
    // Of another boot. What came before it has no say in where this console is read on.
    found->cursor.reset();
    return;
  }
  if (record->is_fault) recorded_.insert(record->id);
  found->cursor = record->cursor;
}

void History::stage(std::string_view type, EventId id, std::int64_t wall, std::string_view more) {
  staged_.push_back(open_record(type, to_string(epoch_, id), wall, more));
}

void History::add(const SeenFault& fault, bool told) {
  recorded_.insert(fault.id);
  stage("fault", fault.id, fault.wall, fault_fields(fault, told));
  ++staged_faults_;
}

void History::add_loss(std::uint64_t offset, std::uint64_t bytes, std::int64_t wall) {
  stage("lost", {offset, 0}, wall, "\"bytes\":" + std::to_string(bytes));
}

void History::add_told(std::uint64_t waiting, std::int64_t wall) {
  stage("told", {cursor_, 0}, wall, "\"waiting\":" + std::to_string(waiting));
}

Expected<void> History::commit(std::uint64_t cursor, std::int64_t wall) {
  if (waiting_.size() > kMaxWaiting) {
    dropped_ += staged_faults_;
    dropped_unsaid_ += staged_faults_;
  } else {
    if (dropped_unsaid_ != 0) {
      stage("unrecorded", {cursor, 0}, wall, "\"faults\":" + std::to_string(dropped_unsaid_));
      dropped_unsaid_ = 0;
    }
    if (staged_.empty() && cursor != cursor_) stage("checkpoint", {cursor, 0}, wall, "");
    for (std::size_t i = 0; i < staged_.size(); ++i) {
      // Behind a fault that is not the last of its batch others are still to come.
      waiting_ += close_record(staged_[i], i + 1 == staged_.size() ? cursor : cursor_);
    }
    cursor_ = cursor;
    waiting_faults_ += staged_faults_;
  }
  staged_.clear();
  staged_faults_ = 0;
  recorded_.erase(recorded_.begin(), recorded_.lower_bound({cursor_, 0}));
  return flush();
}

Expected<void> History::flush() {
  while (!waiting_.empty()) {
    if (segment_size_ > size_limit_) return tl::unexpected(cannot_rotate());
    if (ends_in_mid_line_) waiting_.insert(0, 1, '\n');
    ends_in_mid_line_ = false;
    const auto taken = files_->append(kNewer, waiting_);
    if (!taken) return tl::unexpected(taken.error());
    const std::size_t count = std::min(*taken, waiting_.size());
    segment_size_ += count;
    waiting_.erase(0, count);
  }
  written_ += std::exchange(waiting_faults_, 0);
  if (segment_size_ >= size_limit_ / 2) return rotate();
  return {};
}

Expected<void> History::rotate() {
  // Died in between: the newer segment is missing, and the older one ends with the last cursor.
  if (auto moved = files_->rename(kNewer, kOlder); !moved) return moved;
  segment_size_ = 0;
  return {};
}

}  // namespace xic::daemon
