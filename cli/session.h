// From options to facts, diagnosis and report: what every verb does first.
#pragma once

#include <memory>
#include <string>

#include "cli/options.h"
#include "core/diagnosis/diagnosis.h"
#include "core/observer.h"
#include "report/report.h"

namespace xic::cli {

/// Feeds what --log, --capture or --image name; without any, what the running host tells.
[[nodiscard]] Expected<void> observe_inputs(const Options& options, Observer* observer);

/// Facts, diagnosis and the report that refers to both.
class Session {
 public:
  explicit Session(Facts facts);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] const Facts& facts() const { return facts_; }
  [[nodiscard]] const Diagnosis& diagnosis() const { return diagnosis_; }
  [[nodiscard]] const Report& report() const { return report_; }

 private:
  Facts facts_;
  Diagnosis diagnosis_;
  Report report_;
};

/// A report about nothing: version, knowledge and time, for `explain XIC-1001 --json`.
[[nodiscard]] Report bare_report();

}  // namespace xic::cli
