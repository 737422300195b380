// The metrics of xen-iommud.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "report/daemon_status.h"
#include "report/exposition.h"
#include "report/names.h"

namespace xic {
namespace {

using render::label;
using Type = render::Exposition::Type;

std::uint64_t unix_time(std::int64_t seconds) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0));
}

void add_faults(const DaemonStatus& daemon, render::Exposition* out) {
  out->family("xen_iommu_faults_total",
              "IOMMU faults read from Xen's console since the daemon's start.", Type::counter);
  std::map<std::string, std::int64_t> last;
  for (const DaemonStatus::Counter& counter : daemon.counters) {
    const std::string iommu = label(counter.iommu);
    out->sample(fmt::format("iommu=\"{}\",kind=\"{}\",access=\"{}\",attribution=\"{}\"", iommu,
                            label(counter.kind), label(counter.access), label(counter.attribution)),
                counter.count);
    last[iommu] = std::max(last[iommu], counter.last_at);
  }
  out->family("xen_iommu_last_fault_timestamp_seconds", "Unix time the last fault was read.");
  for (const auto& [iommu, seconds] : last) {
    out->sample(fmt::format("iommu=\"{}\"", iommu), unix_time(seconds));
  }
  out->family("xen_iommu_uncertain_faults_total",
              "Of them, faults whose line a guest may have written.", Type::counter);
  out->sample("", daemon.faults.uncertain);
}

void add_console(const DaemonStatus::Console& console, render::Exposition* out) {
  out->family("xen_iommu_console_read_bytes_total", "Bytes read from Xen's console.",
              Type::counter);
  out->sample("", console.read_bytes);
  out->family("xen_iommu_console_lost_bytes_total",
              "Bytes of Xen's console overwritten or cleared before they were read.",
              Type::counter);
  out->sample("", console.lost_bytes);
  out->family("xen_iommu_console_read_errors_total", "Failed reads of Xen's console.",
              Type::counter);
  out->sample("reason=\"abi_mismatch\"", console.abi_errors);
  out->sample("reason=\"other\"", console.read_errors - console.abi_errors);
  out->family("xen_iommu_last_poll_timestamp_seconds",
              "Unix time of the last successful read of Xen's console.");
  out->sample("", unix_time(console.last_read_at));
}

}  // namespace

std::string render_daemon_metrics(const Report& report) {
  const DaemonStatus& daemon = *report.daemon;
  render::Exposition out;
  render::add_verdict(report, &out);
  add_faults(daemon, &out);
  add_console(daemon.console, &out);
  out.family("xen_iommu_kernel_log_lost_records_total",
             "Records of dom0's kernel log overwritten before they were read.", Type::counter);
  out.sample("", daemon.kernel_records_lost);
  out.family("xen_iommu_history_records_total", "Faults written to the history.", Type::counter);
  out.sample("", daemon.history.written);
  out.family("xen_iommu_history_dropped_total",
             "Faults that found no room while the history could not be written.", Type::counter);
  out.sample("", daemon.history.dropped);
  out.family("xen_iommu_journal_entries_total", "Entries the journal has taken.", Type::counter);
  out.sample("", daemon.journal.entries);
  out.family("xen_iommu_journal_dropped_total", "Entries given up while the journal took none.",
             Type::counter);
  out.sample("", daemon.journal.dropped);
  out.family("xen_iommu_trouble", "1 for each thing that hinders the daemon now.");
  for (const DaemonStatus::Trouble& trouble : daemon.troubles) {
    out.sample(fmt::format("trouble=\"{}\"", label(trouble.id)), 1);
  }
  out.family("xen_iommu_start_timestamp_seconds", "Unix time of the daemon's start.");
  out.sample("", unix_time(daemon.started_at));
  return out.take();
}

}  // namespace xic
