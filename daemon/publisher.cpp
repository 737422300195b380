#include "daemon/publisher.h"

#include <algorithm>

#include "core/diagnosis/knowledge.h"
#include "report/report.h"

namespace xic::daemon {

bool Publisher::due() const {
  const std::uint64_t now = clock_->uptime();
  return now >= next_ && (changed_ || now - last_ >= kAtLeastEveryNs);
}

Expected<void> Publisher::publish(const Facts& facts, const Diagnosis& diagnosis,
                                  const DaemonStatus& status) {
  last_ = clock_->uptime();
  changed_ = false;
  Report report;
  report.tool_version = version_;
  report.knowledge = &built_in_knowledge();
  report.knowledge_date = report.knowledge->date;
  report.generated_at = clock_->wall() / 1'000'000'000;
  report.facts = &facts;
  report.diagnosis = &diagnosis;
  report.daemon = &status;
  auto written = files_->replace("state.json", render_json(report));
  if (written) written = files_->replace("metrics.prom", render_daemon_metrics(report));
  const std::uint64_t took = clock_->uptime() - last_;
  next_ = last_ + std::max(kAtMostEveryNs, took * kShare);
  return written;
}

}  // namespace xic::daemon
