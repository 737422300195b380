// Lines -> faults. Knows every form that Xen 4.5 to master prints, and Linux's own for contrast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "core/console/line.h"
#include "core/fault/fault.h"

namespace xic {

/// Receives what the parser recognises. Views are valid during the call only.
class FaultSink {
 public:
  virtual ~FaultSink() = default;
  virtual void on_fault(const Fault& fault) = 0;
  virtual void on_event(const SeenEvent& event) = 0;
  virtual void on_dom0_error(const Dom0Error& error) = 0;
};

/// Assembles events that span lines (SMMUv2 4.5 and global faults, SMMUv3 records, VT-d pairs),
/// keyed on the IOMMU's name, with other lines in between, in bounded memory (kMaxPending events;
/// the oldest is delivered incomplete). A half without its partner is delivered with
/// Fault::complete == false: late (after kPendingLines further candidate lines) or at finish().
class FaultParser {
 public:
  static constexpr std::size_t kMaxPending = 16;
  static constexpr std::size_t kPendingLines = 64;

  /// `sink` must outlive the parser.
  explicit FaultParser(FaultSink* sink);
  ~FaultParser();
  FaultParser(const FaultParser&) = delete;
  FaultParser& operator=(const FaultParser&) = delete;

  /// What a reader must look for so that every line meant for this parser is delivered.
  [[nodiscard]] static std::span<const std::string_view> literals();
  Consumed consume(const Line& line, bool last_chance);
  /// Delivers what is pending.
  void finish();
  /// Offset of the first line of the earliest event of `input` that waits for more of its lines.
  [[nodiscard]] std::optional<std::uint64_t> earliest_pending(std::uint32_t input) const;
  /// Lines that began like a fault of Xen's and could not be read.
  [[nodiscard]] std::uint64_t damaged_lines() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace xic
