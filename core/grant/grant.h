// Who has granted which frame to whom: Xen's 'g' dump, indexed by frame.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/console/line.h"
#include "core/fault/fault.h"
#include "core/types.h"

namespace xic {

/// One active grant. Frame, pin and grantee are Xen's own record; what a guest can write into its
/// table (the "shared" columns) is not kept but for the flags word, which is shown, never trusted.
struct Grant {
  Frame frame;
  GrantRef ref;
  DomId granter;          ///< "grant-table for remote dN": whose page it is.
  DomId grantee;          ///< active localdom: who has it mapped.
  std::uint32_t pin = 0;  ///< 7:0 writable CPU maps, 15:8 read-only ones, 31:16 device maps.
  std::uint16_t guest_flags = 0;  ///< Guest-writable.
  [[nodiscard]] bool writable() const { return (pin & 0x00ff00ffU) != 0; }
};

/// One run of debug key 'g'.
struct GrantDump {
  bool begin_seen = false;    ///< "[ key 'g' pressed"
  bool end_seen = false;      ///< "] done"
  bool damaged = false;       ///< A line within it could not be parsed, or bytes were lost.
  std::uint64_t dropped = 0;  ///< Entries over GrantDumpParser::kMaxEntries.
  Timestamp begin_time, end_time;
  Position at;  ///< Of its first line.
  std::uint32_t boot = 0;
  std::vector<Grant> grants;  ///< In the order printed.
  /// Only a complete dump may say that a frame is *not* granted.
  [[nodiscard]] bool complete() const { return begin_seen && end_seen && !damaged && dropped == 0; }
};

/// Frame -> grants. Built once, then immutable.
class GrantIndex {
 public:
  GrantIndex() = default;
  /// `grants` must outlive the index.
  explicit GrantIndex(std::span<const Grant> grants);
  /// All grants of `frame` (more than one is possible), in the dump's order.
  [[nodiscard]] std::span<const Grant* const> find(Frame frame) const;

 private:
  std::vector<Frame> frames_;  // Parallel to sorted_: a search touches no Grant.
  std::vector<const Grant*> sorted_;
  std::vector<std::uint32_t> buckets_;
  unsigned shift_ = 0;
};

class GrantDumpSink {
 public:
  virtual ~GrantDumpSink() = default;
  /// A dump ended, was cut off by the next, or the text ended. The parser's storage passes over.
  virtual void on_grant_dump(GrantDump&& dump) = 0;
};

/// Lines -> dumps. Forms of Xen 4.4 to master (common/grant_table.c: gnttab_usage_print). Lines of
/// other CPUs between entries are no damage. Text that begins inside a dump gives a dump with
/// begin_seen == false.
class GrantDumpParser {
 public:
  static constexpr std::size_t kMaxEntries = std::size_t{1} << 20;
  explicit GrantDumpParser(GrantDumpSink* sink);
  ~GrantDumpParser();
  GrantDumpParser(const GrantDumpParser&) = delete;
  GrantDumpParser& operator=(const GrantDumpParser&) = delete;

  [[nodiscard]] static std::span<const std::string_view> literals();
  Consumed consume(const Line& line);
  /// Bytes were lost here: a dump under way is damaged.
  void note_gap();
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xic
