// What Xen's and Linux's VT-d messages have in common.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/fault/fault.h"
#include "core/fault/scan.h"

namespace xic::vtd {

/// Text of a fault reason as the drivers print it (VT-d specification, "Fault Reason Encodings");
/// empty for numbers they do not know.
[[nodiscard]] std::string_view reason_text(std::uint64_t number);

/// "[DMA Write] Request device [0000:65:00.0] fault addr 1200000000", from the bracket on.
struct Request {
  Access access = Access::unknown;
  std::string_view device;
  std::optional<std::uint64_t> address;
  std::optional<std::uint64_t> index;  ///< Interrupt remapping: entry in the table, no address.
};
void read_request(fault_text::Scanner* scanner, Request* request);

/// "05 - PTE Write access is not set": the reason in Xen's words, whoever printed it.
class ReasonLine {
 public:
  ReasonLine(std::uint64_t number, std::string_view text);
  [[nodiscard]] std::string_view view() const { return {buffer_.data(), size_}; }

 private:
  std::array<char, 160> buffer_{};
  std::size_t size_ = 0;
};

}  // namespace xic::vtd
