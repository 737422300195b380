// The faults that were seen, on disk, exactly once each; and how far the console has been read.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/event_id.h"
#include "daemon/files.h"
#include "daemon/seen_fault.h"

namespace xic::daemon {

/// What a history says about the console of this epoch.
struct Recovered {
  /// Where reading must go on. Nothing: this console was not read before, or the file does not say.
  std::optional<std::uint64_t> cursor;
  std::uint64_t faults = 0;  ///< Recorded in this epoch, as far as the history reaches.
  /// Recorded, but of those nobody was told: counted for a summary that did not come.
  std::uint64_t untold = 0;
  std::uint64_t damaged_records = 0;  ///< Lines that are no records.
};

/// Append-only NDJSON in two segments, history.ndjson and the older history.1.ndjson. A batch is
/// one append: records of faults and, in the last of them, the cursor behind all of them. A
/// record's cursor never lies behind a fault that stands after it in the file, so whatever whole
/// record is the last, reading again from its cursor and leaving out what is recorded gives every
/// fault once.
///
/// What cannot be written waits in memory (kMaxWaiting bytes) and is offered again; faults that do
/// not fit are counted, and the count is written first when writing works again.
class History {
 public:
  static constexpr std::size_t kMaxWaiting = std::size_t{1024} * 1024;

  /// `files` must outlive it. `size_limit`: bytes, both segments together.
  History(HistoryFiles* files, std::uint64_t size_limit);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void set_size_limit(std::uint64_t bytes) { size_limit_ = bytes; }

  /// Reads what there is of `epoch`. Also on an error the history can be used: as an empty one.
  [[nodiscard]] Expected<Recovered> open(const std::string& epoch);

  /// The fault is in the history, or waits to be.
  [[nodiscard]] bool recorded(EventId id) const { return recorded_.contains(id); }
  /// To be written by the next commit(). `told`: it has an entry of its own in the journal.
  void add(const SeenFault& fault, bool told);
  /// Bytes of the console were lost before `offset`.
  void add_loss(std::uint64_t offset, std::uint64_t bytes, std::int64_t wall);
  /// What was counted has been told in summaries; `waiting` faults still were not.
  void add_told(std::uint64_t waiting, std::int64_t wall);
  /// Every byte before `cursor` is done with: ends the batch and writes what waits. An error: what
  /// was not written is kept.
  [[nodiscard]] Expected<void> commit(std::uint64_t cursor, std::int64_t wall);
  /// Something waits to be written.
  [[nodiscard]] bool waiting() const { return !waiting_.empty(); }
  /// The cursor of the last commit that was written.
  [[nodiscard]] std::uint64_t cursor() const { return cursor_; }
  /// Faults that found no room while nothing could be written, since the start.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }
  [[nodiscard]] std::uint64_t written() const { return written_; }  ///< Faults, since the start.

 private:
  void recover(std::string_view text, Recovered* found);
  void recover_record(std::string_view line, Recovered* found);
  void stage(std::string_view type, EventId id, std::int64_t wall, std::string_view more);
  [[nodiscard]] Expected<void> flush();
  [[nodiscard]] Expected<void> rotate();

  HistoryFiles* files_;
  std::uint64_t size_limit_;
  std::string epoch_;
  std::set<EventId> recorded_;       ///< At or behind the cursor; pruned as it moves on.
  std::vector<std::string> staged_;  ///< Records of this batch, each without cursor and brace.
  std::size_t staged_faults_ = 0;
  std::uint64_t cursor_ = 0;
  std::string waiting_;  ///< Whole batches, but for bytes that were already written.
  std::size_t waiting_faults_ = 0;
  std::uint64_t segment_size_ = 0;  ///< Of history.ndjson.
  bool ends_in_mid_line_ = false;   ///< history.ndjson does: a write was cut off.
  std::uint64_t dropped_ = 0;
  std::uint64_t dropped_unsaid_ = 0;  ///< Of those, not yet in the file.
  std::uint64_t written_ = 0;
};

}  // namespace xic::daemon
