// The fields of an SMMUv3 event record (IHI 0070), for the reader and for the decoder.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/fault/fault.h"

namespace xic::smmuv3 {

/// What an event type is called, and which of the record's fields it defines.
struct EventType {
  std::uint8_t number = 0;
  std::string_view name;
  std::string_view meaning;
  FaultClass fault_class = FaultClass::other;
  bool has_access = false;      ///< RnW of the second word.
  bool has_attributes = false;  ///< InD and PnU of the second word.
  bool has_address = false;     ///< The third word is the address the device used.
};

/// Null for numbers that the architecture leaves to implementations.
[[nodiscard]] const EventType* event_type(std::uint64_t number);

/// The type of the record: from its header line, else from its first word.
[[nodiscard]] std::optional<std::uint64_t> event_number(const RegisterSet& registers);

inline constexpr std::uint64_t kPrivileged = std::uint64_t{1} << 33;
inline constexpr std::uint64_t kInstruction = std::uint64_t{1} << 34;
/// 1 is a read: the opposite sense of SMMUv2's WNR.
inline constexpr std::uint64_t kRead = std::uint64_t{1} << 35;
inline constexpr std::uint64_t kStage2 = std::uint64_t{1} << 39;
inline constexpr std::uint64_t kStalled = std::uint64_t{1} << 31;
inline constexpr std::uint64_t kSubstreamValid = std::uint64_t{1} << 11;

inline constexpr std::array<std::string_view, 4> kWordNames = {"evt0", "evt1", "evt2", "evt3"};

}  // namespace xic::smmuv3
