// Events that span lines: what has been seen of them, in bounded memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/console/line.h"
#include "core/fault/fault.h"
#include "core/fault/parser.h"

namespace xic {

/// An event of which a part has been seen. Strings are copied into its own storage.
struct PendingFault {
  enum class Stage : std::uint8_t {
    context_precursor,  ///< SMMUv2 "Unexpected context fault (fsr ..)": the fault line follows.
    context_header,     ///< SMMUv2 of Xen 4.5: the registers follow.
    global_header,      ///< SMMUv2 global fault: the registers follow.
    event,              ///< SMMUv3 record: four words follow.
    stray_words,        ///< SMMUv3 words whose header was not seen.
    page_request,       ///< SMMUv3 PRI: the details follow.
    skipped_command,    ///< SMMUv3: two words of a bad command follow; no fault.
    ipmmu,              ///< More lines of the same interrupt may follow; complete as it is.
    vtd,                ///< VT-d: the reason follows.
  };
  static constexpr std::size_t kMaxName = 256;
  static constexpr std::size_t kMaxRawLine = 512;

  bool used = false;
  Stage stage = Stage::event;
  std::uint64_t since = 0;  ///< Number of the candidate line that began it.
  Fault fault;
  std::array<std::uint64_t, 4> words{};
  std::size_t word_count = 0;

  /// Copies `text`, cut to `limit` bytes and to what room there is.
  std::string_view keep(std::string_view text, std::size_t limit);
  /// Records one more of its lines.
  void add_line(const Line& line, bool mid_line);

 private:
  friend class Assembly;
  std::array<char, 2 * kMaxName + 64 + Fault::kMaxRaw * kMaxRawLine> storage_{};
  std::size_t stored_ = 0;
};

/// A fault as its first line gives it: time, place and provenance, nothing of its content.
[[nodiscard]] Fault new_fault(const Line& line, FaultKind kind, FaultOrigin origin);
/// A line of Xen's whose author is not vouched for: glued to other text, or without Xen's prefix.
[[nodiscard]] bool uncertain_author(const Line& line, FaultOrigin origin);

/// What was said a few lines ago, where the next line only makes sense together with it.
class RecentEvents {
 public:
  /// A driver said that `device` was not attached to `domain`.
  void note_unattached(std::string_view device, std::optional<DomId> domain, std::uint64_t line);
  [[nodiscard]] bool said_unattached(std::string_view device, std::optional<DomId> domain,
                                     std::uint64_t line) const;
  void note_crash(std::uint64_t line) { crash_line_ = line; }
  /// The hypervisor crashed within the last kPendingLines lines.
  [[nodiscard]] bool crashed(std::uint64_t line) const;

 private:
  std::array<char, 32> device_{};
  std::size_t device_size_ = 0;
  std::optional<DomId> domain_;
  std::uint64_t unattached_line_ = 0;  // 0: never.
  std::uint64_t crash_line_ = 0;
};

/// The pending events, and the way out to the sink.
class Assembly {
 public:
  explicit Assembly(FaultSink* sink) : sink_(sink) {}

  /// Another candidate line arrived: what is overdue is delivered.
  void tick() {
    ++line_number_;
    if (pending_count_ != 0) expire();
  }
  /// Delivers what is pending, oldest first.
  void flush();

  /// The pending event of `origin` on `iommu` in `stage`; null where there is none.
  [[nodiscard]] PendingFault* find(FaultOrigin origin, std::string_view iommu,
                                   PendingFault::Stage stage);
  /// The newest pending event of `origin` on `iommu` that takes SMMUv3 words.
  [[nodiscard]] PendingFault* find_words(FaultOrigin origin, std::string_view iommu);
  /// Opens a pending event; the strings of `fault` are copied.
  PendingFault& open(PendingFault::Stage stage, const Fault& fault, const Line& line);
  /// Delivers as seen, marked incomplete where the stage says so, and frees the place.
  void settle(PendingFault* pending);
  /// Frees the place; nothing is delivered.
  void drop(PendingFault* pending);

  /// See FaultParser::earliest_pending().
  [[nodiscard]] std::optional<std::uint64_t> earliest_pending(std::uint32_t input) const;

  void deliver(const Fault& fault) { sink_->on_fault(fault); }
  void event(const SeenEvent& event) { sink_->on_event(event); }
  void dom0_error(const Dom0Error& error) { sink_->on_dom0_error(error); }
  void count_damaged() { ++damaged_lines_; }
  [[nodiscard]] std::uint64_t damaged_lines() const { return damaged_lines_; }
  [[nodiscard]] RecentEvents& recent() { return recent_; }
  [[nodiscard]] std::uint64_t line_number() const { return line_number_; }

 private:
  void expire();
  [[nodiscard]] PendingFault* oldest();

  FaultSink* sink_;
  RecentEvents recent_;
  std::array<PendingFault, FaultParser::kMaxPending> slots_{};
  std::size_t pending_count_ = 0;
  std::uint64_t line_number_ = 0;
  std::uint64_t damaged_lines_ = 0;
};

}  // namespace xic
