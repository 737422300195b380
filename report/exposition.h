// Prometheus text exposition format 0.0.4, for node_exporter's textfile collector. No iova, frame,
// ref or domid ever becomes a label: each would be a new time series.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "report/report.h"

namespace xic::render {

class Exposition {
 public:
  enum class Type : std::uint8_t { gauge, counter };
  /// What sample() adds to from here on.
  void family(std::string_view name, std::string_view help, Type type = Type::gauge);
  /// `labels`: `a="b",c="d"`, or "".
  void sample(const std::string& labels, std::uint64_t value);
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string_view name_;
  std::string text_;
};

/// `value` as it may stand between the quotes of a label: bounded, printable, escaped.
[[nodiscard]] std::string label(std::string_view value);

/// Build, hypervisor and verdict: what a check and the daemon say alike.
void add_verdict(const Report& report, Exposition* out);

}  // namespace xic::render
